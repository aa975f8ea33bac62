"""What this service publishes of a fact, from the fact alone; attempts and directories stay inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventsourcing.domain import DomainEvent

from services.notifications.domain import facts
from services.notifications.domain.message import Message
from services.notifications.domain.values import list_id
from shared.contracts import notifications_v1
from shared.contracts.envelope import Published
from shared.contracts.notifications_v1 import (
    NotificationCreated,
    NotificationDelivered,
    NotificationFailed,
    NotificationResendRequested,
    Recipient,
    Sender,
)

SOURCE = notifications_v1.SOURCE
TOPIC = notifications_v1.TOPIC


def publish(fact: DomainEvent) -> Published | None:
    """The published form of a fact; None for facts that are nobody else's business."""
    translate = _TRANSLATIONS.get(type(fact))
    return None if translate is None else translate(fact)


def _created(fact: facts.Composed) -> NotificationCreated:
    return NotificationCreated(**_whole(fact, fact.content), created_at=fact.occurred_at)


def _resend_requested(fact: facts.ResendRequested) -> NotificationResendRequested | None:
    if fact.content is None:  # of a time when resends were nobody else's business
        return None
    return NotificationResendRequested(**_whole(fact, fact.content), resent_at=fact.occurred_at)


def _delivered(fact: facts.Delivered) -> NotificationDelivered:
    return NotificationDelivered(**_about(fact), delivered_at=fact.occurred_at, attempts=fact.attempts)


def _failed(fact: facts.Failed) -> NotificationFailed:
    return NotificationFailed(
        **_about(fact),
        failed_at=fact.occurred_at,
        status=fact.status,
        attempts=fact.attempts,
        reason=fact.reason,
    )


def _whole(fact: facts.Composed | facts.ResendRequested, content: dict[str, str]) -> dict[str, Any]:
    return {
        **_about(fact),
        "recipients": [Recipient.model_validate(recipient) for recipient in fact.recipients],
        "subject": content["subject"],
        "body_text": content["body_text"],
        "body_html": content["body_html"],
        "sender": Sender.model_validate(fact.sender) if fact.sender else None,
        "list_id": list_id(fact.message_id),
        "fits_until": fact.fits_until,
    }


def _about(fact: facts.Event) -> dict[str, Any]:
    return {
        "incident_id": fact.incident_id,
        "notification_id": fact.originator_id,
        "kind": fact.kind,
        "case_number": fact.case_number,
        "message_id": fact.message_id,
    }


# Any: each takes the fact that it is filed under
_TRANSLATIONS: dict[type, Callable[[Any], Published | None]] = {
    Message.Composed: _created,
    Message.Delivered: _delivered,
    Message.Failed: _failed,
    Message.ResendRequested: _resend_requested,
}
