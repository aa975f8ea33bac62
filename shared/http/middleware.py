"""The outermost layer, plain ASGI: correlation, the body's limits, unexpected failures, metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.audit import note_refusal, record_ended
from shared.http.body import Disconnected, ForbiddenCharacter, read, replayed
from shared.http.problem import INTERNAL_ERROR, MalformedRequest, refused, unexpected
from shared.kernel.errors import Refusal
from shared.observability import correlation
from shared.observability.logging import tell
from shared.observability.metrics import RequestMetrics

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GUARDS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
"""On every answer: it is what it says it is, and nobody in between keeps it, for it may be about students."""

CLIENT_LEFT = 499  # nginx's number for it; nobody sees it but the metrics

log = structlog.get_logger(__name__)


class OuterMiddleware:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._metrics = RequestMetrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        current = correlation.accepted_or_new(_text(headers, b"x-correlation-id"))
        kept = correlation.correlation_id.set(current)
        traced = correlation.traceparent.set(correlation.accepted_traceparent(_text(headers, b"traceparent")))
        answer = _Sending(send, current)
        try:
            await self._handle(scope, headers, receive, answer)
        finally:
            self._ended(scope, answer.status, time.perf_counter() - started)
            correlation.correlation_id.reset(kept)
            correlation.traceparent.reset(traced)

    def _ended(self, scope: Scope, status: int, seconds: float) -> None:
        """Figures of every request; a line of each that changed something (refusals have lines already)."""
        method, route = _labels(scope)
        self._metrics.observe(method, route, status, seconds)
        record_ended(scope, method, route, status)
        if method not in SAFE and 200 <= status < 300:
            tell(
                __name__, "request_done", method=method, route=route, status=status, seconds=round(seconds, 4)
            )

    async def _handle(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, answer: _Sending
    ) -> None:
        try:
            await self._app(scope, await _checked(scope, headers, receive), answer)
        except Refusal as refusal:
            note_refusal(scope, refusal.code)
            await _instead(refused(refusal), scope, receive, answer)
        except Disconnected:
            answer.status = CLIENT_LEFT
        except Exception:
            note_refusal(scope, INTERNAL_ERROR)
            log.exception("request_failed", method=scope["method"], route=_labels(scope)[1])
            await _instead(unexpected(), scope, receive, answer)


class _Sending:
    """The ASGI ``send`` that adds what every answer has, and remembers the status."""

    def __init__(self, send: Send, correlation_id: str) -> None:
        self._send = send
        self._correlation_id = correlation_id
        self.status = CLIENT_LEFT
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            MutableHeaders(raw=message["headers"])[correlation.HEADER] = self._correlation_id
            message["headers"] += GUARDS
        await self._send(message)


async def _checked(scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Receive:
    """The request, judged as far as the border goes; a body is read and kept for the fingerprint."""
    if b"%00" in scope["query_string"] or "\0" in scope["path"]:
        raise ForbiddenCharacter("The character NUL is not allowed.")
    if headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers:
        return receive
    if sum(name == b"content-type" for name, _ in scope["headers"]) > 1:
        # whoever reads the body behind us takes the first, a mapping of headers the last
        raise MalformedRequest("Content-Type is given more than once.")
    body = scope["stairs.body"] = await read(headers, receive)
    return replayed(body, receive)


async def _instead(response: Response, scope: Scope, receive: Receive, answer: _Sending) -> None:
    if not answer.begun:
        await response(scope, receive, answer)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _labels(scope: Scope) -> tuple[str, str]:
    """Method and route template: never the address itself, which may hold anything."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    return method, getattr(scope.get("route"), "path", "unmatched")
