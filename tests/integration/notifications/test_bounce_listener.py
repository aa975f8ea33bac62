"""The listener for what comes back, over real SMTP: what it takes, what it answers, and how much of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from services.notifications.domain.errors import AlreadyOnItsWay
from services.notifications.providers.bounce_listener import MOST_CONNECTIONS, BounceListener
from services.notifications.providers.return_path import ReturnPaths
from shared.kernel.errors import NotFound
from shared.persistence.faults import StoreUnavailable
from tests.support.servers.ports import free_port
from tests.support.servers.reports import a_report, connections, handed_over

ID = UUID("6f1d0c9a-0000-4000-8000-000000000001")
PATHS = ReturnPaths("bounces@stairs.example.org", "k" * 32)
SIA = "sia@school.example.org"


class Ledger:
    """Keeps what is recorded, or fails as it was told to."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.kept: list[tuple[UUID, int, Sequence[tuple[Sequence[str], str]]]] = []
        self.fault = fault

    async def record(
        self, notification_id: UUID, resend: int, reports: Sequence[tuple[Sequence[str], str]]
    ) -> None:
        if self.fault is not None:
            raise self.fault
        self.kept.append((notification_id, resend, reports))


@asynccontextmanager
async def listening(ledger: Ledger) -> AsyncIterator[int]:
    """A listener while the block lasts; the value is its port."""
    port, stop = free_port(), asyncio.Event()
    running = asyncio.create_task(BounceListener(PATHS, ledger.record, "127.0.0.1", port).run(stop))
    try:
        yield port
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)


async def test_a_report_is_on_record_when_it_is_answered() -> None:
    ledger = Ledger()
    async with listening(ledger) as port:
        assert await handed_over(port, PATHS.of(ID, 2), a_report(SIA, original=False)) == (250, "OK")
    assert ledger.kept == [(ID, 2, [((SIA,), "returned: 5.1.1 550 5.1.1 no such user")])]


@pytest.mark.parametrize(
    "fault", [AlreadyOnItsWay("sending"), StoreUnavailable("away"), RuntimeError("a bug of ours")]
)
async def test_what_cannot_be_recorded_now_stays_with_the_other_server(fault: Exception) -> None:
    async with listening(Ledger(fault)) as port:
        code, _ = await handed_over(port, PATHS.of(ID, 0), a_report(SIA))
    assert code == 451


async def test_a_report_of_a_mail_that_is_no_longer_known_does_not_come_again() -> None:
    async with listening(Ledger(NotFound("gone"))) as port:
        assert await handed_over(port, PATHS.of(ID, 0), a_report(SIA)) == (250, "OK")


async def test_more_connections_than_a_mail_server_needs_are_sent_away_and_those_of_later_are_not() -> None:
    ledger = Ledger()
    async with listening(ledger) as port:
        await handed_over(port, PATHS.of(ID, 0), a_report(SIA))
        lines = await connections(port, MOST_CONNECTIONS + 5)
        assert [line[:3] for line in lines] == [b"220"] * MOST_CONNECTIONS + [b"421"] * 5
        await handed_over(port, PATHS.of(ID, 1), a_report(SIA))
    assert [resend for _, resend, _ in ledger.kept] == [0, 1]


async def test_an_open_connection_does_not_keep_the_worker_alive() -> None:
    async with listening(Ledger()) as port:
        await handed_over(port, PATHS.of(ID, 0), a_report(SIA))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"220 stairs.example.org")
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
