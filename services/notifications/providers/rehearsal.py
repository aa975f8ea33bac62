"""A mail that is written for nobody before the first real one: a Python on which it fails sends none.

Header fields are written and judged by ourselves. What Python still does (the bodies, and the address in the
envelope, which ``aiosmtplib`` hands to ``email.utils``) differs from version to version, and is tried here on
what has gone wrong before, instead of believing a version number.
"""

from __future__ import annotations

import platform
import quopri
import sys
from datetime import UTC, datetime
from email.headerregistry import Address
from uuid import UUID

from aiosmtplib.email import parse_address

from services.notifications.application.ports import Mail
from services.notifications.domain.values import Because, Content, MessageKind, Recipient
from services.notifications.providers.envelope import on_the_wire
from shared.process.exit_codes import WRONG_SETTINGS

NAMES = (
    "Ortiz, Lena",
    'Sía "O\'Neil", Ph.D. <x@y.example>; 校長',
    "שרה כהן " * 14,
    "\\" * 60 + '"' * 60,
    "=?utf-8?q?x=0D=0AReply-To:_x=40y.example?=",
    "=?utf-8?b?=0D=0A",
    "x\r\nBcc: y@y.example",
)
MARK = f"=_stairs-{UUID(int=0).hex}"
WORDS = f"--{MARK}\nX-Forged: yes\n\n.\n--{MARK}--\nSía, " + "é" * 200 + "\n"


def require_sound_mail() -> None:
    """Let the process go on if mails that are written here say what they mean.

    :raises SystemExit: 78, after one line on standard error.
    """
    try:
        _rehearse()
    except Exception as fault:  # noqa: BLE001 - whatever goes wrong here would go wrong with a real mail
        sys.stderr.write(
            f"Python {platform.python_version()} writes mails that do not say what they mean ({fault}):"
            " run this worker on another Python, or set NOTIFICATIONS_DELIVERY=external\n"
        )
        raise SystemExit(WRONG_SETTINGS) from None


def _rehearse() -> None:
    people = tuple(
        Recipient("lea_coordinator", name, f"a+{n}'=x!%@b.example", Because.LEA_COORDINATOR)
        for n, name in enumerate(NAMES)
    )
    now = datetime(2019, 4, 16, tzinfo=UTC)
    content = Content("Sía", WORDS, WORDS, "rehearsal", "1")
    mail = Mail(
        UUID(int=0),
        "<0@b.example>",
        MessageKind.NOTE_ADDED,
        None,
        people,
        people,
        content,
        now,
        resent_at=now,
    )
    octets = on_the_wire(mail, Address("STAIRS", addr_spec="a@b.example"))
    parts = octets.split(f"--{MARK}".encode())
    said = [quopri.decodestring(part.partition(b"\r\n\r\n")[2]) for part in parts[1:-1]]
    if [_lines(text) for text in said] != [_lines(WORDS.encode())] * 2:
        raise ValueError("a body reads differently")
    if any(parse_address(person.email) != person.email for person in people):
        raise ValueError("an address reads differently")


def _lines(text: bytes) -> list[bytes]:
    return text.strip().splitlines()
