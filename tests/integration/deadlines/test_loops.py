"""The loops of the ledger wait out a database that is away, and go on where they were."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shared.deadlines.deadline import Deadline
from shared.deadlines.poller import Poller
from shared.deadlines.table import DeadlineList
from shared.kernel.clock import FixedClock
from shared.persistence.projector import Projector
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import NOON
from tests.support.logbooks.logbook_clocks import DAY, deadline_of, house, opened

CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.mark.timeout(300)
async def test_lost_connections_lose_no_deadline_and_double_none(ledger_store: EventStore) -> None:
    stop = asyncio.Event()
    async with house(ledger_store) as here:
        ledger = here.ledger
        projector = Projector(ledger.engine, ledger.tail, DeadlineList())
        poller = Poller(ledger, FixedClock(NOON + 2 * DAY), batch=5)
        tasks = [asyncio.create_task(loop(stop)) for loop in (here.follower.run, projector.run, poller.run)]
        books = [opened(NOON, number) for number in range(60)]
        for first in range(0, len(books), 20):
            async with ledger_store.store() as store:
                await store.save(*books[first : first + 20])
            ledger_store.rows(CUT)

        async def all_noticed() -> bool:
            query = "SELECT count(*) FROM deadlines WHERE state = 'missed'"
            return ledger_store.rows(query) == [(len(books),)]

        await eventually(all_noticed, within=120)
        stop.set()
        await asyncio.gather(*tasks)
        facts = [recorded.fact for recorded in await ledger.tail.page(0, 10_000)]
    missed = Counter(fact.originator_id for fact in facts if isinstance(fact, Deadline.Missed))
    assert missed == Counter(map(deadline_of, books))
