"""What can have happened to a message: stored for ever, extended only by fields that may be absent.

Each fact says which mail it is about, so that it can be published alone.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from eventsourcing.domain import Aggregate

from services.notifications.domain.rounds import AnswerFact

ActorFact = dict[str, str | None]


class Event(Aggregate.Event):
    """Every fact says who caused it, when it happened in the world, and which mail it is about."""

    actor: ActorFact
    occurred_at: datetime
    kind: str
    incident_id: UUID
    case_number: str | None
    message_id: str


class Created(Aggregate.Created, Event):
    """Required by the library; never triggered. ``Composed`` opens a stream."""

    TOPIC = "notifications.message.created"


class Composed(Created):
    """The message was written, with its recipients."""

    TOPIC = "notifications.message.composed"
    notification_id: UUID
    cause: dict[str, str]
    lea: str
    school: str
    recipients: list[dict[str, str]]
    lea_copied: bool
    content: dict[str, str]
    sender: dict[str, str] | None = None  # name and address; absent in the oldest facts, as all below
    desk: str | None = None  # of a message to a desk: which, so that a resend finds its address of then
    fits_until: datetime | None = None  # the instant from which it is not so any more


class SendingStarted(Event):
    """A sender took the message up; if no outcome follows, another one takes it up again."""

    TOPIC = "notifications.message.sending_started"
    attempt: int


class AttemptFailed(Event):
    """Some recipients lack it still; another attempt follows at ``retry_at``, or by an outside mailer."""

    TOPIC = "notifications.message.attempt_failed"
    attempt: int
    answers: list[AnswerFact]
    reason: str
    retry_at: datetime | None


class Delivered(Event):
    """The mail server took it for every recipient."""

    TOPIC = "notifications.message.delivered"
    attempts: int
    answers: list[AnswerFact]


class Failed(Event):
    """It will not reach everybody without being sent again."""

    TOPIC = "notifications.message.failed"
    status: str
    attempts: int
    answers: list[AnswerFact]
    reason: str


class ResendRequested(Event):
    """Somebody asked to send it again, to the recipients as they are known now."""

    TOPIC = "notifications.message.resend_requested"
    recipients: list[dict[str, str]]
    content: dict[str, str] | None = None  # the words once more, for mailers outside; absent in the oldest
    sender: dict[str, str] | None = None
    fits_until: datetime | None = None
