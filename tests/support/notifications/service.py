"""The notifications service without IO: real use cases and routes, ports in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from services.notifications.api.dependencies import NotificationDependencies
from services.notifications.api.description import DESCRIPTION
from services.notifications.api.routes import router
from services.notifications.application.reading import MessageReads
from services.notifications.application.sending import Resending
from services.notifications.read_model.message_list import MessageList, MessageRow
from services.notifications.read_model.queries import LastSeen, MessageCriteria
from shared.http import changes
from shared.http.app import build_app
from shared.http.readiness import Readiness
from shared.kernel.actor import Actor
from tests.support.http.tokens import SECRET, authenticator
from tests.support.logbooks.memory_store import MemoryStore
from tests.support.notifications.desk import NotificationDesk


def list_of(store: MemoryStore) -> dict[object, MessageRow]:
    """The list that the projection makes of all facts."""
    rows: dict[object, MessageRow] = {}
    for recorded in store.all_facts():
        row = MessageList().fold(rows.get(recorded.fact.originator_id), recorded.fact)
        if row is not None:
            rows[recorded.fact.originator_id] = row
    return rows


class ListInMemory:
    """What the list's SQL would answer for small lists: the real projection, in the caller's scope."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: list[MessageCriteria] = []

    async def page(
        self, actor: Actor, filters: MessageCriteria, *, limit: int, after: LastSeen | None
    ) -> Sequence[Mapping[str, Any]]:
        self.asked.append(filters)
        rows = [row for row in list_of(self._store).values() if actor.sees(str(row["school"]))]
        rows.sort(key=lambda row: (str(row["created_at"]), str(row["id"])), reverse=True)
        if after is not None:
            last = (str(after.created_at), str(after.id))
            rows = [row for row in rows if (str(row["created_at"]), str(row["id"])) < last]
        return rows[:limit]


class NoChanges:
    """A feed without news."""

    async def page(self, after: int, limit: int, wait: float) -> Mapping[str, object]:
        return {"items": [], "next_after": after + limit + int(wait)}


class Service(NotificationDesk):
    """Everything of the service that is not IO."""

    def app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            yield

        app = build_app(
            title="STAIRS notifications",
            description=DESCRIPTION,
            version="1",
            lifespan=lifespan,
            routers=[router, changes.router],
            auth=authenticator(),
            readiness=Readiness(),
        )
        self.list = ListInMemory(self.store)
        app.state.receipts, app.state.changes = self.store, NoChanges()
        app.state.secret = SECRET
        messages: MessageReads[MessageCriteria, LastSeen] = MessageReads(self.store, self.list)
        app.state.dependencies = NotificationDependencies(
            self.directory, Resending(self.open), messages, self.clock
        )
        return app

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app(), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://notifications")
