"""Appeals, offers and histories as they are answered: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.appeals.application.appeals import Result
from services.appeals.application.ports import RecordedFact
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.offers import Offers
from services.appeals.domain.policy import Route, WithheldReason
from services.appeals.domain.values import PENDING, AppealStatus, KnownCase

Json = dict[str, Any]

_PERSON = ("sub", "name", "email", "role")
_INSIDE = frozenset({"due", "administration_year", "lea", "school"})  # of a row; not answered
_ENVELOPE = frozenset(
    {"originator_id", "originator_version", "originator_topic", "timestamp", "actor", "occurred_at", "about"}
)


def of_appeal(appeal: Appeal, now: datetime) -> Json:
    """An appeal as its facts make it: whoever wrote it reads what they wrote."""
    about, decision = appeal.identity, appeal.decision
    return {
        "id": appeal.id,
        "appeal_number": about.appeal_number,
        "case_number": about.case_number,
        "incident_id": about.incident_id,
        "appeal_type": about.appeal_type,
        "student_ref": about.student_ref,
        "test": about.test,
        "incident_type": about.incident_type,
        "status": appeal.status,
        "decider": about.decider,
        "routing": appeal.routing,
        "clock": appeal.clock,
        "received_at": appeal.received_at,
        "decide_by": appeal.decide_by,
        "overdue": is_overdue(appeal.status, appeal.decide_by, now),
        **appeal.declared,
        "filed_by": person(about.filed_by.as_fact()),
        "decided_by": person(decision.by) if decision else None,
        "decided_at": decision.at if decision else None,
        "reason": decision.reason if decision else None,
        "comments": appeal.comments,
        "decision_comments": decision.comments if decision else None,
        "effect": appeal.effect,
        "reopened_until": appeal.reopened_until,
        "failure": appeal.failure,
        "version": appeal.version,
    }


def of_row(row: Mapping[str, Any], now: datetime) -> Json:
    """The same from the list."""
    return {
        **{name: value for name, value in row.items() if name not in _INSIDE},
        "overdue": is_overdue(AppealStatus(row["status"]), row["decide_by"], now),
        "filed_by": person(row["filed_by"]),
        "decided_by": person(row["decided_by"]) if row["decided_by"] else None,
    }


def is_overdue(status: AppealStatus, decide_by: datetime | None, now: datetime) -> bool:
    """Whether the decision is late: shown, escalated, and never made by a clock (K5–K7)."""
    return status in PENDING and decide_by is not None and now > decide_by


def person(actor: Mapping[str, str | None]) -> Json:
    """Who, without their place."""
    return {name: actor.get(name) for name in _PERSON}


def of_offers(case: KnownCase, student_ref: str | None, offers: Offers) -> Json:
    """What may be asked for; where it is nothing, ``reason_code`` and ``text`` say why (HR-15)."""
    return {
        "case_number": case.case_number,
        "student_ref": student_ref,
        "test": case.test,
        "appeal_types": [route.appeal_type for route in offers.offered],
        "offers": [_offer(route, offers.warnings.get(route.id)) for route in offers.offered],
        "not_offered": [
            {"appeal_type": withheld.appeal_type, **_reason(withheld.reason)} for withheld in offers.withheld
        ],
        **_reason(offers.reason),
    }


def _offer(route: Route, warning: WithheldReason | None) -> Json:
    return {
        "appeal_type": route.appeal_type,
        "decider": route.decider,
        "routing": route.routing,
        "clock": route.clock.id,
        "business_days": route.clock.business_days,
        "clock_published": route.clock.published,
        "rule": route.id,
        "source": route.source,
        "warning": _reason(warning) if warning else None,
    }


def _reason(reason: WithheldReason | None) -> Json:
    return {
        "reason_code": reason.reason_code if reason else None,
        "text": reason.text if reason else None,
        "source": reason.source if reason else None,
    }


def of_results(results: Sequence[Result], now: datetime) -> Json:
    """One result per appeal, in the order in which they were named."""
    return {"results": [_result(result, now) for result in results]}


def _result(result: Result, now: datetime) -> Json:
    refusal = result.refusal
    return {
        "id": result.appeal_id,
        "decided": result.appeal is not None,
        "appeal": of_appeal(result.appeal, now) if result.appeal else None,
        "code": refusal.code if refusal else None,
        "detail": refusal.detail if refusal else None,
    }


def of_history(facts: Sequence[RecordedFact]) -> Json:
    """What happened, oldest first: what, who, when it happened, when it was recorded."""
    return {"items": [_happening(recorded.fact) for recorded in facts]}


def _happening(fact: Any) -> Json:  # noqa: ANN401 - any fact of an appeal; each has its own fields
    return {
        "what": fact.TOPIC.rpartition(".")[2],
        "who": {name: fact.actor.get(name) for name in ("sub", "name", "role")},
        "occurred_at": fact.occurred_at,
        "recorded_at": fact.timestamp,
        "version": fact.originator_version,
        "data": {name: value for name, value in vars(fact).items() if name not in _ENVELOPE},
    }
