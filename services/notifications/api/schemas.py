"""What may be sent to this service (contract §5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.notifications.application.commands import PutContacts, ReportAttempt, SetMailDomains
from services.notifications.domain.addresses import one_line
from services.notifications.domain.directory_entry import MOST_CONTACTS
from services.notifications.domain.mail_domains import MOST_DOMAINS
from services.notifications.domain.values import Contact, MessageKind, MessageStatus, Verdict
from services.notifications.read_model.queries import LastSeen, MessageCriteria
from shared.http.instants import Instant
from shared.http.paging import Cursors, Paging
from shared.http.requests import Line, RequestModel
from shared.kernel.actor import Actor
from shared.kernel.ssid import REMOVED, without_ssids

Term = Annotated[Line, Field(max_length=254)]


class CoordinatorRole(StrEnum):
    """Who is in the directory: coordinators, and nobody else."""

    LEA_COORDINATOR = "lea_coordinator"
    SITE_COORDINATOR = "site_coordinator"


class Outcome(StrEnum):
    """What became of an attempt that a mailer outside made."""

    DELIVERED = "delivered"  # the mail server took it for every recipient
    TEMPORARY_FAILURE = "temporary_failure"  # the mailer outside tries again
    PERMANENT_FAILURE = "permanent_failure"  # it does not


VERDICTS = {
    Outcome.DELIVERED: Verdict.ACCEPTED,
    Outcome.TEMPORARY_FAILURE: Verdict.DEFERRED,
    Outcome.PERMANENT_FAILURE: Verdict.REFUSED,
}


class ContactBody(RequestModel):
    """One coordinator to be mailed."""

    role: Annotated[
        CoordinatorRole, Field(description="Whether the person coordinates the LEA or the school.")
    ]
    name: Annotated[Line, Field(description="The person's name.")]
    email: Annotated[Line, Field(description="The person's e-mail address.")]


class DirectoryBody(RequestModel):
    """``PUT /v1/directory/{cds}``: all contacts of an LEA (7 digits) or a school (14 digits)."""

    contacts: Annotated[
        list[ContactBody],
        Field(
            max_length=MOST_CONTACTS, description="Everybody to be mailed, in place of those named before."
        ),
    ]

    def to_command(self, cds: str, actor: Actor, at: datetime, expected: int | None) -> PutContacts:
        """The command."""
        contacts = tuple(Contact(each.role.value, each.name, each.email) for each in self.contacts)
        return PutContacts(cds, contacts, actor, at, expected)


class MailDomainsBody(RequestModel):
    """``PUT /v1/directory/{cds}/mail-domains``: all mail domains of an LEA or a school."""

    domains: Annotated[
        list[Line],
        Field(
            max_length=MOST_DOMAINS,
            description="What may stand behind the @ of its addresses, such as `district.example.org`; what "
            "lies below one is meant too.",
        ),
    ]

    def to_command(self, cds: str, actor: Actor, at: datetime, expected: int | None) -> SetMailDomains:
        """The command."""
        return SetMailDomains(cds, tuple(self.domains), actor, at, expected)


class AttemptBody(RequestModel):
    """``POST /v1/notifications/{id}/attempts``: one attempt of a mailer outside, and what became of it."""

    outcome: Annotated[Outcome, Field(description="What became of the attempt.")]
    detail: Annotated[
        Annotated[Line, Field(max_length=500)] | None, Field(description="What the mail server said.")
    ] = None
    at: Annotated[Instant, Field(description="When the attempt was made.")]

    def to_command(
        self, notification_id: UUID, actor: Actor, now: datetime, expected: int | None
    ) -> ReportAttempt:
        """The command."""
        told = self.detail or f"{self.outcome.value}, as reported by {actor.name}"
        detail = without_ssids(one_line(told), REMOVED)
        verdict = VERDICTS[self.outcome]
        return ReportAttempt(notification_id, verdict, detail, self.at, actor, now, expected)


class NotificationQuery(Paging):
    """``GET /v1/notifications``."""

    case_number: Annotated[Term | None, Field(description="Only messages about this case.")] = None
    status: Annotated[MessageStatus | None, Field(description="Only messages in this status.")] = None
    kind: Annotated[MessageKind | None, Field(description="Only messages of this kind.")] = None
    recipient: Annotated[
        Term | None, Field(description="Only messages to this e-mail address, written in full.")
    ] = None

    def filters(self) -> MessageCriteria:
        """What is asked for."""
        return MessageCriteria(self.case_number, self.status, self.kind, self.recipient)

    def last_seen(self, cursors: Cursors) -> LastSeen | None:
        """Where the page begins.

        :raises BadCursor: not a cursor of this list.
        """
        place = cursors.after_instant(self)
        return None if place is None else LastSeen(*place)


def key_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """The place of a message in the list."""
    return row["created_at"].isoformat(), str(row["id"])
