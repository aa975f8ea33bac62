"""What may be sent to this service, and what it answers (contract §5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.notifications.application.commands import PutContacts
from services.notifications.domain.directory_entry import MOST_CONTACTS
from services.notifications.domain.values import Contact, Status
from services.notifications.read_model.queries import After, Filters
from shared.http.paging import BadCursor, Paging
from shared.http.requests import Line, RequestModel
from shared.kernel.actor import Actor

Term = Annotated[Line, Field(max_length=254)]


class CoordinatorRole(StrEnum):
    """Who is in the directory: coordinators, and nobody else."""

    LEA_COORDINATOR = "lea_coordinator"
    SITE_COORDINATOR = "site_coordinator"


class AnyKind(StrEnum):
    """Every kind of the contract; those that nothing triggers yet are simply not found."""

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


class ContactBody(RequestModel):
    """One coordinator to be mailed."""

    role: CoordinatorRole
    name: Line
    email: Line


class DirectoryBody(RequestModel):
    """``PUT /v1/directory/{cds}``: all contacts of an LEA (7 digits) or a school (14 digits)."""

    contacts: Annotated[list[ContactBody], Field(max_length=MOST_CONTACTS)]

    def to_command(self, cds: str, actor: Actor, at: datetime, expected: int | None) -> PutContacts:
        """The command."""
        contacts = tuple(Contact(each.role.value, each.name, each.email) for each in self.contacts)
        return PutContacts(cds, contacts, actor, at, expected)


class NotificationQuery(Paging):
    """``GET /v1/notifications``."""

    case_number: Term | None = None
    status: Status | None = None
    kind: AnyKind | None = None
    recipient: Term | None = None

    def filters(self) -> Filters:
        """What is asked for."""
        return Filters(self.case_number, self.status, self.kind, self.recipient)

    def last_seen(self) -> After | None:
        """Where the page begins.

        :raises BadCursor: not a cursor of this list.
        """
        key = self.after("ss")
        if key is None:
            return None
        try:
            created_at = datetime.fromisoformat(str(key[0]))
            seen = After(created_at, UUID(str(key[1])))
        except ValueError:
            raise BadCursor("Use next_cursor as it was answered.") from None
        if created_at.tzinfo is None:
            raise BadCursor("Use next_cursor as it was answered.")
        return seen


def key_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """The place of a message in the list."""
    return row["created_at"].isoformat(), str(row["id"])


class Person(BaseModel):
    """Somebody who is mailed."""

    role: str
    name: str
    email: str


class DirectoryResource(BaseModel):
    """The coordinators of one LEA or school."""

    cds: str
    contacts: list[Person]
    changed_at: datetime
    version: int


class NotificationItem(BaseModel):
    """One message in a list."""

    id: UUID
    kind: AnyKind
    status: Status
    incident_id: UUID
    case_number: str | None
    lea: str
    school: str
    recipients: list[Person]
    subject: str
    body_text: str
    message_id: str
    attempts: int
    reason: str | None
    retry_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None
    version: int


class NotificationResource(NotificationItem):
    """One message as it stands."""

    body_html: str
    template: str
    template_version: str
    resends: int


class NotificationList(BaseModel):
    """Messages, newest first."""

    items: list[NotificationItem]
    next_cursor: str | None
