"""What waits for a consumer: what it was brought, what stands behind that, and how old the oldest is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.in_hand import InHand
from shared.observability.metrics import samples
from tests.support.messaging.fake_feed import FakeFeed, FakeInbox, an_event, delivered


def figures(consumer: str) -> dict[str, tuple[float, float]]:
    """Lag and age by stream."""
    lags = {labels[1]: value for labels, value in samples("consumer_lag") if labels[0] == consumer}
    ages = {labels[1]: value for labels, value in samples("consumer_lag_seconds") if labels[0] == consumer}
    return {stream: (lag, ages[stream]) for stream, lag in lags.items()}


@pytest.fixture
def name() -> str:
    return f"readers-{uuid4()}"


def test_what_is_in_hand_and_what_stands_behind_it_wait(name: str) -> None:
    hand, at = InHand(name), datetime.now(UTC) - timedelta(hours=1)
    hand.took([delivered(replace(an_event(number), recorded_at=at)) for number in (1, 2, 3)])
    hand.settled()
    hand.show({"lines": 40, "pages": 2})
    found = figures(name)
    assert (found["lines"][0], found["pages"]) == (42, (2, 0))
    assert found["lines"][1] == pytest.approx(3600, abs=300)


def test_when_all_is_settled_nothing_waits(name: str) -> None:
    hand = InHand(name)
    hand.took([delivered(an_event(1))])
    hand.show({"lines": 1})
    hand.settled()
    hand.show({})
    assert figures(name) == {"lines": (0, 0)}


def test_what_is_no_event_or_of_the_future_is_as_old_as_it_is_here(name: str) -> None:
    hand, later = InHand(name), datetime.now(UTC) + timedelta(days=3)
    for delivery in (
        delivered(None, offset=1, problem="no"),
        delivered(replace(an_event(1), recorded_at=later)),
    ):
        hand.took([delivery])
        hand.show({})
        assert figures(name)["lines"][0] == 1
        assert 0 <= figures(name)["lines"][1] < 300


@pytest.mark.parametrize("is_recorded", [True, False])
def test_what_happened_years_ago_and_is_told_now_is_not_old(name: str, is_recorded: bool) -> None:
    hand, at = InHand(name), datetime.now(UTC) - timedelta(days=7 * 365)
    recorded_at = datetime.now(UTC) if is_recorded else None
    hand.took([delivered(replace(an_event(1), time=at, recorded_at=recorded_at))])
    hand.show({})
    assert 0 <= figures(name)["lines"][1] < 300


async def test_a_consumer_that_is_done_has_nothing_in_hand(name: str) -> None:
    stop = asyncio.Event()
    feed = FakeFeed([delivered(an_event(1)), delivered(an_event(2))], stop=stop)
    feed.stand_behind = {"lines": 7}
    consumer = Consumer(name, feed, FakeInbox(), {})
    await consumer.run(stop)
    await consumer.measure()
    assert figures(name) == {"lines": (7, 0)}
