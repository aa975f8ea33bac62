"""The relay on a real event table and a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from shared.messaging.kafka.producer import Publisher
from shared.messaging.publishing.relay import Unpublishable
from tests.support.eventually import eventually
from tests.support.logbooks.chronicle import LineWritten
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import a_logbook
from tests.support.messaging.carriers import written
from tests.support.messaging.relay_house import Between, Crash, House, house_on
from tests.support.servers.kafka import expect_events, make_topic, new_name

DECK, HOLD = uuid4(), uuid4()
KIND = LineWritten.TYPE
END_LOCKERS = """
    SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND locktype = 'advisory'
"""


@pytest.fixture
async def house(event_store: EventStore, kafka_bootstrap: str) -> AsyncIterator[House]:
    async with house_on(event_store, kafka_bootstrap) as house:
        yield house


async def test_public_facts_appear_in_the_topic_in_their_order(house: House) -> None:
    expected = [(KIND, str(DECK)), (KIND, str(HOLD)), (KIND, str(DECK))]
    async with house.relaying(), expect_events(house.bootstrap, house.topic, *expected) as events:
        await written(house.store, DECK, "first")
        await written(house.store, HOLD, "below")
        await written(house.store, DECK, "second")
    assert [event.data["line"] for event in events if event.key == str(DECK)] == ["first", "second"]


async def test_the_position_moves_over_what_is_not_public(house: House) -> None:
    book = a_logbook("Deck")
    book.burn()
    await house.store.save(book)
    async with house.relaying():
        await eventually(house.caught_up)
    assert await house.published() == []


async def test_more_than_a_batch_is_published_whole(house: House) -> None:
    await written(house.store, DECK, *(str(number) for number in range(1200)))
    async with house.relaying():
        await eventually(house.caught_up)
    assert await house.published() == [str(number) for number in range(1200)]


async def test_a_second_start_goes_on_where_the_first_one_stopped(house: House) -> None:
    await written(house.store, DECK, "first")
    async with house.relaying():
        await eventually(house.caught_up)
    await written(house.store, DECK, "second")
    async with house.relaying():
        await eventually(house.caught_up)
    assert await house.published() == ["first", "second"]


async def test_a_crash_between_send_and_record_publishes_the_same_events_again(house: House) -> None:
    await written(house.store, DECK, "first", "second")
    outlet = Between(Publisher(house.bootstrap, "crashing"), crash_after=1)
    with pytest.raises(Crash):
        await house.relay(outlet=outlet).run(asyncio.Event())
    async with house.relaying():
        await eventually(house.caught_up)
    assert [event.id for event in await house.events()] == [f"{DECK}.2", f"{DECK}.3"] * 2


async def test_of_two_relays_one_is_active_and_the_other_takes_over(house: House) -> None:
    first, second = (Between(Publisher(house.bootstrap, name)) for name in ("first", "second"))
    async with AsyncExitStack() as early:
        await early.enter_async_context(house.relaying(house.relay(outlet=first)))
        await written(house.store, DECK, "one")
        await eventually(house.caught_up)
        async with house.relaying(house.relay(outlet=second)):
            await written(house.store, DECK, "two")
            await eventually(house.caught_up)
            assert second.sent == []
            await early.aclose()
            await written(house.store, DECK, "three")
            await eventually(house.caught_up)
    assert second.sent == [1]
    assert await house.published() == ["one", "two", "three"]


async def test_a_relay_that_loses_its_session_leads_again(house: House) -> None:
    async with house.relaying():
        await written(house.store, DECK, "one")
        await eventually(house.caught_up)
        house.rows.rows(END_LOCKERS)
        await written(house.store, DECK, "two")
        await eventually(house.caught_up)
    assert list(dict.fromkeys(await house.published())) == ["one", "two"]


async def test_a_record_that_the_broker_refuses_for_good_stops_the_relay_before_it(
    event_store: EventStore, kafka_bootstrap: str
) -> None:
    small = make_topic(kafka_bootstrap, new_name("small"), max_message_bytes="20000")
    async with house_on(event_store, kafka_bootstrap, small) as house:
        await written(house.store, DECK, "first", "x" * 30_000, "third")
        with pytest.raises(Unpublishable, match="position 3") as stopped:
            await house.relay().run(asyncio.Event())
        assert house.position() == 2
        assert stopped.value.position == 3
        assert await house.published() == ["first"]


async def test_a_record_too_large_for_any_broker_stops_the_relay_before_it(house: House) -> None:
    await written(house.store, DECK, "first", "x" * 1_100_000, "third")
    with pytest.raises(Unpublishable, match="the largest that is sent are"):
        await house.relay().run(asyncio.Event())
    assert house.position() == 2
