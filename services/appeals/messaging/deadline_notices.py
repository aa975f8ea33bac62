"""Our own facts as deadlines (K5–K7, K9, K20), and what others are told of late decisions (N10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsourcing.domain import DomainEvent

from services.appeals.domain import deadlines, facts
from services.appeals.domain.values import Status
from services.appeals.read_model import appeal_filing
from services.appeals.rulebooks.library import Rulebooks
from shared.contracts.appeals_v1 import DecisionAtRisk, DecisionOverdue
from shared.contracts.envelope import Published
from shared.deadlines.deadline import Deadline
from shared.deadlines.terms import Change
from shared.persistence.codec import Recorded
from shared.persistence.unit_of_work import Unit


class AppealClocks:
    """The ledger's keeper of this service."""

    def __init__(self, rulebooks: Rulebooks) -> None:
        self._rulebooks = rulebooks

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """Nothing but the facts is looked at."""

    async def changes(self, page: Sequence[Recorded], unit: Unit) -> Sequence[Change]:
        """What these facts mean for the clocks of appeals; a case that has an appeal is noted as such."""
        found: list[Change] = []
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


def noticed(fact: DomainEvent) -> Published | None:
    """What others are told of a decision's clock; None once it is decided, and for silent clocks."""
    if not isinstance(fact, Deadline.AtRisk | Deadline.Missed) or not fact.terms["published"]:
        return None
    if not Status(fact.about["status"]).is_pending:
        return None  # the late decision itself noticed it: there is nobody to be urged
    said = {
        **fact.about,
        "clock": fact.terms["clock"],
        "decide_by": fact.due_at,
        "noticed_at": fact.noticed_at,
    }
    if isinstance(fact, Deadline.Missed):
        return DecisionOverdue.model_validate(said)
    return DecisionAtRisk.model_validate({**said, "warning": fact.warning})
