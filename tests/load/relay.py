"""Publishing stored facts: our relay against a bare producer that has the same records ready in its hand."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import uvloop

from deploy.kafka.broker import Broker
from deploy.kafka.jars import BrokerUnavailable
from shared.messaging.kafka.client import Record, open_producer, post, wait_for
from shared.messaging.publishing.batch import batch_of
from shared.messaging.publishing.relay import Relay
from shared.persistence.codec import Codec
from tests.load.append import Databases
from tests.support.eventually import eventually
from tests.support.logbooks.chronicle import SOURCE, outbound
from tests.support.logbooks.event_store import EventStore, lay_plumbing
from tests.support.logbooks.logbook import a_logbook
from tests.support.servers.kafka import make_topic, new_name
from tests.support.servers.ports import free_port

BOOKS = 200  # of 100 lines each, and an opening that is not public
LINE = "calm " * 120  # a record of about 1 kB, headers included
PATIENCE = 120.0  # seconds for a round

T = TypeVar("T")


class Relaying:
    """Events a second until the last is acknowledged: ``producer``, ``relay``; nothing without Java."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._folder = tempfile.TemporaryDirectory(prefix="stairs-bench-kafka-")
        self._broker: Broker | None = None

    def __enter__(self) -> Self:
        broker = Broker(Path(self._folder.name), free_port(), free_port())
        try:
            broker.start()
        except BrokerUnavailable as reason:
            sys.stderr.write(f"relay is left out: {reason}\n")
            return self
        self._broker = broker
        url = self._databases.new_database()
        lay_plumbing(url)
        self._store = EventStore(url)
        self._records = _run(self._fill())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._broker is not None:
            self._broker.stop()
        self._folder.cleanup()

    def round(self) -> dict[str, float]:
        """Both, each into a new topic."""
        if self._broker is None:
            return {}
        return {
            "producer": self._produce(self._broker.bootstrap),
            "relay": _run(self._relay(self._broker.bootstrap)),
        }

    def _produce(self, bootstrap: str) -> float:
        topic = make_topic(bootstrap, new_name("bare"), partitions=6)
        records = [Record(topic, each.key, each.value, each.headers) for each in self._records]
        started = time.perf_counter()
        producer = open_producer(bootstrap, "bare")
        sendings = [post(producer, record) for record in records]
        assert all(wait_for(sending, PATIENCE) for sending in sendings)
        rate = len(records) / (time.perf_counter() - started)
        producer.close(timeout=10)
        return rate

    async def _relay(self, bootstrap: str) -> float:
        topic = make_topic(bootstrap, new_name("relayed"), partitions=6)
        self._store.rows("DELETE FROM positions")
        async with self._store.engine() as engine, self._store.tail() as tail:
            stop, head = asyncio.Event(), await tail.head()

            async def through() -> bool:
                return self._store.rows("SELECT position FROM positions") == [(head,)]

            started = time.perf_counter()
            relay = Relay(SOURCE, topic, tail, outbound, bootstrap, engine)
            running = asyncio.create_task(relay.run(stop))
            await eventually(through, within=PATIENCE)
            rate = len(self._records) / (time.perf_counter() - started)
            stop.set()
            await running
        return rate

    async def _fill(self) -> list[Record]:
        """Store the facts; answers the records that they are published as."""
        codec = Codec()
        async with self._store.appender() as appender, self._store.tail() as tail:
            for _ in range(BOOKS):
                book = a_logbook("Deck", *[LINE] * 100)
                await appender.append([codec.encode(event) for event in book.collect_events()])
            facts = await tail.page(0, 1_000_000)
        return list(batch_of(facts, 0, outbound, "", SOURCE).records)


def _run(work: Coroutine[object, object, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
