#!/opt/mailpit/bin/python
"""A stand-in for Mailpit: takes mails by SMTP, shows them by a subset of its API, forgets them at its end.

    mailpit            SMTP on 1025, HTTP on 8025
    mailpit readyz     0 when it serves

``GET /api/v1/messages?start=&limit=``, ``/api/v1/message/ID``, ``/api/v1/message/ID/headers``, ``/livez``,
``/readyz``, as Mailpit documents them.
"""

from __future__ import annotations

import email
import email.policy
import json
import signal
import sys
import threading
import urllib.request
import uuid
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import getaddresses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

SMTP_PORT, HTTP_PORT = 1025, 8025
PAGE = 50  # as Mailpit has it
EVERYWHERE = "0.0.0.0"  # noqa: S104 - within its container

kept: list[tuple[str, EmailMessage, Envelope, str]] = []  # id, mail, envelope, when it came


class SmtpHandler:
    """Whatever comes is kept, and only then accepted."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep it, and say so."""
        mail = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        kept.append((uuid.uuid4().hex[:22], mail, envelope, datetime.now(UTC).isoformat()))
        return "250 2.0.0 Ok: queued"


class MailpitApi(BaseHTTPRequestHandler):
    """The API."""

    def do_GET(self) -> None:
        """Show it, or say that it is not there."""
        asked = urlsplit(self.path)
        answer = found(asked.path, {name: values[-1] for name, values in parse_qs(asked.query).items()})
        body = json.dumps(answer).encode() if answer is not None else b"Error: message not found"
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "text/plain" if answer is None else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Nothing: health checks come every few seconds."""


def found(path: str, query: dict[str, str]) -> object | None:
    """What this address shows; None: nothing."""
    if path in ("/livez", "/readyz"):
        return "ok"
    if path == "/api/v1/messages":
        return listed(int(query.get("start", 0)), int(query.get("limit", PAGE)))
    words = path.strip("/").split("/")
    if words[:3] == ["api", "v1", "message"] and len(words) in (4, 5):
        for mail in kept:
            if mail[0] == words[3]:
                return (
                    shown(*mail) if len(words) == 4 else headers(mail[1]) if words[4] == "headers" else None
                )
    return None


def listed(start: int, limit: int) -> dict[str, Any]:
    """A page, the newest first."""
    page = kept[::-1][start : start + limit]
    messages = [
        summary(*mail)
        | {"Read": False, "Created": mail[3], "Snippet": text(mail[1], "plain")[:250], "Attachments": 0}
        for mail in page
    ]
    counts = {"total": len(kept), "unread": len(kept), "count": len(page), "messages_count": len(kept)}
    return {**counts, "start": start, "tags": [], "messages": messages}


def summary(name: str, mail: EmailMessage, envelope: Envelope, _at: str) -> dict[str, Any]:
    """What list and message both say."""
    to, cc, reply = (addresses(mail, header) for header in ("To", "Cc", "Reply-To"))
    named = {each["Address"] for each in to + cc}
    return {
        "ID": name,
        "MessageID": str(mail.get("Message-ID", "")).strip("<> "),
        "From": next(iter(addresses(mail, "From")), None),
        "To": to,
        "Cc": cc,
        "Bcc": [{"Name": "", "Address": each} for each in envelope.rcpt_tos if each not in named],
        "ReplyTo": reply,
        "Subject": str(mail.get("Subject", "")),
        "Tags": [],
        "Size": len(envelope.original_content or b""),
    }


def shown(name: str, mail: EmailMessage, envelope: Envelope, at: str) -> dict[str, Any]:
    """A whole message."""
    parts = {"Text": text(mail, "plain"), "HTML": text(mail, "html"), "Inline": [], "Attachments": []}
    return summary(name, mail, envelope, at) | {"ReturnPath": envelope.mail_from, "Date": at} | parts


def headers(mail: EmailMessage) -> dict[str, list[str]]:
    """All values of each header."""
    return {name: [str(value) for value in mail.get_all(name, [])] for name in dict.fromkeys(mail)}


def addresses(mail: EmailMessage, header: str) -> list[dict[str, str]]:
    """Whom a header names."""
    pairs = getaddresses([str(value) for value in mail.get_all(header, [])])
    return [{"Name": name, "Address": address} for name, address in pairs if address]


def text(mail: EmailMessage, kind: str) -> str:
    """The part of this kind (plain, html); empty if there is none."""
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def main() -> int:
    """The process."""
    if sys.argv[1:] == ["readyz"]:
        with urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/readyz", timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    Controller(SmtpHandler(), hostname=EVERYWHERE, port=SMTP_PORT).start()
    server = ThreadingHTTPServer((EVERYWHERE, HTTP_PORT), MailpitApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("a stand-in for Mailpit: SMTP on 1025, API on 8025", flush=True)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
