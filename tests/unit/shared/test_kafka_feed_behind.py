"""A broker that does not say how much there is to read is no failure of who reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.kafka import feed as kafka_feed
from shared.messaging.kafka.client import KafkaError
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.member import Member


class AskedMember:
    """A member of which only its offsets are asked."""

    def __init__(self, *answers: dict[str, int] | KafkaError | None) -> None:
        self.answers = list(answers)

    def behind(self) -> dict[str, int] | None:
        answer = self.answers.pop(0)
        if isinstance(answer, KafkaError):
            raise answer
        return answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def feed() -> AsyncIterator[KafkaFeed]:
    made = KafkaFeed("127.0.0.1:1", ["lines"], "readers", cast("AsyncEngine", None))
    yield made
    await made.close()


def joined_by(feed: KafkaFeed, member: AskedMember) -> None:
    feed._member = cast("Member", member)


async def test_the_broker_is_asked_rarely(feed: KafkaFeed) -> None:
    member = AskedMember({"lines": 3}, {"lines": 0})
    joined_by(feed, member)
    assert [await feed.behind(), await feed.behind()] == [{"lines": 3}] * 2
    assert len(member.answers) == 1


async def test_while_the_broker_is_silent_the_old_answer_holds(
    feed: KafkaFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_feed, "LOOK_EVERY", -1.0)
    member = AskedMember({"lines": 3}, KafkaError("nobody answers"), {"lines": 0})
    joined_by(feed, member)
    assert [await feed.behind() for _ in range(3)] == [{"lines": 3}, {"lines": 3}, {"lines": 0}]
    assert feed._member is not None


async def test_amid_a_join_the_old_answer_holds_and_the_next_asker_looks_again(feed: KafkaFeed) -> None:
    joined_by(feed, AskedMember(None, {"lines": 3}))
    assert [await feed.behind(), await feed.behind()] == [{}, {"lines": 3}]


async def test_who_is_no_member_yet_knows_of_nothing(feed: KafkaFeed) -> None:
    assert await feed.behind() == {}
