"""A mail in its form for the wire (RFC 5322), the same for every attempt.

* ``Message-ID`` is the message's own and never changes: whoever gets a mail twice can tell.
* ``To`` names every recipient: all are coordinators of one LEA (or the one desk of the CDE, which gets a
  message of its own); the manual means them to know of each other, and no other address is shown to anybody.
* It says that a machine wrote it: ``Auto-Submitted`` (RFC 3834), and ``X-Auto-Response-Suppress`` for
  Exchange, ask for no vacation notice. ``List-Id`` (RFC 2919) is one for all our mails, by which mail
  programs file and allow them (M p44). There is nothing to unsubscribe from: it is told by duty.
* A mail that is sent anew says so in ``Resent-*`` fields (RFC 5322 §3.6.6) and keeps all others.
* ``X-STAIRS-Correlation-ID`` finds, in the logs of all services, the request that led to the mail.
* Header values are checked before (``domain.addresses``), and ``EmailMessage`` refuses a line break in any.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.notifications.application.ports import Mail
from services.notifications.domain.values import list_id

WIRE = SMTP.clone(cte_type="7bit")  # any server takes it


def on_the_wire(mail: Mail, sender: Address) -> bytes:
    """The octets to be handed to a mail server."""
    to = [Address(person.name, addr_spec=person.email) for person in mail.to]
    message = EmailMessage(policy=WIRE)
    if mail.resent_at is not None:
        message["Resent-From"] = sender
        message["Resent-To"] = to
        message["Resent-Date"] = format_datetime(mail.resent_at)
        message["Resent-Message-ID"] = _resent_id(mail)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = mail.content.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["List-Id"] = f"STAIRS / Appeals {list_id(mail.message_id)}"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["Content-Language"] = "en"
    message["X-STAIRS-Kind"] = mail.kind.value
    message["X-STAIRS-Case"] = mail.case_number or "none"
    message["X-STAIRS-Template"] = f"{mail.content.template} {mail.content.template_version}"
    if mail.trail is not None:
        message["X-STAIRS-Correlation-ID"] = mail.trail.correlation_id
    message.set_content(mail.content.body_text, cte="quoted-printable")
    message.add_alternative(mail.content.body_html, subtype="html", cte="quoted-printable")
    message.set_boundary(
        f"stairs-{mail.notification_id.hex}"
    )  # not by chance: every attempt is the same mail
    return message.as_bytes()


def _resent_id(mail: Mail) -> str:
    seconds = int(mail.resent_at.timestamp()) if mail.resent_at else 0
    local, _, domain = mail.message_id.strip("<>").partition("@")
    return f"<{local}.{seconds}@{domain}>"
