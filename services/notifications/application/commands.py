"""What callers ask of notifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.occasions import Occasion
from services.notifications.domain.values import Cause, Contact, MessageKind, Returned, Verdict
from shared.kernel.actor import Actor


@dataclass(frozen=True)
class Notify:
    """Write the message about this occasion, once."""

    kind: MessageKind
    occasion: Occasion
    cause: Cause
    at: datetime


@dataclass(frozen=True)
class Resend:
    """Send a message once more."""

    notification_id: UUID
    actor: Actor
    at: datetime
    expected: int | None = None  # the version of the caller's If-Match


@dataclass(frozen=True)
class ReportAttempt:
    """Report the outcome of an attempt that an outside mailer made (ADR 0016)."""

    notification_id: UUID
    verdict: Verdict
    detail: str  # one line: what the mail server said
    attempted_at: datetime
    actor: Actor
    at: datetime
    expected: int | None = None  # the version of the caller's If-Match


@dataclass(frozen=True)
class RecordReturn:
    """Record that a mail came back for some of its recipients (RFC 3464)."""

    notification_id: UUID
    resend: int  # of which sending it came back
    returned: tuple[Returned, ...]
    at: datetime


@dataclass(frozen=True)
class SetMailDomains:
    """Set the mail domains of an LEA or school, in place of those set before."""

    cds: str
    domains: tuple[str, ...]
    actor: Actor
    at: datetime
    expected: int | None = None  # the version of the caller's If-Match


@dataclass(frozen=True)
class PutContacts:
    """Name the coordinators of an LEA or school, in place of those named before."""

    cds: str
    contacts: tuple[Contact, ...]
    actor: Actor
    at: datetime
    expected: int | None = None  # the version of the caller's If-Match
