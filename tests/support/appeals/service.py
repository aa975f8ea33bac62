"""The appeals service without IO: real use cases and routes, ports in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from services.appeals.api.dependencies import AppealDependencies
from services.appeals.api.description import DESCRIPTION
from services.appeals.api.routes import router
from services.appeals.application.appeals import Appeals
from services.appeals.application.requests import AppealRequests
from services.appeals.application.searches import AppealSearches
from services.appeals.domain.values import KnownCase
from services.appeals.read_model.appeal_list import AppealList, AppealRow
from services.appeals.read_model.queries import AppealCriteria, AppealOrder, LastSeen
from shared.http import changes
from shared.http.app import build_app
from shared.http.readiness import Readiness
from shared.kernel.actor import Actor
from shared.kernel.clock import FixedClock
from tests.support.appeals.states import FRIDAY, RULEBOOKS
from tests.support.http.tokens import SECRET, authenticator
from tests.support.logbooks.memory_store import MemoryStore


class CasesInMemory:
    """``KnownCases``."""

    def __init__(self, *cases: KnownCase) -> None:
        self.cases = {case.case_number: case for case in cases}

    async def find(self, case_number: str) -> KnownCase | None:
        return self.cases.get(case_number)


class NumbersInMemory:
    """``AppealNumbers``."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    async def reserve(self, case_number: str, count: int) -> Sequence[str]:
        last = self._last.get(case_number, 0)
        self._last[case_number] = last + count
        return [f"{case_number}-A{n:03d}" for n in range(last + 1, last + count + 1)]


class ListInMemory:
    """What the list's SQL would answer for small lists: the real projection, filtered by status alone."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: list[dict[str, object]] = []

    async def search(
        self,
        actor: Actor,
        filters: AppealCriteria,
        *,
        now: datetime,
        order: AppealOrder,
        limit: int,
        after: LastSeen | None,
    ) -> Sequence[dict[str, Any]]:
        self.asked.append({"filters": filters, "order": order, "limit": limit, "after": after, "now": now})
        rows: dict[object, AppealRow] = {}
        for recorded in self._store.all_facts():
            row = AppealList().fold(rows.get(recorded.fact.originator_id), recorded.fact)
            if row is not None:
                rows[recorded.fact.originator_id] = row
        return [row for row in rows.values() if actor.sees(str(row["school"]))][:limit]


class NoChanges:
    """A feed without news."""

    async def page(self, after: int, limit: int, wait: float) -> Mapping[str, object]:
        return {"items": [], "next_after": after + limit + int(wait)}


class Service:
    """Everything of the service that is not IO."""

    def __init__(self, *cases: KnownCase, at: datetime = FRIDAY) -> None:
        self.store = MemoryStore()
        self.cases = CasesInMemory(*cases)
        self.clock = FixedClock(at)
        self.requests = AppealRequests(
            self.store, cases=self.cases, numbers=NumbersInMemory(), policies=RULEBOOKS
        )
        self.appeals = Appeals(self.store, cases=self.cases, policies=RULEBOOKS)
        self.list = ListInMemory(self.store)

    def app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            yield

        app = build_app(
            title="STAIRS appeals",
            description=DESCRIPTION,
            version="1",
            lifespan=lifespan,
            routers=[router, changes.router],
            auth=authenticator(),
            readiness=Readiness(),
        )
        app.state.receipts, app.state.changes = self.store, NoChanges()
        app.state.secret = SECRET
        app.state.dependencies = AppealDependencies(
            self.requests, self.appeals, AppealSearches(self.list), self.clock
        )
        return app

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app(), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://appeals")

    def later(self, **much: float) -> None:
        self.clock.advance(timedelta(**much))
