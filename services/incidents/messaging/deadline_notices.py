"""What others are told of the deadlines of cases (N9, N10)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from eventsourcing.domain import DomainEvent

from services.incidents.domain import deadlines
from shared.contracts.envelope import Person, Published
from shared.contracts.incidents_v1 import DeadlineAtRisk, DeadlineMissed, DraftReminder
from shared.deadlines.deadline import Deadline


def noticed(fact: DomainEvent) -> Published | None:
    """What others are told of a deadline; None for silent ones, and for what is nobody's business."""
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
