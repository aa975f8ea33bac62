"""Who notices: several at once, never on old knowledge, and the rows are what the facts make of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

from eventsourcing.domain import DomainEvent
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.deadlines.deadline import Deadline
from shared.deadlines.follower import Follower
from shared.deadlines.poller import Poller
from shared.deadlines.streams import Streams
from shared.deadlines.table import DeadlineList
from shared.kernel.clock import FixedClock
from shared.observability import metrics
from shared.persistence.codec import Codec
from shared.persistence.projector import Projector
from shared.persistence.rebuild import rebuild
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.ledger import rows_of
from tests.support.logbooks.logbook import NOON, Logbook
from tests.support.logbooks.logbook_clocks import (
    DAY,
    House,
    LogbookClocks,
    burned,
    deadline_of,
    house,
    opened,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = FixedClock(NOON + DAY + HOUR)


async def up_to_date(here: House) -> None:
    projector = Projector(here.ledger.engine, here.ledger.tail, DeadlineList())
    while await here.follower.catch_up() + await projector.catch_up():
        pass


async def a_shelf(event_store: EventStore, here: House, count: int) -> list[Logbook]:
    books = [opened(NOON, number) for number in range(count)]
    async with event_store.store() as store:
        await store.save(*books)
    await up_to_date(here)
    return books


async def facts_of(here: House, kind: type[DomainEvent]) -> list[DomainEvent]:
    return [each.fact for each in await here.ledger.tail.page(0, 10_000) if isinstance(each.fact, kind)]


async def test_several_at_once_notice_each_deadline_once(ledger_store: EventStore) -> None:
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(house(ledger_store)) for _ in range(4)]
        books = await a_shelf(ledger_store, houses[0], 300)
        looks = [Poller(each.ledger, LATER, batch=20, patience=1.0).look() for each in houses]
        noticed = await asyncio.gather(*looks)
        missed = await facts_of(houses[0], Deadline.Missed)
    assert sum(noticed) == 300
    assert Counter(fact.originator_id for fact in missed) == Counter(map(deadline_of, books))


async def test_several_followers_set_each_deadline_once(ledger_store: EventStore) -> None:
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(house(ledger_store)) for _ in range(3)]
        books = [opened(NOON, number) for number in range(120)]
        async with ledger_store.store() as store:
            await store.save(*books)
        small = [Follower(each.ledger, LogbookClocks(), page=7) for each in houses]
        await asyncio.gather(*(each.catch_up() for each in small))
        sets = await facts_of(houses[0], Deadline.Set)
    assert Counter(fact.originator_id for fact in sets) == Counter(map(deadline_of, books))


async def test_nothing_is_missed_that_was_done_in_time_and_not_followed_yet(ledger_store: EventStore) -> None:
    async with house(ledger_store) as here:
        books = await a_shelf(ledger_store, here, 20)
        async with ledger_store.store() as store:
            await store.save(*(burned(book, NOON + HOUR) for book in books))
        poller = Poller(here.ledger, LATER, patience=0.3)
        assert await poller.look() == 0
        assert {row["state"] for row in rows_of(ledger_store.url)} == {"running"}
        await up_to_date(here)
        assert await poller.look() == 0
        assert {row["state"] for row in rows_of(ledger_store.url)} == {"met"}
        assert await facts_of(here, Deadline.Missed) == []


async def test_nothing_is_noticed_while_its_row_lags_behind_its_facts(ledger_store: EventStore) -> None:
    async with house(ledger_store) as here:
        (book,) = await a_shelf(ledger_store, here, 1)
        async with ledger_store.store() as store:
            await store.save(burned(book, NOON + HOUR))
        await here.follower.catch_up()  # met in the facts, not yet in the row
        assert await Poller(here.ledger, LATER, patience=0.3).look() == 0
        assert await facts_of(here, Deadline.Missed) == []


async def test_a_save_on_its_way_has_time_to_arrive(ledger_store: EventStore) -> None:
    async with house(ledger_store) as here:
        await a_shelf(ledger_store, here, 1)
        just_after = FixedClock(NOON + DAY + timedelta(seconds=5))
        assert await noticed_by(here, just_after) == []
        just_after.advance(timedelta(seconds=30))
        assert [type(fact) for fact in await noticed_by(here, just_after)] == [Deadline.Missed]


async def noticed_by(here: House, clock: FixedClock) -> list[DomainEvent]:
    heard: list[DomainEvent] = []
    await Poller(here.ledger, clock, told=heard.append).look()
    return heard


class Overtaken(Streams):
    """Between what the poller reads and what it stores, somebody else is faster; once."""

    def __init__(self, event_store: EventStore, other: House, book: Logbook) -> None:
        super().__init__(event_store.table, Codec())
        self._event_store, self._other, self._book = event_store, other, book
        self._done = False

    async def facts(
        self, connection: AsyncConnection, ids: Collection[UUID]
    ) -> dict[UUID, list[DomainEvent]]:
        found = await super().facts(connection, ids)
        if ids and not self._done:
            self._done = True
            async with self._event_store.store() as store:
                await store.save(burned(self._book, NOON + HOUR))
            await self._other.follower.catch_up()
        return found


async def test_what_is_met_at_the_very_moment_is_not_missed(ledger_store: EventStore) -> None:
    async with house(ledger_store) as here, house(ledger_store) as other:
        (book,) = await a_shelf(ledger_store, here, 1)
        ledger = here.ledger
        racing = type(ledger)(
            ledger.service, ledger.engine, ledger.tail, ledger.units, Overtaken(ledger_store, other, book)
        )
        assert await Poller(racing, LATER).look() == 0
        assert await facts_of(here, Deadline.Missed) == []
        assert [row["state"] for row in rows_of(ledger_store.url)] == ["met"]


async def test_a_row_that_asks_to_be_looked_at_in_vain_is_put_right(ledger_store: EventStore) -> None:
    async with house(ledger_store) as here:
        await a_shelf(ledger_store, here, 3)
        poller = Poller(here.ledger, LATER)
        await poller.look()
        await up_to_date(here)
        before = rows_of(ledger_store.url)
        ledger_store.run("UPDATE deadlines SET state = 'running', version = 1, next_look_at = due_at")
        assert await poller.look() == 0
        assert rows_of(ledger_store.url) == before


async def test_a_rebuild_makes_the_same_rows(ledger_store: EventStore) -> None:
    async with house(ledger_store) as here:
        books = await a_shelf(ledger_store, here, 40)
        async with ledger_store.store() as store:
            await store.save(*(burned(book, NOON + HOUR) for book in books[:10]))
        await up_to_date(here)
        await Poller(here.ledger, FixedClock(NOON + DAY - HOUR)).look()
        await up_to_date(here)
        await Poller(here.ledger, LATER, batch=7).look()
        async with ledger_store.store() as store:
            await store.save(*(burned(book, NOON + DAY + 2 * HOUR) for book in books[10:20]))
        await up_to_date(here)
        before = rows_of(ledger_store.url)
        assert Counter(row["state"] for row in before) == {"met": 10, "missed": 30}
        await rebuild(
            here.ledger.engine, here.ledger.tail, DeadlineList(), progress=lambda _done, _total: None
        )
        assert rows_of(ledger_store.url) == before


async def test_the_figures_say_how_many_run_and_how_old_the_oldest_notice_is(
    ledger_store: EventStore,
) -> None:
    async with house(ledger_store) as here:
        await a_shelf(ledger_store, here, 3)
        async with ledger_store.store() as store:
            await store.save(opened(NOON, 99))  # stored, and not followed: nothing may be noticed
        await Poller(here.ledger, LATER, patience=0.1).look()
        assert figure("stairs_deadlines_running") == 3
        assert figure("stairs_deadlines_unnoticed_seconds") == 5 * 3600  # the warning of four hours
        await up_to_date(here)
        await Poller(here.ledger, LATER).look()
        assert figure("stairs_deadlines_running") == figure("stairs_deadlines_unnoticed_seconds") == 0


def figure(name: str) -> float | None:
    return metrics.registry().get_sample_value(name)
