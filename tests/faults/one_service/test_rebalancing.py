"""Members of a group come, go, stand still and die under load: nothing lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.messaging.kafka.feed import KafkaFeed
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.carriers import written
from tests.support.messaging.reader_process import reader_process
from tests.support.messaging.readers import Readers
from tests.support.messaging.relay_house import House, house_on
from tests.support.servers.kafka import keys_in_every_partition

LONG = 120.0  # seconds, on a busy machine; a session ends after 10
BOOKS = keys_in_every_partition(4)


@pytest.fixture
async def house(event_store: EventStore, kafka_bootstrap: str) -> AsyncIterator[House]:
    async with house_on(event_store, kafka_bootstrap) as house, house.relaying():
        yield house


@pytest.fixture
def readers(event_store: EventStore) -> Readers:
    return Readers(event_store)


class Writer:
    """Writes into each book in turn; a line says which book it is in and which it is there."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.rounds = 0

    async def write_a_round(self) -> None:
        for number, book in enumerate(BOOKS):
            await written(self._house.store, book, f"{number}:{self.rounds}")
        self.rounds += 1

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """All the time, as long as the block."""
        stop = asyncio.Event()

        async def on_and_on() -> None:
            while not stop.is_set():
                await self.write_a_round()
                await asyncio.sleep(0.05)  # some load, and not all that the machine has

        task = asyncio.create_task(on_and_on())
        try:
            yield
        finally:
            stop.set()
            await task

    @property
    def lines(self) -> list[str]:
        return [f"{number}:{turn}" for turn in range(self.rounds) for number in range(len(BOOKS))]


def by_book(lines: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        book, _, turn = line.partition(":")
        found[book].append(int(turn))
    return found


async def all_are_read(readers: Readers, writer: Writer) -> bool:
    return len(readers.lines()) >= len(writer.lines)


def assert_each_once_and_in_order(readers: Readers, writer: Writer) -> None:
    assert by_book(readers.lines()) == {str(n): list(range(writer.rounds)) for n in range(len(BOOKS))}


async def has_a_part(readers: Readers, *members: str) -> bool:
    return readers.members() >= set(members)


def group_of(house: House) -> str:
    return f"readers-{house.topic}"


def a_feed(house: House) -> KafkaFeed:
    return KafkaFeed(house.bootstrap, [house.topic], group_of(house), house.engine)


async def test_three_members_come_and_go_under_load(house: House, readers: Readers) -> None:
    writer = Writer(house)
    async with writer.writing(), readers.following(a_feed(house), "stays"):
        async with readers.following(a_feed(house), "leaves first"):
            await eventually(lambda: has_a_part(readers, "stays", "leaves first"), within=LONG)
            async with readers.following(a_feed(house), "comes and goes"):
                await eventually(lambda: has_a_part(readers, "comes and goes"), within=LONG)
        async with readers.following(a_feed(house), "comes late"):
            await eventually(lambda: has_a_part(readers, "comes late"), within=LONG)
            so_far = len(readers.lines())
            await eventually(lambda: _more_than(readers, so_far + 50), within=LONG)
    async with readers.following(a_feed(house), "cleans up"):
        await eventually(lambda: all_are_read(readers, writer), within=LONG)
    assert_each_once_and_in_order(readers, writer)


async def _more_than(readers: Readers, count: int) -> bool:
    return len(readers.lines()) > count


async def test_a_member_that_stands_still_past_its_session_comes_back_and_doubles_nothing(
    house: House, readers: Readers, event_store: EventStore
) -> None:
    writer = Writer(house)
    with reader_process(event_store.url, house.bootstrap, house.topic, group_of(house), "sleeper") as sleeper:
        async with readers.following(a_feed(house), "awake"):
            async with writer.writing():
                await eventually(lambda: has_a_part(readers, "sleeper", "awake"), within=LONG)
            await eventually(lambda: all_are_read(readers, writer), within=LONG)
            os.kill(sleeper, signal.SIGSTOP)
            asleep_at = writer.rounds
            async with writer.writing():  # in the sleeper's partitions too
                await eventually(lambda: _read_everywhere(readers, asleep_at + 5), within=LONG)
            os.kill(sleeper, signal.SIGCONT)
            before = parts_of(event_store, "sleeper")
            async with writer.writing():
                await eventually(lambda: _has_read_more(event_store, before), within=LONG)
            await eventually(lambda: all_are_read(readers, writer), within=LONG)
    assert_each_once_and_in_order(readers, writer)


async def _read_everywhere(readers: Readers, turn: int) -> bool:
    """Whether each book is read that far: what a sleeper had is another's."""
    read = by_book(readers.lines())
    return all(turn in read[str(number)] for number in range(len(BOOKS)))


def parts_of(event_store: EventStore, member: str) -> int:
    return [row[0] for row in event_store.rows("SELECT member FROM effects")].count(member)


async def _has_read_more(event_store: EventStore, before: int) -> bool:
    return parts_of(event_store, "sleeper") > before


async def test_members_that_are_killed_lose_and_double_nothing(
    house: House, readers: Readers, event_store: EventStore
) -> None:
    writer = Writer(house)
    async with readers.following(a_feed(house), "stays"), writer.writing():
        for number in range(3):
            name = f"dies {number}"
            with reader_process(event_store.url, house.bootstrap, house.topic, group_of(house), name) as pid:
                await eventually(lambda name=name: has_a_part(readers, name), within=LONG)  # type: ignore[misc]
                os.kill(pid, signal.SIGKILL)
    async with readers.following(a_feed(house), "cleans up"):
        await eventually(lambda: all_are_read(readers, writer), within=LONG)
    assert_each_once_and_in_order(readers, writer)
