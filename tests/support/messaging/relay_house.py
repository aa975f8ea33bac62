"""A service's event table with its relay, on a real database and a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import from_message
from shared.messaging.kafka.client import Record
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.producer import Outlet, Sent
from shared.messaging.publishing.relay import Relay
from shared.persistence.store import PostgresStore
from shared.persistence.tail import Tail
from tests.support.logbooks.chronicle import SOURCE, outbound
from tests.support.logbooks.event_store import EventStore
from tests.support.servers.kafka import make_topic, messages, new_name


class Crash(BaseException):
    """The process ends here: nothing after it happens."""


@dataclass
class Between(Outlet):
    """An outlet that stands before another and can lose what comes back."""

    behind: Outlet
    crash_after: int | None = None  # sends whose answer is lost in a crash
    sent: list[int] = field(default_factory=list)

    async def send(self, records: Sequence[Record]) -> Sent:
        answer = await self.behind.send(records)
        self.sent.append(len(records))
        if len(self.sent) == self.crash_after:
            raise Crash
        return answer

    async def close(self) -> None:
        await self.behind.close()


@dataclass
class House:
    """A service's event table with its followers, and a topic for what it publishes."""

    bootstrap: str
    topic: str
    store: PostgresStore
    tail: Tail
    engine: AsyncEngine
    rows: EventStore

    def relay(self, *, outlet: Outlet | None = None) -> Relay:
        return Relay(SOURCE, self.topic, self.tail, outbound, self.bootstrap, self.engine, outlet=outlet)

    @asynccontextmanager
    async def relaying(self, relay: Relay | None = None) -> AsyncIterator[asyncio.Task[None]]:
        stop = asyncio.Event()
        task = asyncio.create_task((relay or self.relay()).run(stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.gather(task, return_exceptions=True)

    def feed(self) -> KafkaFeed:
        """A reader of the topic; all of them are one group."""
        return KafkaFeed(self.bootstrap, [self.topic], f"readers-{self.topic}", self.engine)

    def position(self) -> int:
        found = self.rows.rows("SELECT position FROM positions WHERE name = 'relay'")
        return found[0][0] if found else 0

    async def caught_up(self) -> bool:
        return self.position() == await self.tail.head()

    async def events(self) -> list[CloudEvent]:
        """What stands in the topic, in order per key."""
        read = await asyncio.to_thread(messages, self.bootstrap, self.topic)
        return [from_message(message.headers, message.value) for message in read]

    async def published(self) -> list[str]:
        """The lines that stand in the topic."""
        return [event.data["line"] for event in await self.events()]


@asynccontextmanager
async def house_on(event_store: EventStore, bootstrap: str, topic: str | None = None) -> AsyncIterator[House]:
    topic = topic or make_topic(bootstrap, new_name("topic"))
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(event_store.store())
        tail = await stack.enter_async_context(event_store.tail())
        engine = await stack.enter_async_context(event_store.engine())
        yield House(bootstrap, topic, store, tail, engine, event_store)
