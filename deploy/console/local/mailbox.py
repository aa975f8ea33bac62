"""The local mailbox: takes every mail, keeps one file per Message-ID, and counts what comes again.

    python -m deploy.console.local.mailbox --port 1025 --folder var/mail

``250`` is answered only once the mail is on the disk (written aside, synced, renamed), so a mail that the
sender believes delivered is there after any crash. Beside each ``<message-id>.eml`` an ``.arrivals`` file has
one line per arrival with the recipients of its envelope: more lines than one are repeats.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import hashlib
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated

import typer
from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 10 * 1024 * 1024  # octets of one mail
_PLAIN = re.compile(r"<([A-Za-z0-9@._+-]{1,200})>")


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it lies in the mailbox."""

    message_id: str  # with its angle brackets
    to: tuple[str, ...]  # the addresses of the header
    sender: str
    subject: str
    text: str
    kind: str | None  # X-STAIRS-Kind
    case_number: str | None  # X-STAIRS-Case
    arrivals: tuple[tuple[str, ...], ...]  # of each arrival, the recipients of its envelope

    @property
    def repeats(self) -> int:
        """How often it came again."""
        return len(self.arrivals) - 1


def read_mailbox(folder: Path) -> list[ReceivedMail]:
    """All mails in a folder, in the order of their names."""
    return [read_mail(path) for path in sorted(folder.glob("*.eml"))]


class MailHandler:
    """What the SMTP server does with a mail."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep it, and only then say so."""
        content = envelope.original_content or b""
        keep(self._folder, content, envelope.rcpt_tos)
        return "250 2.0.0 Ok: kept"


def keep(folder: Path, content: bytes, recipients: Sequence[str]) -> Path:
    """Put a mail on the disk; the first arrival is the mail, later ones are counted."""
    path = folder / f"{_name_of(content)}.eml"
    if not path.exists():
        aside = path.with_suffix(".part")
        _write(aside, content)
        aside.rename(path)
    line = {"at": datetime.now(UTC).isoformat(), "to": list(recipients)}
    with path.with_suffix(".arrivals").open("a", encoding="utf-8") as arrivals:
        arrivals.write(json.dumps(line) + "\n")
        arrivals.flush()
        os.fsync(arrivals.fileno())
    _sync_folder(folder)
    return path


@contextlib.asynccontextmanager
async def serving(folder: Path, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Take mails while the block lasts; the value is the port (a free one if 0 was asked for)."""
    keeper = MailHandler(folder)

    def session() -> SMTP:
        return SMTP(keeper, hostname="mailbox.stairs.local", ident="STAIRS mailbox", data_size_limit=LARGEST)

    server = await asyncio.get_running_loop().create_server(session, host, port)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def serve_until_told(folder: Path, host: str, port: int) -> None:
    """Take mails until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with serving(folder, host=host, port=port) as taken:
        print(f"mailbox: smtp://{host}:{taken} into {folder}", flush=True)
        await stop.wait()


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)] = 1025,
    folder: Annotated[Path, typer.Option("--folder", "--dir", help="Where mails are kept.")] = Path(
        "var/mail"
    ),
) -> None:
    """The local mailbox: takes every mail and keeps one file per Message-ID."""
    asyncio.run(serve_until_told(folder, host, port))


def _name_of(content: bytes) -> str:
    header = email.message_from_bytes(content, policy=email.policy.compat32).get("Message-ID", "")
    plain = _PLAIN.fullmatch(str(header).strip())
    return plain[1].lstrip(".") if plain else hashlib.sha256(str(header).encode() or content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_mail(path: Path) -> ReceivedMail:
    """One mail of the folder."""
    parsed = email.message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=email.policy.default)
    plain = parsed.get_body(("plain",))
    return ReceivedMail(
        message_id=str(parsed.get("Message-ID", "")).strip(),
        to=tuple(address for _, address in getaddresses([str(to) for to in parsed.get_all("To", [])])),
        sender=str(parsed.get("From", "")),
        subject=str(parsed.get("Subject", "")),
        text=str(plain.get_content()).replace("\r\n", "\n") if plain else "",
        kind=_header(parsed, "X-STAIRS-Kind"),
        case_number=_header(parsed, "X-STAIRS-Case"),
        arrivals=_arrivals(path.with_suffix(".arrivals")),
    )


def _arrivals(path: Path) -> tuple[tuple[str, ...], ...]:
    if not path.exists():
        return ((),)  # killed between the mail and its first line: it did arrive
    arrivals = []
    for line in path.read_text("utf-8").splitlines():
        with contextlib.suppress(ValueError):  # torn by a crash before its 250: that arrival did not count
            arrivals.append(tuple(json.loads(line)["to"]))
    return tuple(arrivals)


def _header(parsed: EmailMessage, name: str) -> str | None:
    value = parsed.get(name)
    return None if value is None else str(value)


if __name__ == "__main__":
    app()
