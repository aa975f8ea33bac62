"""The outermost layer, plain ASGI: correlation, HEAD, unexpected failures, metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.audit import note_refusal, record_ended
from shared.http.body import Disconnected, ForbiddenCharacter
from shared.http.problem import INTERNAL_ERROR, refused, unexpected
from shared.http.shares import SHARE, Share
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
        method, bodyless = scope["method"], scope["method"] == "HEAD"
        if bodyless:
            # the server knows by its own scope that no body follows; a route knows nothing of HEAD
            scope = {**scope, "method": "GET"}
        answer = _Sending(send, scope, current, bodyless=bodyless)
        try:
            await self._handle(scope, receive, answer)
        finally:
            self._ended(method, scope, answer.status, time.perf_counter() - started)
            correlation.correlation_id.reset(kept)
            correlation.traceparent.reset(traced)

    def _ended(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        """Figures of every request; a line of each that changed something (refusals have lines already)."""
        method, route = method if method in METHODS else "other", _route(scope)
        self._metrics.observe(method, route, status, seconds)
        record_ended(scope, method, route, status)
        if method not in SAFE and 200 <= status < 300:
            tell(
                __name__, "request_done", method=method, route=route, status=status, seconds=round(seconds, 4)
            )

    async def _handle(self, scope: Scope, receive: Receive, answer: _Sending) -> None:
        try:
            _refuse_nul(scope)
            await self._app(scope, receive, answer)
        except Refusal as refusal:
            note_refusal(scope, refusal.code)
            await _instead(refused(refusal), scope, receive, answer)
        except Disconnected:
            answer.status = CLIENT_LEFT
        except Exception:
            note_refusal(scope, INTERNAL_ERROR)
            log.exception("request_failed", method=scope["method"], route=_route(scope))
            await _instead(unexpected(), scope, receive, answer)


class _Sending:
    """The ASGI ``send`` that adds what every answer has, counts its bytes, and remembers the status.

    :param scope: of the request; what its caller has left of their share is told, once they are known.
    :param bodyless: whether the body is left out; the headers tell of it all the same (HEAD).
    """

    def __init__(self, send: Send, scope: Scope, correlation_id: str, *, bodyless: bool) -> None:
        self._send = send
        self._scope = scope
        self._bodyless = bodyless
        self._correlation_id = correlation_id
        self.status = CLIENT_LEFT
        self.begun = False

    async def __call__(self, message: Message) -> None:
        share: Share | None = self._scope.get(SHARE)
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            MutableHeaders(raw=message["headers"])[correlation.HEADER] = self._correlation_id
            message["headers"] += GUARDS if share is None else (*GUARDS, *share.headers())
        elif self._bodyless:
            message = {**message, "body": b""}
        elif share is not None:
            share.carried(len(message.get("body", b"")))
        await self._send(message)


def _refuse_nul(scope: Scope) -> None:
    if b"%00" in scope["query_string"] or "\0" in scope["path"]:
        raise ForbiddenCharacter("The character NUL is not allowed.")


async def _instead(response: Response, scope: Scope, receive: Receive, answer: _Sending) -> None:
    if not answer.begun:
        await response(scope, receive, answer)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _route(scope: Scope) -> str:
    """The route's template: never the address itself, which may hold anything."""
    template: str = getattr(scope.get("route"), "path", "unmatched")
    return template
