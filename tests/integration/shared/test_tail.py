"""Reading in order: woken early, missing nothing, whoever writes."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing

from shared.persistence.tail import Tail
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore, Logbooks
from tests.support.logbooks.logbook import a_logbook


async def test_pages_follow_each_other_in_order(event_store: EventStore) -> None:
    logbook = a_logbook("Deck", "1", "2", "3", "4")
    async with event_store.store() as store, event_store.tail() as tail:
        assert await tail.page(0) == []
        assert await tail.head() == 0
        await store.save(logbook)
        assert [each.position for each in await tail.page(0, 2)] == [1, 2]
        assert [each.position for each in await tail.page(2, 2)] == [3, 4]
        assert [each.position for each in await tail.page(4, 2)] == [5]
        assert await tail.head() == 5
        assert (await tail.page(0))[0].fact.originator_id == logbook.id


async def test_a_follower_is_woken_by_the_first_event(event_store: EventStore) -> None:
    async with event_store.store() as store, event_store.tail() as tail:
        await tail.page(0)
        waiting = asyncio.create_task(tail.wait(60))
        await asyncio.sleep(0)
        await store.save(a_logbook())
        await asyncio.wait_for(waiting, 10)
        assert len(await tail.page(0)) == 1


async def test_what_comes_between_reading_and_waiting_wakes_too(event_store: EventStore) -> None:
    async with event_store.store() as store, event_store.tail() as tail:
        await tail.page(0)
        await store.save(a_logbook())
        await asyncio.wait_for(tail.wait(60), 10)


async def test_who_shares_a_tail_is_not_left_asleep_by_the_others(event_store: EventStore) -> None:
    async with event_store.store() as store, event_store.tail() as tail:
        await tail.page(0)
        await store.save(a_logbook())
        assert len(await tail.page(0)) == 1
        await asyncio.wait_for(tail.wait(60, after=0), 10)


async def test_waiting_ends_when_its_time_is_over(event_store: EventStore) -> None:
    async with event_store.tail() as tail:
        await tail.page(0)
        started = time.monotonic()
        await tail.wait(0.05, after=0)
        assert 0.04 <= time.monotonic() - started < 5


async def test_a_tail_survives_the_loss_of_its_connection(event_store: EventStore) -> None:
    kill = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'stairs tail'
    """
    async with event_store.store() as store, event_store.tail() as tail:
        await tail.page(0)
        event_store.rows(kill)
        await asyncio.wait_for(tail.wait(60), 10)
        await store.save(a_logbook())

        async def read() -> bool:
            return len(await tail.page(0)) == 1

        await eventually(read)


async def read_until(tail: Tail, last: int) -> list[int]:
    seen = [0]
    while seen[-1] < last:
        page = await tail.page(seen[-1], 100)
        seen.extend(each.position for each in page)
        if not page:
            await tail.wait(0.5, after=seen[-1])
    return seen[1:]


async def append(event_store: EventStore, saves: int) -> None:
    async with event_store.store() as store:
        for _ in range(saves):
            await asyncio.gather(*(store.save(a_logbook("A", "1")) for _ in range(5)))


def save(application: Logbooks, saves: int) -> None:
    for _ in range(saves):
        application.save(a_logbook("L", "1"))


async def test_a_reader_under_load_misses_nothing(event_store: EventStore) -> None:
    """Two appenders and two threads of the library's own application write; one reader tails them all."""
    with closing(event_store.application()) as application:
        async with event_store.tail() as tail:
            reader = asyncio.create_task(read_until(tail, 2 * 20 * 5 * 2 + 2 * 50 * 2))
            await asyncio.gather(
                append(event_store, 20),
                append(event_store, 20),
                asyncio.to_thread(save, application, 50),
                asyncio.to_thread(save, application, 50),
            )
            seen = await reader
    stored = event_store.rows("SELECT notification_id FROM logbooks_events ORDER BY 1")
    assert seen == [row[0] for row in stored]
    assert len(seen) == 600
