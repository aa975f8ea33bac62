"""The words of notifications (contract §5): kinds, statuses, recipients, answers of a mail server."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class MessageKind(StrEnum):
    """What a message is for (contract §5; domain §7, N1-N11)."""

    CASE_SUBMITTED = "case_submitted"
    CDE_COPY = "cde_copy"
    APPEAL_REVIEW_REQUESTED = "appeal_review_requested"
    APPEAL_DECIDED = "appeal_decided"
    APPEAL_WITHDRAWN = "appeal_withdrawn"
    NOTE_ADDED = "note_added"
    CONCERN_RECORDED = "concern_recorded"
    BREACH_CALL_NOW = "breach_call_now"
    DRAFT_REMINDER = "draft_reminder"
    DEADLINE_AT_RISK = "deadline_at_risk"
    DEADLINE_MISSED = "deadline_missed"
    ADDITIONAL_ACTION_REQUIRED = "additional_action_required"


class MessageStatus(StrEnum):
    """Where a message is on its way to the mail server."""

    CREATED = "created"
    SENDING = "sending"
    DELIVERED = "delivered"  # the mail server took it for every recipient
    TEMPORARY_FAILURE = "temporary_failure"  # another attempt is planned
    PERMANENT_FAILURE = "permanent_failure"  # a mail server refused at least one recipient for good
    TECHNICAL_FAILURE = "technical_failure"  # given up by us: no address, or no success within 72 hours


SETTLED = frozenset(
    {MessageStatus.DELIVERED, MessageStatus.PERMANENT_FAILURE, MessageStatus.TECHNICAL_FAILURE}
)


class Verdict(StrEnum):
    """What a mail server's answer means for one recipient."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"


class Because(StrEnum):
    """Why somebody is a recipient; decides who is looked up again when a message is sent anew."""

    SUBMITTER = "submitter"
    LEA_COORDINATOR = "lea_coordinator"
    SITE_COORDINATOR = "site_coordinator"
    CDE_DESK = "cde_desk"
    CALTAC_DESK = "caltac_desk"


@dataclass(frozen=True)
class Recipient:
    """One person or desk to be mailed, and why."""

    role: str
    name: str
    email: str
    because: Because

    def as_fact(self) -> dict[str, str]:
        """The form in which an event keeps a recipient."""
        return {**asdict(self), "because": self.because.value}

    @classmethod
    def from_fact(cls, fact: dict[str, str]) -> Recipient:
        """The recipient that an event kept."""
        return cls(fact["role"], fact["name"], fact["email"], Because(fact["because"]))


@dataclass(frozen=True)
class Contact:
    """A coordinator in the directory."""

    role: str
    name: str
    email: str

    def as_fact(self) -> dict[str, str]:
        """The form in which an event keeps a contact."""
        return asdict(self)


@dataclass(frozen=True)
class ServerAnswer:
    """What the mail server said about one recipient; ``code`` is None when it said nothing at all."""

    email: str
    verdict: Verdict
    code: int | None
    text: str

    def as_fact(self) -> dict[str, str | int | None]:
        """The form in which an event keeps an answer."""
        return {**asdict(self), "verdict": self.verdict.value}


@dataclass(frozen=True)
class Returned:
    """That a mail came back: for whom, by every address that the report has, and why."""

    addresses: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Cause:
    """The published event that triggered a message: with the kind it is the message's identity."""

    source: str
    id: str


@dataclass(frozen=True)
class Content:
    """What a message says, and which template in which version says it."""

    subject: str
    body_text: str
    body_html: str
    template: str
    template_version: str  # content hash: the same version renders the same words


def list_id(message_id: str) -> str:
    """The one list of all our mails (RFC 2919), by which mail programs file and allow them (M p44)."""
    return f"<stairs.{message_id.strip('<>').partition('@')[2]}>"


@dataclass(frozen=True)
class Sender:
    """From whom a message comes, as it was configured when it was written."""

    name: str
    email: str


@dataclass(frozen=True)
class Matter:
    """What a message is about, and in whose scope it lies."""

    incident_id: UUID
    case_number: str | None
    lea: str
    school: str


@dataclass(frozen=True)
class Backlog:
    """What is still to be sent."""

    count: int
    since: datetime | None  # when the oldest of them was first due


@dataclass(frozen=True)
class MessageDraft:
    """Everything that is known of a message before it is written down."""

    kind: MessageKind
    cause: Cause
    matter: Matter
    recipients: tuple[Recipient, ...]
    lea_copied: bool  # the LEA's coordinators are looked up again when it is sent anew
    content: Content
    sender: Sender | None = None
    desk: Because | None = None  # of a message to a desk
    fits_until: datetime | None = None  # the instant from which it is not so any more
    beside: str = ""  # which one, of several messages of this kind and cause

    def as_fact(self) -> dict[str, Any]:
        """The form in which the first fact of its message keeps it."""
        return {
            "kind": self.kind.value,
            "cause": asdict(self.cause),
            **asdict(self.matter),
            "recipients": [recipient.as_fact() for recipient in self.recipients],
            "lea_copied": self.lea_copied,
            "content": asdict(self.content),
            "sender": asdict(self.sender) if self.sender else None,
            "desk": self.desk.value if self.desk else None,
            "fits_until": self.fits_until,
        }

    @property
    def size(self) -> int:
        """How many bytes its words have, and the case number that goes with each of its events."""
        content = self.content
        said = (content.subject, content.body_text, content.body_html, self.matter.case_number or "")
        return sum(len(text.encode()) for text in said)
