"""A broker of its own that stops, hangs or dies under a publisher, a relay and a consumer."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from deploy.kafka.broker import Broker
from shared.messaging.kafka.client import NotAcknowledged, Record
from shared.messaging.kafka.producer import Publisher, Sent
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.carriers import written
from tests.support.messaging.readers import Readers
from tests.support.messaging.relay_house import house_on
from tests.support.servers.kafka import make_topic, messages

DECK = uuid4()
LONG = 60.0  # seconds for a broker to come back and everybody to find it


@pytest.fixture
def readers(event_store: EventStore) -> Readers:
    return Readers(event_store)


@asynccontextmanager
async def publishing(bootstrap: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(bootstrap, "tests")
    yield publisher
    await publisher.close()


def records(topic: str, *values: bytes) -> list[Record]:
    return [Record(topic, b"deck", value, (("ce_id", b"1"),)) for value in values]


async def _grown_to(readers: Readers, count: int) -> bool:
    return len(readers.lines()) == count


async def test_a_publisher_works_again_when_its_broker_is_back(own_broker: Broker) -> None:
    topic = make_topic(own_broker.bootstrap, "lines")
    async with publishing(own_broker.bootstrap) as publisher:
        assert await publisher.send(records(topic, b"1")) == Sent(1)
        own_broker.stop()
        assert (await publisher.send(records(topic, b"2"))).error is not None
        own_broker.start()
        assert await publisher.send(records(topic, b"3")) == Sent(1)
    assert [message.value for message in messages(own_broker.bootstrap, topic)] == [b"1", b"3"]


async def test_a_broker_that_hangs_longer_than_a_delivery_may_take_wedges_nothing(own_broker: Broker) -> None:
    topic = make_topic(own_broker.bootstrap, "lines")
    pid = own_broker.pid() or 0
    async with publishing(own_broker.bootstrap) as publisher:
        assert await publisher.send(records(topic, b"1")) == Sent(1)
        os.kill(pid, signal.SIGSTOP)
        hung = await publisher.send(records(topic, b"2"))
        os.kill(pid, signal.SIGCONT)
        assert (hung.acknowledged, hung.error is None) == (0, False)
        assert await publisher.send(records(topic, b"3")) == Sent(1)
    assert messages(own_broker.bootstrap, topic)[-1].value == b"3"


async def test_closing_ends_a_send_that_nobody_answers(own_broker: Broker) -> None:
    topic = make_topic(own_broker.bootstrap, "lines")
    publisher = Publisher(own_broker.bootstrap, "tests")
    assert await publisher.send(records(topic, b"1")) == Sent(1)
    os.kill(own_broker.pid() or 0, signal.SIGSTOP)
    sending = asyncio.create_task(publisher.send(records(topic, b"2")))
    await asyncio.sleep(0)
    async with asyncio.timeout(6):
        await publisher.close()
        assert isinstance((await sending).error, NotAcknowledged)


async def test_a_broker_that_stops_and_starts_under_filing_loses_and_doubles_nothing(
    event_store: EventStore, own_broker: Broker, readers: Readers
) -> None:
    topic = make_topic(own_broker.bootstrap, "lines")
    async with (
        house_on(event_store, own_broker.bootstrap, topic) as house,
        house.relaying(),
        readers.following(house.feed()),
    ):
        await written(house.store, DECK, *(f"before {number}" for number in range(20)))
        await eventually(lambda: _grown_to(readers, 20))
        await asyncio.to_thread(own_broker.stop)
        await written(house.store, DECK, *(f"during {number}" for number in range(20)))
        await asyncio.to_thread(own_broker.start)
        await written(house.store, DECK, *(f"after {number}" for number in range(20)))
        await eventually(lambda: _grown_to(readers, 60), within=LONG)
    expected = [f"{when} {number}" for when in ("before", "during", "after") for number in range(20)]
    assert readers.lines() == expected
    assert list(dict.fromkeys(await house.published())) == expected


async def test_a_broker_that_was_killed_keeps_what_it_acknowledged(
    event_store: EventStore, own_broker: Broker, readers: Readers
) -> None:
    topic = make_topic(own_broker.bootstrap, "lines")
    async with house_on(event_store, own_broker.bootstrap, topic) as house:
        async with house.relaying():
            await written(house.store, DECK, *(str(number) for number in range(100)))
            await eventually(house.caught_up)
            own_broker.kill()
            await asyncio.to_thread(own_broker.start)
        async with readers.following(house.feed()):
            await eventually(lambda: _grown_to(readers, 100), within=LONG)
    assert readers.lines() == [str(number) for number in range(100)]


async def test_a_consumer_that_starts_before_its_broker_begins_when_it_is_there(
    event_store: EventStore, own_broker: Broker, readers: Readers
) -> None:
    topic = make_topic(own_broker.bootstrap, "lines")
    own_broker.stop()
    async with (
        house_on(event_store, own_broker.bootstrap, topic) as house,
        house.relaying(),
        readers.following(house.feed()),
    ):
        await written(house.store, DECK, "first")
        await asyncio.to_thread(own_broker.start)
        await eventually(lambda: readers.have_read("first"), within=LONG)
