"""What a mail server got, read as a mail program reads it."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

from aiosmtpd.smtp import Envelope


def parsed(envelope: Envelope) -> EmailMessage:
    """The mail in an envelope."""
    octets = envelope.original_content or b""
    return email.message_from_bytes(octets, _class=EmailMessage, policy=email.policy.default)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """The text and the HTML."""
    plain, html = (part.get_content() for part in mail.iter_parts() if isinstance(part, EmailMessage))
    return str(plain), str(html)
