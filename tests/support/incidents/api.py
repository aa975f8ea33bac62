"""The incidents API over parts in memory: the real routes, use cases and rulebooks, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.incidents.api.dependencies import IncidentDependencies
from services.incidents.api.description import DESCRIPTION
from services.incidents.application.cases import Cases
from services.incidents.application.concerns import Concerns
from services.incidents.application.corrections import Corrections
from services.incidents.application.discussions import Discussions
from services.incidents.application.filing_protocols import FilingProtocols
from services.incidents.application.records import Records
from services.incidents.application.searches import CaseSearches
from services.incidents.application.uploads import SheetReader, Uploads
from services.incidents.application.windows import Windows
from services.incidents.bootstrap import INCIDENTS
from services.incidents.domain.cells import Cell
from services.incidents.providers.student_file import cells_of
from services.incidents.read_model.case_list import CaseList
from services.incidents.read_model.concern_list import ConcernList
from services.incidents.read_model.queries import CaseCriteria, LastSeen
from shared.chassis.api import routers_of
from shared.http.app import build_app
from shared.http.readiness import Readiness
from shared.kernel.actor import Actor
from shared.kernel.clock import FixedClock
from tests.support.http.tokens import authenticator
from tests.support.incidents.states import LIBRARY, NOON, PlayVault
from tests.support.logbooks.memory_store import MemoryStore


class CountedNumbers:
    """Case numbers in memory."""

    def __init__(self) -> None:
        self._last: Counter[str] = Counter()

    @property
    def issued(self) -> int:
        return self._last.total()

    async def issue(self, year: str) -> str:
        self._last[year] += 1
        return f"{year}-{self._last[year]:06d}"


def fold_cases(store: MemoryStore) -> list[dict[str, Any]]:
    """The rows of the list of cases, as the projection makes them of all facts."""
    rows: dict[object, Any] = {}
    for recorded in store.all_facts():
        key = recorded.fact.originator_id
        rows[key] = CaseList().fold(rows.get(key), recorded.fact)
    return [row for row in rows.values() if row]


class FoldedSearch:
    """The list of cases, folded anew for each question; remembers what was asked."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: list[CaseCriteria] = []

    async def find(
        self, criteria: CaseCriteria, actor: Actor, *, after: LastSeen | None, limit: int
    ) -> Sequence[dict[str, Any]]:
        self.asked.append(criteria)
        ordered = sorted(fold_cases(self._store), key=_place, reverse=True)
        behind = [row for row in ordered if after is None or _place(row) < after]
        return [row for row in behind if actor.sees(row["school"])][:limit]

    async def is_known(self, case_number: str, actor: Actor) -> bool:
        rows = await self.find(CaseCriteria(), actor, after=None, limit=1000)
        self.asked.pop()
        return case_number in [row["case_number"] for row in rows]


class FoldedConcerns:
    """The list of concerns, folded anew for each question."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def find(
        self, actor: Actor, *, told_by: str | None, after: LastSeen | None, limit: int
    ) -> Sequence[dict[str, Any]]:
        facts = [recorded.fact for recorded in self._store.all_facts()]
        rows: list[Any] = [row for fact in facts if (row := ConcernList().fold(None, fact))]
        ordered = sorted(rows, key=lambda row: (row["recorded_at"], row["id"]), reverse=True)
        behind = [row for row in ordered if after is None or (row["recorded_at"], row["id"]) < after]
        told = [row for row in behind if told_by in (None, row["recorded_by"]["sub"])]
        return [row for row in told if actor.sees(row["school"])][:limit]


class NoChanges:
    """A feed in which nothing happens."""

    async def page(self, after: int, limit: int, wait: float) -> dict[str, object]:
        return {"items": [], "next_after": after + limit + int(wait)}


class NotedMail:
    """What a test wants to be known of the mails about cases."""

    def __init__(self) -> None:
        self.known: dict[UUID, list[dict[str, object]]] = {}

    async def of(self, case_id: UUID) -> Sequence[dict[str, object]]:
        return self.known.get(case_id, [])


class ReadHere:
    """Reads files without a process for each; remembers whose they were."""

    def __init__(self) -> None:
        self.callers: list[str] = []

    async def cells(self, content: bytes, caller: str) -> Sequence[Cell]:
        self.callers.append(caller)
        return cells_of(content)


class Api:
    """The application and the parts that it stands on."""

    def __init__(self, sheets: SheetReader | None = None) -> None:
        self.read_here = ReadHere()
        self._sheets = sheets or self.read_here
        self.store, self.vault, self.clock = MemoryStore(), PlayVault(), FixedClock(NOON)
        self.search, self.mail = FoldedSearch(self.store), NotedMail()
        self.app = self._application()
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://incidents")

    def _application(self) -> FastAPI:
        app = build_app(
            title="STAIRS incidents",
            description=DESCRIPTION,
            version="1",
            lifespan=_nothing,
            routers=routers_of(INCIDENTS),
            auth=authenticator(),
            readiness=Readiness(),
        )
        app.state.receipts, app.state.changes = self.store, NoChanges()  # httpx' transport runs no lifespan
        cases = Cases(self.store, self.vault, CountedNumbers(), LIBRARY, Corrections(self.search))
        app.state.dependencies = IncidentDependencies(
            cases=cases,
            records=Records(self.store, self.store, self.vault),
            uploads=Uploads(cases, self._sheets),
            search=CaseSearches(self.search, self.vault),
            shelf=LIBRARY,
            windows=Windows(self.store, LIBRARY),
            discussions=Discussions(self.store, self.vault),
            concerns=Concerns(self.store, FoldedConcerns(self.store)),
            filing_protocols=FilingProtocols(self.store),
            clock=self.clock,
            case_mail=self.mail,
        )
        return app

    def facts(self) -> list[str]:
        return [type(recorded.fact).__name__ for recorded in self.store.all_facts()]


@asynccontextmanager
async def _nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


def _place(row: dict[str, Any]) -> tuple[Any, Any]:
    return row["drafted_at"], row["id"]
