"""What this service publishes of a fact, from the fact alone; attempts and directories stay inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventsourcing.domain import DomainEvent

from services.notifications.domain.message import Message
from shared.contracts import notifications_v1
from shared.contracts.envelope import Published
from shared.contracts.notifications_v1 import (
    NotificationCreated,
    NotificationDelivered,
    NotificationFailed,
    Recipient,
)

SOURCE = notifications_v1.SOURCE
TOPIC = notifications_v1.TOPIC


def publish(fact: DomainEvent) -> Published | None:
    """The published form of a fact; None for facts that are nobody else's business."""
    translate = _TRANSLATIONS.get(type(fact))
    return None if translate is None else translate(fact)


def _created(fact: Message.Composed) -> NotificationCreated:
    return NotificationCreated(
        **_about(fact),
        created_at=fact.occurred_at,
        recipients=[Recipient.model_validate(recipient) for recipient in fact.recipients],
        subject=fact.content["subject"],
        body_text=fact.content["body_text"],
        body_html=fact.content["body_html"],
    )


def _delivered(fact: Message.Delivered) -> NotificationDelivered:
    return NotificationDelivered(**_about(fact), delivered_at=fact.occurred_at, attempts=fact.attempts)


def _failed(fact: Message.Failed) -> NotificationFailed:
    return NotificationFailed(
        **_about(fact),
        failed_at=fact.occurred_at,
        status=fact.status,
        attempts=fact.attempts,
        reason=fact.reason,
    )


def _about(fact: Message.Event | Message.Composed) -> dict[str, Any]:
    return {
        "incident_id": fact.incident_id,
        "notification_id": fact.originator_id,
        "kind": fact.kind,
        "case_number": fact.case_number,
        "message_id": fact.message_id,
    }


_TRANSLATIONS: dict[type, Callable[[Any], Published]] = {  # Any: each takes the fact it is filed under
    Message.Composed: _created,
    Message.Delivered: _delivered,
    Message.Failed: _failed,
}
