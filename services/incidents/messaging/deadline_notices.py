"""Our own facts as deadlines, and what others are told of deadlines (K3, K3b, K4, K8; N9, N10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from eventsourcing.domain import DomainEvent

from services.incidents.application.windows import Windows
from services.incidents.domain import deadlines, facts
from services.incidents.domain.case import Case
from services.incidents.domain.deadlines import Draft
from services.incidents.domain.testing_window import TestingWindow
from services.incidents.domain.windows import Window
from services.incidents.read_model.open_drafts import open_drafts
from services.incidents.rulebooks.library import Library
from shared.contracts.envelope import Person, Published
from shared.contracts.incidents_v1 import DeadlineAtRisk, DeadlineMissed, DraftReminder
from shared.deadlines.deadline import Deadline
from shared.deadlines.terms import Change
from shared.persistence.codec import Recorded
from shared.persistence.projector import Projector
from shared.persistence.unit_of_work import Unit

WindowFact = TestingWindow.WindowSet | TestingWindow.WindowMoved


class CaseClocks:
    """The ledger's keeper of this service."""

    def __init__(self, library: Library, cases: Projector) -> None:
        """:param cases: folds the list of cases, by which a window finds the drafts that it concerns."""
        self._library, self._cases = library, cases

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """A window that is set concerns drafts: the list has to know those that were begun before it."""
        if any(isinstance(recorded.fact, WindowFact) for recorded in page):
            await self._cases.catch_up()

    async def changes(self, page: Sequence[Recorded], unit: Unit) -> Sequence[Change]:
        """What these facts mean for the clocks of cases."""
        windows = _Windows(Windows(unit.store, self._library))
        found: list[Change] = []
        for recorded in page:
            fact = recorded.fact
            if isinstance(fact, WindowFact):
                found += await self._moved(fact, unit, windows)
            elif isinstance(fact, facts.Event):
                found += deadlines.changes_of(fact, self._library.for_year)
                if isinstance(fact, facts.Drafted | facts.Revised):
                    found.append(await self._closing(Draft.of(fact), windows))
        return found

    async def _moved(self, fact: WindowFact, unit: Unit, windows: _Windows) -> list[Change]:
        """All drafts of the place, in one transaction; only the append at its end keeps others waiting."""
        found: list[Change] = []
        why = f"the testing window of {fact.cds} ends on {fact.closes_on}"
        for case_id in await open_drafts(unit.connection, fact.cds, fact.year):
            draft = Draft.of_case(await unit.store.load(Case, case_id), fact.occurred_at)
            if draft is not None:
                found.append(await self._closing(draft, windows, why))
        return found

    async def _closing(self, draft: Draft, windows: _Windows, why: str = deadlines.REVISED) -> Change:
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


def noticed(fact: DomainEvent) -> Published | None:
    """What others are told of a deadline; None for silent clocks, and for what is nobody's business."""
    if not isinstance(fact, Deadline.AtRisk | Deadline.Missed) or not fact.terms["published"]:
        return None
    closing = fact.terms["clock"] == deadlines.CLOSING
    if isinstance(fact, Deadline.Missed):
        return None if closing else DeadlineMissed(**_clock(fact))
    return _reminder(fact) if closing else DeadlineAtRisk(**_clock(fact), warning=fact.warning)


def _clock(fact: Deadline.AtRisk | Deadline.Missed) -> dict[str, object]:
    about = fact.about
    names = ("incident_id", "case_number", "incident_type", "incident_title", "lea", "school")
    return {
        **{name: about[name] for name in names},
        "clock": fact.terms["clock"],
        "clock_title": fact.terms["title"],
        "due_at": fact.due_at,
        "noticed_at": fact.noticed_at,
        "rulebook": fact.terms["rulebook"],
        "filed_by": Person.model_validate(about["filed_by"]),
    }


def _reminder(fact: Deadline.AtRisk) -> DraftReminder:
    about = fact.about
    return DraftReminder(
        incident_id=UUID(about["incident_id"]),
        incident_type=about["incident_type"],
        incident_title=about["incident_title"],
        lea=about["lea"],
        school=about["school"],
        window_closes_on=date.fromisoformat(about["window_closes_on"]),
        reporting_closes_on=date.fromisoformat(about["reporting_closes_on"]),
        noticed_at=fact.noticed_at,
        rulebook=fact.terms["rulebook"],
        drafted_by=Person.model_validate(about["filed_by"]),
    )
