"""Messages as they lie on the wire, good or bad, and the two ways on which they come to a service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import to_json
from shared.messaging.consuming.feed import Feed
from shared.messaging.consuming.http_feed import HttpFeed
from shared.messaging.kafka.client import LARGEST_REQUEST, Record
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.producer import Publisher
from shared.messaging.kafka.topics import dead_letter_topic
from tests.support.logbooks.chronicle import TOKEN, ChangesDoor, served
from tests.support.servers.kafka import make_topic, new_name
from tests.support.servers.ports import free_port

Json = dict[str, Any]


@dataclass(frozen=True)
class Wire:
    """A message of either transport: the attributes of its envelope, its data, and a record's key."""

    attributes: Json
    data: object
    key: str

    @classmethod
    def of(cls, event: CloudEvent) -> Wire:
        """The message of a good event."""
        attributes = {name: value for name, value in to_json(event).items() if name != "data"}
        return cls(attributes, event.data, event.key)

    def saying(self, **attributes: str | None) -> Wire:
        """The same with other attributes; None takes one away."""
        said = {**self.attributes, **attributes}
        return replace(self, attributes={name: value for name, value in said.items() if value is not None})

    def telling(self, **data: object) -> Wire:
        """The same with other data; None takes a field away."""
        assert isinstance(self.data, dict)
        gone = {name for name, value in data.items() if value is None}
        told = {**self.data, **data}
        return replace(self, data={name: value for name, value in told.items() if name not in gone})

    def record(self, topic: str) -> Record:
        """In Kafka's binary mode."""
        names = {"datacontenttype": "content-type", "traceparent": "traceparent"}
        headers = ((names.get(n, f"ce_{n}"), str(value).encode()) for n, value in self.attributes.items())
        return Record(topic, self.key.encode(), orjson.dumps(self.data), tuple(headers))

    def item(self, sequence: int) -> Json:
        """In structured mode; the feed's producer numbers what it publishes."""
        return {**self.attributes, "sequence": str(sequence), "data": self.data}


class Line(Protocol):
    """One transport, from a producer to a consumer."""

    bootstrap: str | None

    def feed(self, engine: AsyncEngine, consumer: str) -> Feed: ...

    async def send(self, *messages: Wire) -> None: ...


class KafkaLine:
    """A topic of its own, and its dead-letter twin."""

    def __init__(self, bootstrap: str, topic: str, publisher: Publisher) -> None:
        self.bootstrap: str | None = bootstrap
        self._address, self._topic, self._publisher = bootstrap, topic, publisher

    def feed(self, engine: AsyncEngine, consumer: str) -> Feed:
        make_topic(self._address, dead_letter_topic(self._topic, consumer), partitions=1)
        return KafkaFeed(self._address, [self._topic], consumer, engine)

    async def send(self, *messages: Wire) -> None:
        sent = await self._publisher.send([message.record(self._topic) for message in messages])
        assert sent.error is None


class FeedLine(ChangesDoor):
    """A producer's ``/v1/changes``."""

    def __init__(self, token_file: Path, source: str) -> None:
        self.bootstrap: str | None = None
        self.broken = False
        self.garbage: list[object] = []
        self.url = ""
        self._token_file, self._source = token_file, source
        self._items: list[Json] = []

    def feed(self, engine: AsyncEngine, consumer: str) -> Feed:
        return HttpFeed(self.url, self._token_file, engine, consumer, source=self._source)

    async def send(self, *messages: Wire) -> None:
        for message in messages:
            self._items.append(message.item(len(self._items) + 1))

    async def _page(self, asked: dict[str, list[str]]) -> Json:
        after = int(asked["after"][0])
        if len(self._items) <= after:
            await asyncio.sleep(0.05)
        return {"items": self._items[after:], "next_after": max(after, len(self._items))}


@asynccontextmanager
async def kafka_line(bootstrap: str) -> AsyncIterator[Line]:
    topic = make_topic(bootstrap, new_name("wire"))
    publisher = Publisher(bootstrap, "wire", largest=LARGEST_REQUEST + 40_000)  # more than we ever send
    yield KafkaLine(bootstrap, topic, publisher)
    await publisher.close()


@asynccontextmanager
async def feed_line(folder: Path, source: str) -> AsyncIterator[Line]:
    token_file = folder / "token"
    token_file.write_text(TOKEN)
    line = FeedLine(token_file, source)
    async with served(line, free_port()) as line.url:
        yield line


Spoil = Callable[[Wire], Wire]
"""What is wrong with a message."""
