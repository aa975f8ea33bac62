"""The projection behind ``GET /v1/appeals``: one row per appeal, folded from its facts alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.domain import DomainEvent

from services.appeals.domain import facts
from services.appeals.domain.identity import Identity
from services.appeals.domain.values import AppealStatus
from services.appeals.read_model import tables

AppealRow = dict[str, object]

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # where an appeal without a clock stands in the queue


class AppealList:
    """Which appeals there are, and how each stands."""

    name = "appeal_list"
    table: sa.Table = tables.appeal_list

    def fold(self, row: AppealRow | None, fact: DomainEvent) -> AppealRow | None:
        """The row after one more fact; facts of other aggregates leave no row."""
        if isinstance(fact, facts.Requested):
            return _requested(fact)
        if row is None or not isinstance(fact, facts.Event):
            return row
        return {**row, **_CHANGES[fact.TOPIC](fact), "version": fact.originator_version}


def _requested(fact: facts.Requested) -> AppealRow:
    about = Identity.from_fact(fact.about)
    return {
        **{name: fact.about[name] for name in _SAME},
        "id": fact.originator_id,
        "version": fact.originator_version,
        "incident_id": UUID(fact.about["incident_id"]),
        "status": AppealStatus.pending_for(about.decider).value,
        "routing": fact.terms["routing"],
        "clock": fact.terms["clock"],
        "received_at": fact.received_at,
        "decide_by": fact.decide_by,
        "due": fact.decide_by or NEVER,
        **fact.declared,
        "decided_by": None,
        "decided_at": None,
        "reason": None,
        "comments": fact.comments,
        "decision_comments": None,
        "effect": None,
        "reopened_until": None,
        "failure": None,
    }


_SAME = (
    "appeal_number",
    "case_number",
    "administration_year",
    "appeal_type",
    "student_ref",
    "test",
    "incident_type",
    "lea",
    "school",
    "decider",
    "filed_by",
)


def _approved(fact: facts.Approved) -> AppealRow:
    until = date.fromisoformat(fact.reopened_until) if fact.reopened_until else None
    return {
        "status": AppealStatus.APPROVED.value,
        "effect": fact.effect,
        "reopened_until": until,
        **_decision(fact),
    }


def _denied(fact: facts.Denied) -> AppealRow:
    return {"status": AppealStatus.DENIED.value, **_decision(fact)}


def _decision(fact: facts.Approved | facts.Denied) -> AppealRow:
    return {
        "decided_by": fact.actor,
        "decided_at": fact.occurred_at,
        "reason": fact.reason,
        "decision_comments": fact.comments,
    }


def _withdrawn(_: facts.Withdrawn) -> AppealRow:
    return {"status": AppealStatus.WITHDRAWN.value}


def _processed(_: facts.Processed) -> AppealRow:
    return {"status": AppealStatus.PROCESSED.value}


def _processing_failed(fact: facts.ProcessingFailed) -> AppealRow:
    return {"status": AppealStatus.PROCESSING_FAILED.value, "failure": fact.reason}


def _resubmitted(_: facts.Resubmitted) -> AppealRow:
    return {"status": AppealStatus.APPROVED.value, "failure": None}


def _moved(fact: facts.DecideByMoved) -> AppealRow:
    return {"decide_by": fact.decide_by, "due": fact.decide_by}


_CHANGES: dict[
    str, Callable[[Any], AppealRow]
] = {  # Any: each function takes the fact that it is filed under
    facts.Approved.TOPIC: _approved,
    facts.Denied.TOPIC: _denied,
    facts.Withdrawn.TOPIC: _withdrawn,
    facts.Processed.TOPIC: _processed,
    facts.ProcessingFailed.TOPIC: _processing_failed,
    facts.Resubmitted.TOPIC: _resubmitted,
    facts.DecideByMoved.TOPIC: _moved,
}
