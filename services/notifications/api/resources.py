"""What this service answers (contract §5): of an aggregate (fresh), or of a row of the list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.notifications.domain.directory_entry import DirectoryEntry
from services.notifications.domain.mail_domains import MailDomains, is_verified
from services.notifications.domain.message import Message
from services.notifications.domain.values import Contact, MessageKind, MessageStatus, Recipient
from shared.http.resources import Cursor, Resource
from shared.kernel.ssid import REMOVED, without_ssids

_OWN = frozenset({"addresses", "recipients"})  # of a row; not answered as they stand there


class ContactResource(Resource):
    """Somebody who is mailed."""

    role: Annotated[
        str, Field(description="As what the person or deps is mailed, such as `lea_coordinator`.")
    ]
    name: Annotated[str, Field(description="The name of the person or deps.")]
    email: Annotated[str, Field(description="The e-mail address.")]

    @classmethod
    def of(cls, person: Recipient | Contact) -> ContactResource:
        """The person, without why they are mailed."""
        return cls.model_construct(role=person.role, name=person.name, email=person.email)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> ContactResource:
        """The person, as the list has them: rows of before may hold a name that is masked today (A-55)."""
        name = without_ssids(row["name"], REMOVED)
        return cls.model_construct(role=row["role"], name=name, email=row["email"])


class MailDomainsResource(Resource):
    """The mail domains of one LEA or school."""

    cds: Annotated[str, Field(description="The CDS code: 7 digits of an LEA, 14 of a school.")]
    domains: Annotated[list[str], Field(description="The domains; what lies below one is meant too.")]
    changed_at: Annotated[datetime, Field(description="When they were last changed.")]
    version: Annotated[int, Field(ge=1, description="Grows by one with every change; the `ETag`.")]

    @classmethod
    def of(cls, known: MailDomains) -> MailDomainsResource:
        """The domains as they stand."""
        return cls.model_construct(
            cds=known.cds, domains=list(known.domains), changed_at=known.changed_at, version=known.version
        )


class DirectoryEntryResource(Resource):
    """The coordinators of one LEA or school."""

    cds: Annotated[str, Field(description="The CDS code: 7 digits of an LEA, 14 of a school.")]
    contacts: Annotated[list[ContactResource], Field(description="Everybody who is mailed for it.")]
    unverified: Annotated[
        list[str],
        Field(
            description="Those of the addresses that lie outside the mail domains of the place and its LEA; "
            "all of them where CalTAC has set none."
        ),
    ]
    changed_at: Annotated[datetime, Field(description="When the entry was last changed.")]
    version: Annotated[int, Field(ge=1, description="Grows by one with every change; the `ETag`.")]

    @classmethod
    def of(cls, entry: DirectoryEntry, domains: Collection[str]) -> DirectoryEntryResource:
        """The entry as it stands, judged by the mail domains of its place."""
        return cls.model_construct(
            cds=entry.cds,
            contacts=[ContactResource.of(person) for person in entry.contacts],
            unverified=[each.email for each in entry.contacts if not is_verified(each.email, domains)],
            changed_at=entry.changed_at,
            version=entry.version,
        )


class NotificationSummary(Resource):
    """One message in the list; its HTML and its template are on the message itself."""

    id: Annotated[UUID, Field(description="The message's id.")]
    kind: Annotated[MessageKind, Field(description="What the message is for.")]
    status: Annotated[MessageStatus, Field(description="Where the message is on its way to the mail server.")]
    incident_id: Annotated[UUID, Field(description="The id of the case that it is about.")]
    case_number: Annotated[str | None, Field(description="The number of that case; null while it has none.")]
    lea: Annotated[str, Field(description="The LEA by its CDS code of 7 digits.")]
    school: Annotated[str, Field(description="The school by its CDS code of 14 digits.")]
    recipients: Annotated[list[ContactResource], Field(description="Everybody to whom it is sent.")]
    subject: Annotated[str, Field(description="The subject of the mail.")]
    body_text: Annotated[str, Field(description="The mail as plain text.")]
    message_id: Annotated[str, Field(description="The `Message-ID` header of the mail.")]
    attempts: Annotated[int, Field(ge=0, description="How often it was tried to hand it to the mail server.")]
    reason: Annotated[
        str | None, Field(description="Why it was not delivered, in words; null where nothing went wrong.")
    ]
    retry_at: Annotated[datetime | None, Field(description="When it is tried again; null where it is not.")]
    created_at: Annotated[datetime, Field(description="When the message was written.")]
    delivered_at: Annotated[
        datetime | None,
        Field(description="When the mail server took it for every recipient; null until then."),
    ]
    version: Annotated[int, Field(ge=1, description="Grows by one with every change; the `ETag`.")]

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> NotificationSummary:
        """A message as the list has it."""
        shown = {name: value for name, value in row.items() if name not in _OWN}
        people = [ContactResource.of_row(each) for each in row["recipients"]]
        return cls.model_construct(**shown, recipients=people)


class NotificationResource(NotificationSummary):
    """One message as it stands."""

    body_html: Annotated[str, Field(description="The mail as HTML.")]
    template: Annotated[str, Field(description="The name of the template that it was written from.")]
    template_version: Annotated[str, Field(description="The version of that template.")]
    resends: Annotated[int, Field(ge=0, description="How often somebody asked for it to be sent once more.")]

    @classmethod
    def of(cls, message: Message) -> NotificationResource:
        """A message as its facts make it: whoever asked for it to be sent again sees that at once."""
        matter, content = message.matter, message.content
        return cls.model_construct(
            id=message.id,
            kind=message.kind,
            status=message.status,
            incident_id=matter.incident_id,
            case_number=matter.case_number,
            lea=matter.lea,
            school=matter.school,
            recipients=[ContactResource.of(person) for person in message.recipients],
            subject=content.subject,
            body_text=content.body_text,
            body_html=content.body_html,
            template=content.template,
            template_version=content.template_version,
            message_id=message.message_id,
            attempts=message.attempts,
            resends=message.resends,
            reason=message.reason,
            retry_at=message.retry_at,
            created_at=message.created_at,
            delivered_at=message.delivered_at,
            version=message.version,
        )


class NotificationPage(Resource):
    """A page of the list of messages, newest first."""

    items: Annotated[list[NotificationSummary], Field(description="The messages of this page.")]
    next_cursor: Cursor
