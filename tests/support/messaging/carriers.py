"""The three carriers of events behind one face, for the suite that holds every feed to the same promises."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import to_record
from shared.messaging.consuming.feed import Delivery, Feed
from shared.messaging.consuming.http_feed import HttpFeed
from shared.messaging.consuming.own_feed import OwnFeed
from shared.messaging.kafka.client import Record
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.producer import Publisher
from shared.messaging.kafka.topics import dead_letter_topic
from shared.messaging.publishing.public_feed import PublicFeed
from shared.persistence.store import PostgresStore
from shared.persistence.tail import Tail
from tests.support.logbooks.chronicle import SOURCE, TOKEN, ChangesDoor, LineWritten, outbound, served
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import NOON, Logbook, a_logbook
from tests.support.servers.kafka import make_topic, new_name
from tests.support.servers.ports import free_port

CONSUMER = "readers"


class Carrier(Protocol):
    """Somebody who carries published lines to a consumer."""

    def feed(self) -> Feed: ...

    async def publish(self, logbook: UUID, *lines: str) -> None: ...

    async def garble(self) -> None: ...


async def written(store: PostgresStore, logbook: UUID, *lines: str) -> None:
    """Lines in a logbook that is opened first when it is new."""
    try:
        book = await store.load(Logbook, logbook)
    except LookupError:
        book = a_logbook(logbook_id=logbook)
    for line in lines:
        book.write(line)
    await store.save(book)


class OwnCarrier:
    """The service's own event table."""

    def __init__(self, store: PostgresStore, tail: Tail, engine: AsyncEngine) -> None:
        self._store, self._tail, self._engine = store, tail, engine

    def feed(self) -> Feed:
        return OwnFeed(self._tail, self._engine, outbound, SOURCE, CONSUMER)

    async def publish(self, logbook: UUID, *lines: str) -> None:
        await written(self._store, logbook, *lines)

    async def garble(self) -> None:
        raise NotImplementedError("our own events are never malformed")


class ChangesCarrier:
    """Another service's event table, followed over HTTP."""

    def __init__(self, base: OwnCarrier, door: ChangesDoor, url: str, token_file: Path) -> None:
        self._base, self._door, self._url, self._token_file = base, door, url, token_file

    def feed(self) -> Feed:
        return HttpFeed(self._url, self._token_file, self._base._engine, CONSUMER, source=SOURCE)

    async def publish(self, logbook: UUID, *lines: str) -> None:
        await self._base.publish(logbook, *lines)

    async def garble(self) -> None:
        self._door.garbage.append({"specversion": "0.3", "datacontenttype": "text/plain"})


class KafkaCarrier:
    """A topic of the broker."""

    def __init__(self, bootstrap: str, topic: str, publisher: Publisher, engine: AsyncEngine) -> None:
        self._bootstrap, self.topic, self._publisher, self._engine = bootstrap, topic, publisher, engine
        self._sequence = 0

    def feed(self) -> Feed:
        return KafkaFeed(self._bootstrap, [self.topic], f"{CONSUMER}-{self.topic}", self._engine)

    async def publish(self, logbook: UUID, *lines: str) -> None:
        records = [to_record(self._event(logbook, line), self.topic) for line in lines]
        assert (await self._publisher.send(records)).error is None

    async def garble(self) -> None:
        sent = await self._publisher.send([Record(self.topic, b"k", b"{}", (("ce_specversion", b"0.3"),))])
        assert sent.error is None

    def _event(self, logbook: UUID, line: str) -> CloudEvent:
        self._sequence += 1
        data = LineWritten(incident_id=logbook, line=line)
        return CloudEvent(
            id=f"{logbook}.{self._sequence}",
            source=SOURCE,
            type=data.TYPE,
            time=NOON,
            subject=str(logbook),
            key=str(logbook),
            sequence=self._sequence,
            data=data.model_dump(mode="json"),
        )


@asynccontextmanager
async def own_carrier(event_store: EventStore) -> AsyncIterator[OwnCarrier]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(event_store.store())
        tail = await stack.enter_async_context(event_store.tail())
        engine = await stack.enter_async_context(event_store.engine())
        yield OwnCarrier(store, tail, engine)


@asynccontextmanager
async def changes_carrier(event_store: EventStore, folder: Path) -> AsyncIterator[ChangesCarrier]:
    token_file = folder / "token"
    token_file.write_text(f"{TOKEN}\n")
    async with own_carrier(event_store) as base:
        door = ChangesDoor(PublicFeed(base._tail, outbound, SOURCE))
        async with served(door, free_port()) as url:
            yield ChangesCarrier(base, door, url, token_file)


@asynccontextmanager
async def kafka_carrier(event_store: EventStore, bootstrap: str) -> AsyncIterator[KafkaCarrier]:
    topic = make_topic(bootstrap, new_name("topic"))
    make_topic(bootstrap, dead_letter_topic(topic, f"{CONSUMER}-{topic}"), partitions=1)
    publisher = Publisher(bootstrap, "tests")
    async with event_store.engine() as engine:
        yield KafkaCarrier(bootstrap, topic, publisher, engine)
    await publisher.close()


async def drained(feed: Feed, count: int, *, within: float = 20.0) -> list[Delivery]:
    """So many deliveries of the feed, none of them done."""
    found: list[Delivery] = []
    deadline = time.monotonic() + within
    while len(found) < count and time.monotonic() < deadline:
        found.extend(await feed.poll(0.5))
    assert len(found) == count, f"{len(found)} of {count} came: {found}"
    return found


@asynccontextmanager
async def opened(carrier: Carrier) -> AsyncIterator[Feed]:
    """A feed of the consumer, as after a start of its process; left again at the end."""
    feed = carrier.feed()
    try:
        yield feed
    finally:
        await feed.close()


async def quiet(feed: Feed, *, during: float = 1.0) -> bool:
    """Whether nothing comes for so long."""
    return not await asyncio.wait_for(feed.poll(during), during + 10)


def lines(deliveries: Sequence[Delivery]) -> dict[str, list[str]]:
    """The lines that came, in order, by the key of their logbook."""
    found: dict[str, list[str]] = {}
    for delivery in deliveries:
        if delivery.event is not None and "line" in delivery.event.data:
            found.setdefault(delivery.event.key, []).append(delivery.event.data["line"])
    return found
