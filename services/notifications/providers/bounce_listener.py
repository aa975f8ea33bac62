"""The mail server for what comes back: takes reports of delivery for our return addresses, and nothing else.

An organisation's mail server hands it the mails for these addresses. A report is answered "250" only when
what it says is on record; until then the other server keeps it and comes again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import cast
from uuid import UUID

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notifications.domain.addresses import one_line
from services.notifications.providers.delivery_status import LARGEST, Undelivered, undelivered
from services.notifications.providers.return_path import ReturnPaths
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.ssid import REMOVED, without_ssids
from shared.kernel.store import StreamMoved
from shared.observability.metrics import counter
from shared.persistence.faults import transient
from shared.process.serving import listening

MOST_CONNECTIONS = 20
MOST_COMMANDS = 100  # of a kind, over one connection
TIMEOUT = 60.0  # seconds of silence
REMEDY = "set NOTIFICATIONS_BOUNCE_HOST and NOTIFICATIONS_BOUNCE_PORT to an address that is free"
NULL = "<>"  # the sender of every report (RFC 3464 §2)

Record = Callable[[UUID, int, Sequence[tuple[Sequence[str], str]]], Awaitable[None]]
"""Puts on record, for a message and a sending of it, whom it did not reach (by which addresses) and why."""

_reports = counter("mail_reports", "Mails to our return addresses.", ("outcome",))

log = structlog.get_logger(__name__)


class BounceListener:
    """A listener on one address."""

    def __init__(self, paths: ReturnPaths, record: Record, host: str, port: int) -> None:
        self._taker, self._host, self._port = _Taker(paths, record), host, port
        self._name = paths.address.partition("@")[2]
        self._open: set[SMTP] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until told to stop.

        :raises SystemExit: 78, the port is taken; a line on standard error says so.
        """
        door = listening(self._host, self._port, REMEDY)
        server = await asyncio.get_running_loop().create_server(self._session, sock=door)
        try:
            await stop.wait()
        finally:
            server.close()
            for session in tuple(self._open):
                if session.transport is not None:
                    session.transport.close()

    def _session(self) -> SMTP:
        return _Bounded(self._taker, self._name, self._open)


class _Bounded(SMTP):
    """One connection; one too many is told so and closed."""

    def __init__(self, taker: _Taker, name: str, beside: set[SMTP]) -> None:
        super().__init__(
            taker,
            data_size_limit=LARGEST,
            hostname=name,
            ident="STAIRS",
            timeout=TIMEOUT,
            command_call_limit=MOST_COMMANDS,
        )
        self._beside = beside

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self._beside) >= MOST_CONNECTIONS:
            told = cast("asyncio.WriteTransport", transport)  # a connection's always is one
            told.write(b"421 4.7.0 Too many connections\r\n")
            told.close()
            return
        self._beside.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._beside:
            self._beside.discard(self)
            super().connection_lost(error)


class _Taker:
    """What is answered to each command; its methods are called by their names."""

    def __init__(self, paths: ReturnPaths, record: Record) -> None:
        self._paths, self._record = paths, record

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address not in ("", NULL):
            return "550 5.7.1 Only reports of delivery are taken here"
        envelope.mail_from = NULL
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - as above
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self._paths.read(address) is None:
            _reports.labels("unknown").inc()
            return "550 5.1.1 No return address of ours"
        envelope.rcpt_tos = [*envelope.rcpt_tos[:1], address]
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        failed = undelivered(content if isinstance(content, bytes) else b"")
        if not failed:
            _reports.labels("no_report").inc()
            return "250 2.0.0 Nothing to be done about that"
        try:
            for address in envelope.rcpt_tos:
                await self._take(address, failed)
        except Exception as error:
            if not (transient(error) or isinstance(error, (Conflict, StreamMoved))):
                log.exception("bounce_not_recorded")
            _reports.labels("later").inc()
            return "451 4.3.0 Not now: please come again"
        return "250 2.0.0 On record"

    async def _take(self, address: str, failed: Sequence[Undelivered]) -> None:
        known = self._paths.read(address)
        if known is None:
            return
        notification_id, resend = known
        try:
            await self._record(notification_id, resend, [(each.addresses, _words(each)) for each in failed])
        except NotFound:
            log.warning("bounce_of_unknown_mail", notification_id=str(notification_id))
        else:
            log.info("mail_returned", notification_id=str(notification_id), recipients=len(failed))
            _reports.labels("recorded").inc()


def _words(failure: Undelivered) -> str:
    """What a stranger's server said, as one line without anything that could be an SSID (A-17)."""
    said = f"returned: {failure.status} {failure.diagnostic}".strip()
    return without_ssids(one_line(said), REMOVED)
