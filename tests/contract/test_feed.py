"""One suite over all feeds: what a consumer may rely on, whoever carries the events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from shared.messaging.consuming.feed import Failure, Feed
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.carriers import (
    Carrier,
    changes_carrier,
    drained,
    kafka_carrier,
    lines,
    opened,
    own_carrier,
    quiet,
)

FAILURE = Failure("it was not to be", 5, datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture(params=["own", "changes", "kafka"])
async def carrier(
    request: pytest.FixtureRequest, event_store: EventStore, tmp_path: Path
) -> AsyncIterator[Carrier]:
    if request.param == "own":
        async with own_carrier(event_store) as own:
            yield own
    elif request.param == "changes":
        async with changes_carrier(event_store, tmp_path) as changes:
            yield changes
    else:
        async with kafka_carrier(event_store, request.getfixturevalue("kafka_bootstrap")) as kafka:
            yield kafka


DECK, HOLD = uuid4(), uuid4()


async def test_the_order_of_each_key_is_kept(carrier: Carrier) -> None:
    for number in range(5):
        await carrier.publish(DECK, f"deck {number}")
        await carrier.publish(HOLD, f"hold {number}")
    async with opened(carrier) as feed:
        found = lines(await drained(feed, 10))
    assert found == {
        str(DECK): [f"deck {number}" for number in range(5)],
        str(HOLD): [f"hold {number}" for number in range(5)],
    }


async def test_an_event_comes_as_it_was_published(carrier: Carrier) -> None:
    await carrier.publish(DECK, "all well")
    async with opened(carrier) as feed:
        (delivery,) = await drained(feed, 1)
    event = delivery.event
    assert event is not None
    assert (event.type, event.source, event.key) == ("tests.line.written.v1", "/logbooks", str(DECK))
    assert event.data == {"incident_id": str(DECK), "line": "all well"}
    assert delivery.problem is None
    assert delivery.key == str(DECK).encode()


async def test_what_is_done_does_not_come_again(carrier: Carrier) -> None:
    await carrier.publish(DECK, "first", "second")
    async with opened(carrier) as feed:
        await feed.done(await drained(feed, 2))
    await carrier.publish(DECK, "third")
    async with opened(carrier) as feed:
        assert lines(await drained(feed, 1)) == {str(DECK): ["third"]}


async def test_what_is_not_done_comes_again_after_a_restart(carrier: Carrier) -> None:
    await carrier.publish(DECK, "first", "second")
    async with opened(carrier) as feed:
        await drained(feed, 2)
    async with opened(carrier) as feed:
        assert lines(await drained(feed, 2)) == {str(DECK): ["first", "second"]}


async def test_of_a_batch_only_what_is_not_done_comes_again(carrier: Carrier) -> None:
    await carrier.publish(DECK, "first", "second", "third")
    async with opened(carrier) as feed:
        await feed.done((await drained(feed, 3))[:2])
    async with opened(carrier) as feed:
        assert lines(await drained(feed, 1)) == {str(DECK): ["third"]}


async def test_within_one_start_nothing_comes_twice(carrier: Carrier) -> None:
    await carrier.publish(DECK, "first")
    async with opened(carrier) as feed:
        await drained(feed, 1)
        assert await quiet(feed)


async def test_a_poll_ends_when_nothing_comes(carrier: Carrier) -> None:
    async with opened(carrier) as feed:
        assert await quiet(feed, during=0.2)


async def test_a_poll_that_waits_is_woken_by_what_comes(carrier: Carrier) -> None:
    async with opened(carrier) as feed:
        await quiet(feed)
        waiting = asyncio.create_task(feed.poll(20.0))
        began = time.monotonic()
        await carrier.publish(DECK, "land ahoy")
        assert lines(await waiting) == {str(DECK): ["land ahoy"]}
    assert time.monotonic() - began < 5


async def test_what_is_parked_is_kept_once_with_its_reason(carrier: Carrier, event_store: EventStore) -> None:
    await carrier.publish(DECK, "a curse")
    async with opened(carrier) as feed:
        (delivery,) = await drained(feed, 1)
        await feed.park(delivery, FAILURE)
        await feed.park(delivery, FAILURE)
    kept = event_store.rows("SELECT source, event_id, place, reason, attempts FROM dead_letters")
    assert delivery.event is not None
    assert kept == [("/logbooks", delivery.event.id, str(delivery.place), "it was not to be", 5)]


async def test_what_stands_behind_what_was_read_is_known(carrier: Carrier) -> None:
    await carrier.publish(DECK, "first")
    async with opened(carrier) as feed:
        await drained(feed, 1)
        await carrier.publish(DECK, "second", "third")
        await eventually(partial(stand_behind, feed, 2), within=60)
        await drained(feed, 2)


async def test_behind_what_is_all_read_stands_nothing(carrier: Carrier) -> None:
    await carrier.publish(DECK, "first", "second")
    async with opened(carrier) as feed:
        await drained(feed, 2)
        await eventually(partial(stand_behind, feed, 0), within=60)


async def stand_behind(feed: Feed, wanted: int) -> bool:
    found = await feed.behind()
    return bool(found) and sum(found.values()) == wanted


async def test_a_feed_that_was_never_asked_for_news_says_nothing_wrong(carrier: Carrier) -> None:
    async with opened(carrier) as feed:
        assert sum((await feed.behind()).values()) == 0


@pytest.mark.parametrize("carrier", ["changes", "kafka"], indirect=True)
async def test_what_is_malformed_is_delivered_with_its_problem(carrier: Carrier) -> None:
    await carrier.garble()
    await carrier.publish(DECK, "all well")
    async with opened(carrier) as feed:
        found = await drained(feed, 2)
    assert sorted(delivery.problem or "" for delivery in found) == [
        "",
        "content-type is not application/json",
    ]
    assert lines(found) == {str(DECK): ["all well"]}


async def test_a_feed_can_be_closed_twice(carrier: Carrier) -> None:
    feed = carrier.feed()
    await feed.poll(0.1)
    await feed.close()
    await feed.close()
