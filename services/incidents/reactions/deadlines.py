"""What the facts of this service mean for its deadlines (K3, K3b, K4, K8)."""

from __future__ import annotations

from collections.abc import Sequence

from services.incidents.application.windows import Windows
from services.incidents.domain import deadlines, facts
from services.incidents.domain.case import Case
from services.incidents.domain.deadlines import OpenDraft
from services.incidents.domain.testing_window import TestingWindow
from services.incidents.domain.windows import Window
from services.incidents.read_model.open_drafts import open_drafts
from services.incidents.rulebooks.library import Library
from shared.deadlines.terms import DeadlineChange
from shared.persistence.codec import Recorded
from shared.persistence.projector import Projector
from shared.persistence.unit_of_work import UnitOfWork

WindowFact = TestingWindow.WindowSet | TestingWindow.WindowMoved


class CaseDeadlines:
    """Which facts of this service start, move, meet or end which deadlines."""

    def __init__(self, library: Library, cases: Projector) -> None:
        """:param cases: folds the list of cases, by which a window finds the drafts that it concerns."""
        self._library, self._cases = library, cases

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """A window that is set concerns drafts: the list has to know those that were begun before it."""
        if any(isinstance(recorded.fact, WindowFact) for recorded in page):
            await self._cases.catch_up()

    async def changes(self, page: Sequence[Recorded], unit: UnitOfWork) -> Sequence[DeadlineChange]:
        """What these facts mean for the deadlines of cases."""
        windows = _Windows(Windows(unit.store, self._library))
        found: list[DeadlineChange] = []
        for recorded in page:
            fact = recorded.fact
            if isinstance(fact, WindowFact):
                found += await self._moved(fact, unit, windows)
            elif isinstance(fact, facts.Event):
                found += deadlines.changes_of(fact, self._library.for_year)
                if isinstance(fact, facts.Drafted | facts.Revised):
                    found.append(await self._closing(OpenDraft.of(fact), windows))
        return found

    async def _moved(self, fact: WindowFact, unit: UnitOfWork, windows: _Windows) -> list[DeadlineChange]:
        """All drafts of the place, in one transaction; only the append at its end keeps others waiting."""
        found: list[DeadlineChange] = []
        why = f"the testing window of {fact.cds} ends on {fact.closes_on}"
        for case_id in await open_drafts(unit.connection, fact.cds, fact.year):
            draft = OpenDraft.of_case(await unit.store.load(Case, case_id), fact.occurred_at)
            if draft is not None:
                found.append(await self._closing(draft, windows, why))
        return found

    async def _closing(
        self, draft: OpenDraft, windows: _Windows, why: str = deadlines.REVISED
    ) -> DeadlineChange:
        year = draft.report.year
        window = await windows.in_force(draft.report.school, year) if year is not None else None
        return deadlines.closing(draft, window, self._library.for_year(year), why)


class _Windows:
    """The windows in force, each looked up once per page."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._known: dict[tuple[str, str], Window | None] = {}

    async def in_force(self, school: str, year: str) -> Window | None:
        if (school, year) not in self._known:
            self._known[school, year] = await self._windows.in_force(school, year)
        return self._known[school, year]
