"""Ten thousand deadlines pass while nobody looks: after the restart all are noticed, where they were."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from eventsourcing.domain import DomainEvent

from shared.deadlines.deadline import Deadline
from shared.deadlines.poller import Poller
from shared.deadlines.table import DeadlineList
from shared.kernel.clock import FixedClock
from shared.persistence.projector import Projector
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import NOON, Logbook
from tests.support.logbooks.logbook_clocks import DAY, House, burned, deadline_of, house, opened

MISSED, DONE = 10_000, 500
OUTAGE = timedelta(hours=72)
SPREAD = OUTAGE / (MISSED + DONE)
AT_ONCE = 1_000  # logbooks in one save, when the stage is set


def opened_at(number: int) -> datetime:
    """So that each is due at an instant of its own during the outage."""
    return NOON + number * SPREAD


async def everything(here: House) -> list[DomainEvent]:
    facts: list[DomainEvent] = []
    position = 0
    while page := await here.ledger.tail.page(position, 5_000):
        facts += [recorded.fact for recorded in page]
        position = page[-1].position
    return facts


async def stage(event_store: EventStore, here: House) -> list[Logbook]:
    """All were opened and known before the outage; the last ones were burned in it, and nobody followed."""
    books = [opened(opened_at(number), number) for number in range(MISSED + DONE)]
    async with event_store.store() as store:
        for first in range(0, len(books), AT_ONCE):
            await store.save(*books[first : first + AT_ONCE])
        await here.follower.catch_up()
        done = [burned(book, opened_at(number) + DAY / 2) for number, book in enumerate(books)][MISSED:]
        await store.save(*done)
    event_store.run(f"ANALYZE {event_store.table}")
    return books


@asynccontextmanager
async def worker(event_store: EventStore, clock: FixedClock) -> AsyncIterator[House]:
    """What a worker process runs, on connections of its own."""
    stop = asyncio.Event()
    async with house(event_store) as here:
        projector = Projector(here.ledger.engine, here.ledger.tail, DeadlineList())
        loops = (here.follower.run, projector.run, Poller(here.ledger, clock).run)
        tasks = [asyncio.create_task(loop(stop)) for loop in loops]
        try:
            yield here
        finally:
            stop.set()
            await asyncio.gather(*tasks)


@pytest.mark.timeout(600)
@pytest.mark.shows("K3")
async def test_after_72_hours_all_are_noticed_none_lost_none_doubled_none_moved(
    ledger_store: EventStore, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(ledger_store) as here:
        books = await stage(ledger_store, here)
        restart = FixedClock(NOON + DAY + OUTAGE + timedelta(minutes=1))
        began = time.monotonic()
        async with worker(ledger_store, restart), worker(ledger_store, restart):

            async def done() -> bool:
                query = "SELECT count(*), count(next_look_at) FROM deadlines"
                return ledger_store.rows(query) == [(MISSED + DONE, 0)]

            await eventually(done, within=500)
        seconds = time.monotonic() - began
        facts = await everything(here)
    with capsys.disabled():
        sys.stdout.write(f"\n{MISSED} deadlines noticed in {seconds:.1f} s\n")
    missed = [fact for fact in facts if isinstance(fact, Deadline.Missed)]
    expected = {deadline_of(book): opened_at(number) + DAY for number, book in enumerate(books)}
    assert Counter(fact.originator_id for fact in missed) == Counter(list(expected)[:MISSED])
    assert [fact.due_at for fact in missed] == [expected[fact.originator_id] for fact in missed]
    assert {fact.noticed_at for fact in missed} == {restart.now()}
    met = [fact.originator_id for fact in facts if isinstance(fact, Deadline.Met)]
    assert Counter(met) == Counter(list(expected)[MISSED:])
    assert [fact for fact in facts if isinstance(fact, Deadline.AtRisk | Deadline.Retimed)] == []
