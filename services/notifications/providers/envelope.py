"""A mail in its form for the wire (RFC 5322), the same for every attempt.

* ``Message-ID`` is the message's own and never changes: whoever gets a mail twice can tell.
* ``To`` names every recipient: all are coordinators of one LEA (or the one desk of the CDE, which gets a
  message of its own); the manual means them to know of each other, and no other address is shown to anybody.
  A name that could be read as something else than a name is left out; its address is not.
* It says that a machine wrote it: ``Auto-Submitted`` (RFC 3834), and ``X-Auto-Response-Suppress`` for
  Exchange, ask for no vacation notice. ``List-Id`` (RFC 2919) is one for all our mails, by which mail
  programs file and allow them (M p44). There is nothing to unsubscribe from: it is told by duty.
* A mail that is sent anew says so in ``Resent-*`` fields (RFC 5322 §3.6.6) and keeps all others.
* ``X-STAIRS-Correlation-ID`` finds, in the logs of all services, the request that led to the mail.
* The header is written by ``header_writing`` and read back by ``header_reading`` before it leaves. Python's
  ``email`` writes the bodies alone, whose header fields hold nothing that anybody typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.notifications.application.ports import Mail
from services.notifications.domain.addresses import is_plain_name, is_usable_address
from services.notifications.domain.values import Content, Recipient, list_id
from services.notifications.providers.header_reading import Misread, require_read_back
from services.notifications.providers.header_writing import (
    Field,
    Mailbox,
    Unwritable,
    mailboxes,
    text,
    tokens,
)

WIRE = SMTP.clone(cte_type="7bit")  # any server takes it


def on_the_wire(mail: Mail, sender: Address) -> bytes:
    """The octets to be handed to a mail server; recipients that cannot be written are not in the header.

    :raises Unwritable, Misread: it would not say what is meant (a fault of ours).
    """
    boundary = f"=_stairs-{mail.notification_id.hex}"
    fields = [*_fields(mail, sender), *_mime(boundary)]
    head = b"".join(map(bytes, fields))
    require_read_back(head, fields)
    return head + b"\r\n" + _body(mail.content, boundary)


def can_be_written(person: Recipient) -> bool:
    """Whether the person's mailbox, alone, reads back as what it is."""
    try:
        field = mailboxes("To", [_mailbox(person)])
        require_read_back(bytes(field), [field])
    except (Unwritable, Misread):
        return False
    return is_usable_address(person.email)


def _fields(mail: Mail, sender: Address) -> Iterator[Field]:
    author = [Mailbox(sender.display_name, sender.addr_spec)]
    to = [_mailbox(person) for person in mail.to if can_be_written(person)]
    if mail.resent_at is not None:
        yield mailboxes("Resent-From", author)
        yield mailboxes("Resent-To", to)
        yield tokens("Resent-Date", format_datetime(mail.resent_at))
        yield tokens("Resent-Message-ID", _resent_id(mail))
    yield mailboxes("From", author)
    yield mailboxes("To", to)
    yield text("Subject", mail.content.subject)
    yield tokens("Date", format_datetime(mail.created_at))
    yield tokens("Message-ID", mail.message_id)
    yield tokens("List-Id", f"STAIRS / Appeals {list_id(mail.message_id)}")
    yield tokens("Auto-Submitted", "auto-generated")
    yield tokens("X-Auto-Response-Suppress", "OOF, AutoReply")
    yield tokens("Content-Language", "en")
    yield tokens("X-STAIRS-Kind", mail.kind.value)
    yield tokens("X-STAIRS-Case", mail.case_number or "none")
    yield tokens("X-STAIRS-Template", f"{mail.content.template} {mail.content.template_version}")
    if mail.trail is not None:
        yield tokens("X-STAIRS-Correlation-ID", mail.trail.correlation_id)


def _mime(boundary: str) -> Iterator[Field]:
    yield tokens("MIME-Version", "1.0")
    yield tokens("Content-Type", f'multipart/alternative; boundary="{boundary}"')


def _mailbox(person: Recipient) -> Mailbox:
    return Mailbox(person.name if is_plain_name(person.name) else "", person.email)


def _body(content: Content, boundary: str) -> bytes:
    """Both bodies between boundaries.

    In quoted-printable no ``=`` stands before a ``_``: whatever somebody typed, it is never the boundary.
    """
    message = EmailMessage(policy=WIRE)
    message.set_content(content.body_text, cte="quoted-printable")
    message.add_alternative(content.body_html, subtype="html", cte="quoted-printable")
    message.set_boundary(boundary)  # not by chance: every attempt is the same mail
    return message.as_bytes().partition(b"\r\n\r\n")[2]


def _resent_id(mail: Mail) -> str:
    seconds = int(mail.resent_at.timestamp()) if mail.resent_at else 0
    local, _, domain = mail.message_id.strip("<>").partition("@")
    return f"<{local}.{seconds}@{domain}>"
