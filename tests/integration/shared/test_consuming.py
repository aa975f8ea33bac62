"""From the event table of one service to the effects in another, over a real broker, once each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest

from shared.messaging.consuming.feed import Delivery
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.topics import dead_letter_topic
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import Logbook
from tests.support.messaging.carriers import written
from tests.support.messaging.readers import Readers
from tests.support.messaging.relay_house import House, house_on
from tests.support.servers.kafka import keys_in_every_partition, make_topic, messages

DECK = uuid4()
LONG = 60.0  # seconds for a group to be shared out anew


@pytest.fixture
async def house(event_store: EventStore, kafka_bootstrap: str) -> AsyncIterator[House]:
    async with house_on(event_store, kafka_bootstrap) as house:
        yield house


@pytest.fixture
def readers(event_store: EventStore) -> Readers:
    return Readers(event_store)


class Dying(KafkaFeed):
    """A feed whose process dies after the effect and before the commit."""

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Nothing of it arrives."""


async def test_an_event_that_was_published_twice_takes_effect_once(house: House, readers: Readers) -> None:
    await written(house.store, DECK, "first", "second")
    async with house.relaying():
        await eventually(house.caught_up)
    house.rows.rows("DELETE FROM positions")  # as if the relay had died before it wrote its position
    async with house.relaying():
        await eventually(house.caught_up)
    assert len(await house.events()) == 4
    async with readers.following(house.feed()):
        await eventually(lambda: readers.have_read("first", "second"))
        await written(house.store, DECK, "third")
        async with house.relaying():
            await eventually(lambda: readers.have_read("first", "second", "third"))
    assert readers.lines() == ["first", "second", "third"]


async def test_a_consumer_that_died_before_it_committed_repeats_nothing(
    house: House, readers: Readers
) -> None:
    await written(house.store, DECK, "first", "second")
    async with house.relaying():
        await eventually(house.caught_up)
    dying = Dying(house.bootstrap, [house.topic], f"readers-{house.topic}", house.engine)
    async with readers.following(dying, "dying"):
        await eventually(lambda: readers.have_read("first", "second"))
    async with readers.following(house.feed(), "next"), house.relaying():
        await written(house.store, DECK, "third")
        await eventually(lambda: readers.have_read("first", "second", "third"))
    assert readers.lines() == ["first", "second", "third"]


async def test_two_members_share_the_work_and_one_takes_over(house: House, readers: Readers) -> None:
    books = keys_in_every_partition(4)
    async with house.relaying(), readers.following(house.feed(), "stays"):
        async with readers.following(house.feed(), "leaves"):
            await eventually(lambda: _both_read(house, readers, books), within=LONG)
        for book in books:
            await written(house.store, book, "after")
        await eventually(lambda: _all_read(house, readers))
    assert readers.lines().count("after") == len(books)


async def _both_read(house: House, readers: Readers, books: Sequence[UUID]) -> bool:
    for book in books:
        await written(house.store, book, "before")
    return readers.members() == {"stays", "leaves"}


async def _all_read(house: House, readers: Readers) -> bool:
    return len(readers.lines()) == sum(
        isinstance(f.fact, Logbook.Written) for f in await house.tail.page(0, 9999)
    )


async def _grown_to(readers: Readers, count: int) -> bool:
    return len(readers.lines()) == count


async def test_a_poison_message_goes_to_the_dead_letters_and_the_others_on(
    house: House, readers: Readers, event_store: EventStore
) -> None:
    twin = make_topic(house.bootstrap, dead_letter_topic(house.topic, f"readers-{house.topic}"), partitions=1)
    await written(house.store, DECK, "first", "poison", "third")
    async with house.relaying(), readers.following(house.feed()):
        await eventually(lambda: readers.have_read("first", "third"))
    (letter,) = messages(house.bootstrap, twin)
    (original,) = [each for each in messages(house.bootstrap, house.topic) if b"poison" in each.value]
    told = dict(letter.headers)
    assert (letter.key, letter.value) == (original.key, original.value)
    assert original.headers == letter.headers[: len(original.headers)]
    assert told["dlq_topic"] == house.topic.encode()
    assert told["dlq_offset"] == str(original.offset).encode()
    assert told["dlq_consumer"] == f"readers-{house.topic}".encode()
    assert (told["dlq_error"], told["dlq_attempts"]) == (b"KeyError: 'poison'", b"5")
    assert told["dlq_first_failed_at"].endswith(b"Z")
    kept = event_store.rows("SELECT event_id, reason, attempts, value FROM dead_letters")
    assert kept == [(f"{DECK}.3", "KeyError: 'poison'", 5, original.value)]
