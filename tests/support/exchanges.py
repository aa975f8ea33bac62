"""Every exchange with an API that runs in the tests' own process: what its OpenAPI document has to tell.

The outermost layer of each application is watched, so a test does nothing for it. After each test, what was
answered is compared with the operation's description: a status, a refusal code or a header of ours that is
not declared fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.middleware import OuterMiddleware
from shared.http.openapi import Description

OWN_HEADERS = frozenset({"etag", "location", "idempotency-replayed", "retry-after", "www-authenticate"})

Document = dict[str, Any]  # Any: as JSON has it


@dataclass
class Exchange:
    """One request and its answer."""

    app: FastAPI
    method: str
    template: str
    path: str
    query: str
    sent_headers: dict[str, str]
    sent: bytes
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    answered: bytes = b""

    @property
    def key(self) -> str:
        """The operation: ``POST /v1/incidents``."""
        return f"{self.method} {self.template}"

    @property
    def code(self) -> str | None:
        """The refusal's code, where it is one."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        code: str = orjson.loads(self.answered)["code"]
        return code


_watchers: list[Callable[[Exchange], None]] = []
_seen: list[Exchange] = []
_documents: dict[tuple[str, int], Document] = {}


def watch(watcher: Callable[[Exchange], None]) -> None:
    """Be told of every exchange from now on."""
    _watchers.append(watcher)


def pytest_configure() -> None:
    watched: Any = OuterMiddleware.__call__
    if not hasattr(watched, "__wrapped__"):
        OuterMiddleware.__call__ = _told(watched)  # type: ignore[method-assign]  # the one door that all tests use
        watch(_seen.append)


@pytest.fixture(autouse=True)
def every_answer_is_described() -> Iterator[None]:
    """No API answers in this test what its OpenAPI document does not tell."""
    _seen.clear()
    yield
    undescribed = sorted({told for exchange in _seen for told in undeclared(exchange)})
    _seen.clear()
    assert undescribed == [], "declare it in the service's api/description.py, then `make openapi`"


def undeclared(exchange: Exchange) -> Iterator[str]:
    """What the document of the exchange's application does not tell about its answer."""
    operation = _operation(exchange)
    if operation is None:
        return
    answer = operation["responses"].get(str(exchange.status))
    if answer is None:
        yield f"{exchange.key}: {exchange.status} {exchange.code or ''}".rstrip()
        return
    if exchange.code is not None and exchange.code not in answer.get("x-problem-codes", {}):
        yield f"{exchange.key}: {exchange.status} {exchange.code}"
    described = {name.lower() for name in answer.get("headers", {})}
    for name in sorted(exchange.headers.keys() & OWN_HEADERS - described):
        yield f"{exchange.key}: {exchange.status} with the header {name}"


def _operation(exchange: Exchange) -> Document | None:
    """The described operation; ``None`` for an application without descriptions, or no operation of it."""
    description: Description | None = getattr(exchange.app.state, "description", None)
    if description is None:
        return None
    known = _documents.get((description.name, len(exchange.app.routes)))
    if known is None:  # made once: tests build hundreds of applications, all alike
        known = _documents[description.name, len(exchange.app.routes)] = exchange.app.openapi()
    operation: Document | None = known["paths"].get(exchange.template, {}).get(exchange.method.lower())
    return operation


def _told(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def call(border: OuterMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await original(border, scope, receive, send)
            return
        answer = _Answer(send)
        await original(border, scope, receive, answer)
        exchange = _exchange(scope, answer)
        if exchange is not None:
            for watcher in _watchers:
                watcher(exchange)

    return call


class _Answer:
    def __init__(self, send: ASGIApp | Send) -> None:
        self._send: Any = send
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]
            }
        else:
            self.body += message.get("body", b"")
        await self._send(message)


def _exchange(scope: Scope, answer: _Answer) -> Exchange | None:
    route: Any = scope.get("route")
    app = scope.get("app")
    if not isinstance(app, FastAPI) or not hasattr(route, "path") or not answer.status:
        return None
    return Exchange(
        app=app,
        method=scope["method"],
        template=route.path,
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        sent_headers={name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
        sent=scope.get("stairs.body", b""),
        status=answer.status,
        headers=answer.headers,
        answered=answer.body,
    )
