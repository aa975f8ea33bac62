"""What this service publishes of a fact; the rest stays inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventsourcing.domain import DomainEvent

from services.appeals.domain import facts
from services.appeals.domain.values import AppealStatus
from services.appeals.messaging.deadline_notices import noticed
from shared.contracts import appeals_v1
from shared.contracts.appeals_v1 import (
    AppealApproved,
    AppealDenied,
    AppealProcessed,
    AppealProcessingFailed,
    AppealRequested,
    AppealWithdrawn,
)
from shared.contracts.envelope import Published

SOURCE = appeals_v1.SOURCE
TOPIC = appeals_v1.TOPIC


def publish(fact: DomainEvent) -> Published | None:
    """The published form of a fact, from the fact alone; None for facts that are nobody else's business."""
    translate = _TRANSLATIONS.get(getattr(fact, "TOPIC", ""))
    return noticed(fact) if translate is None else translate(fact)


def _requested(fact: facts.Requested) -> AppealRequested:
    pending = AppealStatus.PENDING_CDE if fact.about["decider"] == "cde" else AppealStatus.PENDING_CALTAC
    return AppealRequested(
        **_about(fact, pending),
        routing=fact.terms["routing"],
        received_at=fact.received_at,
        decide_by=fact.decide_by,
    )


def _approved(fact: facts.Approved) -> AppealApproved:
    return AppealApproved.model_validate(
        {
            **_about(fact, AppealStatus.APPROVED),
            "decided_at": fact.occurred_at,
            "decided_by": fact.actor,
            "reason": fact.reason,
            "effect": fact.effect,
            "reopened_until": fact.reopened_until,
        }
    )


def _denied(fact: facts.Denied) -> AppealDenied:
    return AppealDenied.model_validate(
        {
            **_about(fact, AppealStatus.DENIED),
            "decided_at": fact.occurred_at,
            "decided_by": fact.actor,
            "reason": fact.reason,
        }
    )


def _withdrawn(fact: facts.Withdrawn) -> AppealWithdrawn:
    return AppealWithdrawn.model_validate(
        {
            **_about(fact, AppealStatus.WITHDRAWN),
            "withdrawn_at": fact.occurred_at,
            "withdrawn_by": fact.actor,
        }
    )


def _processed(fact: facts.Processed) -> AppealProcessed:
    return AppealProcessed.model_validate(
        {
            **_about(fact, AppealStatus.PROCESSED),
            "processed_at": fact.occurred_at,
            "processed_by": fact.actor,
            "effect": fact.effect,
        }
    )


def _processing_failed(fact: facts.ProcessingFailed) -> AppealProcessingFailed:
    return AppealProcessingFailed.model_validate(
        {
            **_about(fact, AppealStatus.PROCESSING_FAILED),
            "failed_at": fact.occurred_at,
            "reason": fact.reason,
        }
    )


def _about(fact: facts.Event | facts.Requested, status: AppealStatus) -> dict[str, Any]:
    return {**fact.about, "status": status.value}


_TRANSLATIONS: dict[str, Callable[[Any], Published]] = {  # Any: each takes the fact it is filed under
    facts.Requested.TOPIC: _requested,
    facts.Approved.TOPIC: _approved,
    facts.Denied.TOPIC: _denied,
    facts.Withdrawn.TOPIC: _withdrawn,
    facts.Processed.TOPIC: _processed,
    facts.ProcessingFailed.TOPIC: _processing_failed,
}
