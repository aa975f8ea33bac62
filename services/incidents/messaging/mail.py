"""What became of the mails about our cases. A message may come again, and in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.incidents.read_model import case_mail
from services.incidents.read_model.case_mail import HeardMail
from shared.contracts import notifications_v1
from shared.contracts.envelope import CloudEvent
from shared.contracts.notifications_v1 import (
    NotificationCreated,
    NotificationDelivered,
    NotificationFact,
    NotificationFailed,
    NotificationResendRequested,
)
from shared.messaging.consuming.consumer import Handler
from shared.persistence.unit_of_work import UnitOfWork

MAIL_SOURCE, MAIL_TOPIC = notifications_v1.SOURCE, notifications_v1.TOPIC

_Standing = tuple[str, datetime]  # the status after an event, and since when
_STANDINGS: Mapping[str, tuple[type[NotificationFact], Callable[[Any], _Standing]]] = {
    NotificationCreated.TYPE: (NotificationCreated, lambda told: ("created", told.created_at)),
    NotificationResendRequested.TYPE: (NotificationResendRequested, lambda told: ("created", told.resent_at)),
    NotificationDelivered.TYPE: (NotificationDelivered, lambda told: ("delivered", told.delivered_at)),
    NotificationFailed.TYPE: (NotificationFailed, lambda told: (told.status, told.failed_at)),
}  # Any: each takes the event that it is filed with


def of_notifications() -> Mapping[str, Handler]:
    """What the notifications service's events cause here."""
    return dict.fromkeys(_STANDINGS, when_a_mail_changed_note_how_it_stands)


async def when_a_mail_changed_note_how_it_stands(event: CloudEvent, unit: UnitOfWork) -> None:
    """The case shows what became of its mails (M p44: they land in spam); nobody's address comes along."""
    kind, standing = _STANDINGS[event.type]
    told = kind.model_validate(event.data)
    status, at = standing(told)
    heard = HeardMail(told.notification_id, told.incident_id, told.kind, status, at, event.sequence)
    await case_mail.remember(unit.connection, heard)
