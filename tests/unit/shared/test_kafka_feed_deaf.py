"""A member that hears nothing of what waits for it is thrown away; one with nothing to hear is left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.kafka import feed as kafka_feed
from shared.messaging.kafka.client import Fetched
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.member import Member

A_MESSAGE = Fetched("lines", 0, 0, -1, b"key", b"{}", ())


class QuietMember:
    """Says whether it is deaf as it was told to; hears a message where it was told to."""

    def __init__(self, *deaf: bool, hears: Sequence[int] = ()) -> None:
        self.deaf, self.hears = list(deaf), set(hears)
        self.polls = 0
        self.closed = False

    def fetch(self, _wait: float) -> Sequence[Fetched]:
        self.polls += 1
        return [A_MESSAGE] if self.polls in self.hears else []

    def is_deaf(self) -> bool:
        return self.deaf.pop(0)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
async def feed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KafkaFeed]:
    monkeypatch.setattr(kafka_feed, "QUIET", -1.0)  # every poll without a message is one too many
    monkeypatch.setattr(kafka_feed, "knock", lambda _bootstrap: None)
    made = KafkaFeed("127.0.0.1:1", ["lines"], "readers", cast("AsyncEngine", None))
    yield made
    await made.close()


async def polled(feed: KafkaFeed, member: QuietMember, times: int) -> bool:
    """Whether the member is still in its place afterwards."""
    feed._member = cast("Member", member)
    for _ in range(times):
        await feed.poll(0.0)
    return feed._member is cast("Member", member)


async def test_a_member_that_is_deaf_twice_in_a_row_is_thrown_away(feed: KafkaFeed) -> None:
    member = QuietMember(True, True)
    assert not await polled(feed, member, 2)
    assert member.closed


async def test_a_member_that_is_deaf_once_is_only_doubted(feed: KafkaFeed) -> None:
    assert await polled(feed, QuietMember(True, False, True), 3)


async def test_a_message_ends_the_doubt(feed: KafkaFeed) -> None:
    assert await polled(feed, QuietMember(True, True, hears=[2]), 3)


async def test_a_member_with_nothing_to_hear_is_left_alone(feed: KafkaFeed) -> None:
    assert await polled(feed, QuietMember(*[False] * 5), 5)
