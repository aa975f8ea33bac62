"""The mails that the local mailbox holds."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path


@dataclass(frozen=True)
class Letter:
    """One mail as it arrived."""

    message_id: str
    to: frozenset[str]
    subject: str
    text: str


def letters_in(folder: Path) -> Iterable[Letter]:
    """Every mail in the mailbox."""
    for path in sorted(folder.glob("*.eml")):
        parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if isinstance(parsed, EmailMessage):
            yield _letter(parsed)


def _letter(message: EmailMessage) -> Letter:
    body = message.get_body(("plain",))
    headers = [str(value) for name in ("To", "Cc") for value in message.get_all(name, [])]
    return Letter(
        message_id=str(message["Message-ID"]).strip(),
        to=frozenset(address.lower() for _, address in getaddresses(headers)),
        subject=str(message["Subject"]),
        text=body.get_content() if body else "",
    )
