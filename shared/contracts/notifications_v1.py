"""What the notifications service publishes on ``stairs.notifications.v1``. No SSID, no student's name."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import AboutCase

TOPIC = "stairs.notifications.v1"
SOURCE = "/notifications"


class Recipient(BaseModel):
    """One person (or desk) to be mailed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: str
    name: str
    email: str


class Sender(BaseModel):
    """From whom a mail comes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    email: str


class NotificationFact(AboutCase):
    """What every event of a message says about the message."""

    notification_id: UUID
    kind: str
    case_number: str | None
    message_id: str  # RFC 5322, stable over retries


class WholeMail(NotificationFact):
    """All that an outside e-mail consumer needs to send a message (ADR 0016)."""

    recipients: list[Recipient]  # empty: there is nobody to send it to, and a failure follows
    subject: str
    body_text: str
    body_html: str
    sender: Sender | None = None  # None: the fact is older than this field
    list_id: str | None = None  # RFC 2919, with its angle brackets
    fits_until: datetime | None = None  # do not send it from this instant on: what it says is no longer so


class NotificationCreated(WholeMail):
    """A message was rendered."""

    TYPE: ClassVar[str] = "stairs.notification.created.v1"

    created_at: datetime


class NotificationResendRequested(WholeMail):
    """Somebody asked that a settled message be sent once more, under the same ``message_id``."""

    TYPE: ClassVar[str] = "stairs.notification.resend_requested.v1"

    resent_at: datetime


class NotificationDelivered(NotificationFact):
    """The mail server took it."""

    TYPE: ClassVar[str] = "stairs.notification.delivered.v1"

    delivered_at: datetime
    attempts: int


class NotificationFailed(NotificationFact):
    """It will not be delivered without a resend."""

    TYPE: ClassVar[str] = "stairs.notification.failed.v1"

    failed_at: datetime
    status: str
    attempts: int
    reason: str
