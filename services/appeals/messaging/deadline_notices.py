"""What others are told of late decisions (N10)."""

from __future__ import annotations

from eventsourcing.domain import DomainEvent

from services.appeals.domain.values import AppealStatus
from shared.contracts.appeals_v1 import DecisionAtRisk, DecisionOverdue
from shared.contracts.envelope import Published
from shared.deadlines.deadline import Deadline


def noticed(fact: DomainEvent) -> Published | None:
    """What others are told of a decision's deadline; None once it is decided, and for silent deadlines."""
    if not isinstance(fact, Deadline.AtRisk | Deadline.Missed) or not fact.terms["published"]:
        return None
    if not AppealStatus(fact.about["status"]).is_pending:
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
