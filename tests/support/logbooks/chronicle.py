"""What an imaginary service with logbooks publishes, and the door at which it can be followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID

import orjson
import uvicorn
from eventsourcing.domain import DomainEvent
from starlette.types import Receive, Scope, Send

from shared.contracts.envelope import AboutCase, Published
from shared.messaging.publishing.public_feed import PublicFeed
from tests.support.logbooks.logbook import Logbook

SOURCE = "/logbooks"
TOKEN = "a-token-of-role-system"


class LineWritten(AboutCase):
    TYPE: ClassVar[str] = "tests.line.written.v1"

    line: str


def outbound(fact: DomainEvent) -> Published | None:
    """Lines are public; that a logbook was opened or burned is nobody's business."""
    if isinstance(fact, Logbook.Written):
        return LineWritten(incident_id=UUID(str(fact.originator_id)), line=fact.line)
    return None


class ChangesDoor:
    """``GET /v1/changes`` as a service answers it; ``garbage`` goes into the next page."""

    def __init__(self, changes: PublicFeed) -> None:
        self._changes = changes
        self.garbage: list[object] = []
        self.broken = False

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        asked = parse_qs(scope["query_string"].decode())
        allowed = dict(scope["headers"]).get(b"authorization") == f"Bearer {TOKEN}".encode()
        status = 500 if self.broken else 200 if allowed else 401
        page = await self._page(asked) if status == 200 else {"code": "trouble"}
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": orjson.dumps(page)})

    async def _page(self, asked: dict[str, list[str]]) -> dict[str, Any]:
        wait = 0.0 if self.garbage else float(asked["wait"][0])
        page = await self._changes.page(int(asked["after"][0]), int(asked["limit"][0]), wait)
        garbage, self.garbage = self.garbage, []
        return {**page, "items": [*garbage, *page["items"]]}


@asynccontextmanager
async def served(door: ChangesDoor, port: int) -> AsyncIterator[str]:
    """The door on a port of the loopback address."""
    config = uvicorn.Config(door, port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
