"""What the facts of this service mean for its deadlines (K5–K7, K9, K20)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.appeals.domain import deadlines, facts
from services.appeals.read_model import appeal_filing
from services.appeals.rulebooks.library import Rulebooks
from shared.deadlines.terms import DeadlineChange
from shared.persistence.codec import Recorded
from shared.persistence.unit_of_work import UnitOfWork


class AppealDeadlines:
    """Which facts of this service start, move, meet or end which deadlines."""

    def __init__(self, rulebooks: Rulebooks) -> None:
        self._rulebooks = rulebooks

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """Nothing but the facts is looked at."""

    async def changes(self, page: Sequence[Recorded], unit: UnitOfWork) -> Sequence[DeadlineChange]:
        """What these facts mean for the deadlines of appeals; a case that has an appeal is noted as such."""
        found: list[DeadlineChange] = []
        appealed: dict[str, Any] = {}
        for recorded in page:
            fact = recorded.fact
            if isinstance(fact, facts.Requested):
                appealed.setdefault(fact.about["case_number"], fact.occurred_at)
            if isinstance(fact, facts.Requested | facts.Event):
                found += deadlines.changes_of(fact, self._rulebooks.for_year)
        for case_number, at in sorted(appealed.items()):
            await appeal_filing.note_appealed(unit.connection, case_number, at)
        return found
