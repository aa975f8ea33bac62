"""Sending to a real broker: acknowledged, refused, or nobody there."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.messaging.kafka.client import KafkaError, MessageSizeTooLargeError, Record
from shared.messaging.kafka.producer import Publisher, Sent
from tests.support.servers.kafka import make_topic, messages, new_name

NOBODY = "127.0.0.1:1"


@asynccontextmanager
async def publishing(bootstrap: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(bootstrap, "tests")
    yield publisher
    await publisher.close()


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def records(topic: str, *values: bytes) -> list[Record]:
    return [Record(topic, b"deck", value, (("ce_id", b"1"),)) for value in values]


async def test_what_is_sent_is_acknowledged_and_stands_in_the_topic_in_order(
    kafka_bootstrap: str, unique_topic: str
) -> None:
    async with publishing(kafka_bootstrap) as publisher:
        assert await publisher.send(records(unique_topic, b"1", b"2", b"3")) == Sent(3)
    assert [message.value for message in messages(kafka_bootstrap, unique_topic)] == [b"1", b"2", b"3"]


async def test_a_refused_record_fails_alone_and_the_publisher_goes_on(
    kafka_bootstrap: str, unique_topic: str
) -> None:
    small = make_topic(kafka_bootstrap, new_name("small"), max_message_bytes="20000")
    async with publishing(kafka_bootstrap) as publisher:
        refused = await publisher.send(records(small, b"x" * 30_000))
        assert isinstance(refused.error, MessageSizeTooLargeError)
        assert await publisher.send(records(unique_topic, b"1")) == Sent(1)
        assert await publisher.send(records(small, b"2")) == Sent(1)


async def test_a_record_too_large_is_never_sent_and_those_before_it_are(
    kafka_bootstrap: str, unique_topic: str
) -> None:
    async with publishing(kafka_bootstrap) as publisher:
        sent = await publisher.send(records(unique_topic, b"1", b"x" * 1_000_001, b"3"))
    assert (sent.acknowledged, type(sent.error)) == (1, MessageSizeTooLargeError)
    assert [message.value for message in messages(kafka_bootstrap, unique_topic)] == [b"1"]


async def test_a_topic_that_does_not_exist_is_an_error_and_never_made(kafka_bootstrap: str) -> None:
    async with publishing(kafka_bootstrap) as publisher:
        sent = await publisher.send(records(new_name("nowhere"), b"1"))
    assert (sent.acknowledged, isinstance(sent.error, KafkaError)) == (0, True)


async def test_a_broker_that_is_away_is_an_error_and_leaves_nothing_behind() -> None:
    async with publishing(NOBODY) as publisher:
        await publisher.send(records("lines", b"1"))
        threads, files = threading.active_count(), open_files()
        for _ in range(20):
            assert isinstance((await publisher.send(records("lines", b"1"))).error, KafkaError)
        assert threading.active_count() <= threads
        assert open_files() <= files
