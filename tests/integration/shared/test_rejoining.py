"""A member whose poll ends in the middle of a join; kafka-python 3.0.12 forgets that it was joining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.kafka import feed as kafka_feed
from shared.messaging.kafka.client import (
    Record,
    TopicPartition,
    is_joining,
    open_admin,
    open_producer,
    post,
    wait_for,
)
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.member import Member
from tests.support.eventually import eventually
from tests.support.servers.kafka import make_topic, new_name

LONG = 60.0  # seconds


@pytest.fixture
def names() -> tuple[str, str, str]:
    return new_name("there"), new_name("later"), new_name("group")


@pytest.fixture
def member(kafka_bootstrap: str, names: tuple[str, str, str]) -> Iterator[Member]:
    there, later, group = names
    make_topic(kafka_bootstrap, there, partitions=1)
    member = Member(kafka_bootstrap, [there, later], group)
    yield member
    member.close()


async def test_a_member_that_was_joining_when_its_poll_ended_goes_on_with_the_join(
    kafka_bootstrap: str, names: tuple[str, str, str], member: Member
) -> None:
    there, later, group = names

    async def has(*topics: str) -> bool:
        member.fetch(0.2)
        return member.assignment() == {TopicPartition(topic, 0) for topic in topics}

    async def joins_again() -> bool:
        member.fetch(0.0)
        return is_joining(member._consumer)

    async def is_answered() -> bool:
        with open_admin(kafka_bootstrap) as admin:
            return str(admin.describe_groups([group])[group]["group_state"]) == "Stable"

    await eventually(lambda: has(there), within=LONG)
    make_topic(kafka_bootstrap, later, partitions=1)  # a leader that learns of it joins again
    await eventually(joins_again, within=LONG)
    await eventually(is_answered, within=LONG)  # while nobody polls
    await eventually(lambda: has(there, later), within=LONG)
    _send(kafka_bootstrap, Record(later, b"key", b"land ahoy", ()))
    await eventually(lambda: _reads(member, b"land ahoy"), within=LONG)


async def test_a_member_that_hears_nothing_of_what_waits_is_replaced(
    kafka_bootstrap: str, names: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, _, group = names
    monkeypatch.setattr(kafka_feed, "QUIET", 1.0)
    make_topic(kafka_bootstrap, there, partitions=1)
    feed = KafkaFeed(kafka_bootstrap, [there], group, cast("AsyncEngine", None))

    async def hears(value: bytes) -> bool:
        return value in [each.value for each in await feed.poll(0.5)]

    try:
        _send(kafka_bootstrap, Record(there, b"key", b"ahoy", ()))
        await eventually(lambda: hears(b"ahoy"), within=LONG)
        deaf = feed._member
        assert deaf is not None
        deaf._consumer.pause(*deaf.assignment())  # as if it had lost its fetches for good
        _send(kafka_bootstrap, Record(there, b"key", b"is anybody there", ()))
        await eventually(lambda: hears(b"is anybody there"), within=LONG)
        assert feed._member is not deaf
    finally:
        await feed.close()


async def _reads(member: Member, value: bytes) -> bool:
    return value in [message.value for message in member.fetch(0.5)]


def _send(bootstrap: str, record: Record) -> None:
    producer = open_producer(bootstrap, "tests")
    assert wait_for(post(producer, record), 10.0)
    producer.close(timeout=2.0)
