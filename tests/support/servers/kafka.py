"""Apache Kafka for tests: one broker per run, a new topic for whoever asks, and what came into it."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from kafka.errors import KafkaError
from kafka.partitioner import murmur2

from deploy.kafka import jars
from deploy.kafka.broker import Broker
from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import from_message
from shared.messaging.kafka.client import Fetched, TopicPartition, fetch, open_admin, open_consumer
from tests.support.servers.containers import image_of, kafka_in_container, reason_against
from tests.support.servers.in_memory import folder_for_servers
from tests.support.servers.ports import free_port
from tests.support.servers.requirements import allowed, unavailable
from tests.support.servers.shared_servers import address_of
from tests.support.servers.ways import came

_counter = itertools.count(1)
# A process that runs and that nobody holds is complained of by the collector.
_started: list[Broker] = []


def answers(bootstrap: str) -> bool:
    try:
        with open_admin(bootstrap) as admin:
            return bool(admin.describe_cluster()["brokers"])
    except KafkaError:
        return False


def a_broker(state: Path) -> Broker:
    """A broker from the jars, on free ports, not started."""
    return Broker(state, free_port(), free_port())


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The address of a cluster on which topics may be made."""
    given = os.environ.get("TEST_KAFKA_BOOTSTRAP")
    if given and allowed("env"):
        assert answers(given), f"TEST_KAFKA_BOOTSTRAP={given} is set, and no cluster answers there"
        came("kafka_bootstrap", "TEST_KAFKA_BOOTSTRAP")
        yield given
        return
    reasons = ["TEST_KAFKA_BOOTSTRAP is not set"]
    if allowed("local"):
        reason = local_reason()
        if reason is None:
            came("kafka_bootstrap", "Apache Kafka from its jars")
            yield address_of("kafka", _from_jars)
            return
        reasons.append(reason)
    if allowed("containers"):
        image = image_of("kafka")
        reason = reason_against(image)
        if reason is None:
            came("kafka_bootstrap", f"container {image}")
            yield address_of("kafka", lambda folder: kafka_in_container(folder, answers))
            return
        reasons.append(reason)
    unavailable("kafka", reasons)


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A started broker of this test alone, to be stopped and started under it."""
    reason = local_reason()
    if reason is not None:
        unavailable("kafka", [reason])
    with TemporaryDirectory(prefix="stairs-kafka-", dir=folder_for_servers()) as folder:
        broker = a_broker(Path(folder))
        broker.start()
        yield broker
        broker.kill()


def local_reason() -> str | None:
    """Why no broker can be started from the jars here, or None."""
    try:
        jars.java()
        jars.fetch(jars.jar_folder())
    except jars.BrokerUnavailable as reason:
        return f"local: {reason}"
    return None


def _from_jars(folder: Path) -> str:
    broker = a_broker(folder)
    broker.start()
    _started.append(broker)
    return broker.bootstrap


def new_name(stem: str = "test") -> str:
    """A name that no other test has: for a topic, a group, a consumer."""
    return f"{stem}-{os.getpid()}-{next(_counter)}"


def make_topic(bootstrap: str, name: str, *, partitions: int = 3, **config: str) -> str:
    """A topic, ready to be written to."""
    settings = {key.replace("_", "."): value for key, value in config.items()}
    wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": settings}
    with open_admin(bootstrap) as admin:
        admin.create_topics({name: wanted}, wait_for_metadata=True)
    return name


def keys_in_every_partition(each: int, partitions: int = 3) -> list[UUID]:
    """New keys, of which so many fall into each partition: chance leaves none without work."""
    found: dict[int, list[UUID]] = {number: [] for number in range(partitions)}
    while any(len(keys) < each for keys in found.values()):
        key = uuid4()
        found[(murmur2(str(key).encode()) & 0x7FFFFFFF) % partitions].append(key)
    return [key for keys in found.values() for key in keys[:each]]


@pytest.fixture
def unique_topic(kafka_bootstrap: str) -> str:
    """A new topic with three partitions and no message."""
    return make_topic(kafka_bootstrap, new_name("topic"))


def messages(bootstrap: str, topic: str, after: dict[int, int] | None = None) -> list[Fetched]:
    """Everything that stands in the topic now (after these offsets per partition), in order per partition."""
    consumer = open_consumer(bootstrap, "test-reader", None)
    try:
        partitions = [
            TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))
        ]
        ends = consumer.end_offsets(partitions, timeout_ms=10_000)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        for number, offset in (after or {}).items():
            consumer.seek(TopicPartition(topic, number), offset)
        read: list[Fetched] = []
        while any((consumer.position(tp, timeout_ms=10_000) or 0) < ends[tp] for tp in partitions):
            read.extend(fetch(consumer, 0.5))
        return read
    finally:
        consumer.close(autocommit=False, timeout_ms=2_000)


def ends_of(bootstrap: str, topic: str) -> dict[int, int]:
    """The next offset of each partition."""
    consumer = open_consumer(bootstrap, "test-reader", None)
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        return {tp.partition: end for tp, end in consumer.end_offsets(partitions, timeout_ms=10_000).items()}
    finally:
        consumer.close(autocommit=False, timeout_ms=2_000)


@asynccontextmanager
async def expect_events(
    bootstrap: str, topic: str, *expected: tuple[str, str], within: float = 30.0
) -> AsyncIterator[list[CloudEvent]]:
    """Inside this block exactly these events ``(type, key)`` appear in this topic; the list then holds them.

    Order counts per key, as it does in Kafka. Duplicates count: an event that comes twice is one too many.
    """
    seen: list[CloudEvent] = []
    before = await asyncio.to_thread(ends_of, bootstrap, topic)
    yield seen
    deadline = time.monotonic() + within
    while len(seen) < len(expected) and time.monotonic() < deadline:
        read = await asyncio.to_thread(messages, bootstrap, topic, before)
        seen[:] = [from_message(message.headers, message.value) for message in read]
    assert _by_key([(event.type, event.key) for event in seen]) == _by_key(list(expected))


def _by_key(events: list[tuple[str, str]]) -> dict[str, list[str]]:
    keys = {key for _, key in events}
    return {key: [kind for kind, of in events if of == key] for key in keys}
