from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
import structlog
from pydantic import BaseModel
from structlog.testing import capture_logs

from shared.contracts.envelope import CloudEvent
from shared.kernel.errors import Conflict
from shared.kernel.store import StreamMoved
from shared.kernel.trail import Trail
from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.feed import Delivery, FeedUnavailable
from shared.observability.correlation import correlation_id, present
from shared.persistence.back_off import BackOff
from shared.persistence.faults import StoreUnavailable
from shared.persistence.unit_of_work import UnitOfWork
from tests.support.messaging.fake_feed import FakeFeed, FakeInbox, an_event, delivered

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
AT_ONCE = BackOff(first=0.0001, most=0.0001)


class Reader:
    """A handler that can be told to fail for a certain event, so many times."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.failures: dict[str, list[Exception]] = {}

    async def read_line(self, event: CloudEvent, _unit: UnitOfWork) -> None:
        failures = self.failures.get(event.id, [])
        if failures:
            raise failures.pop(0)
        self.read.append(event.id)


class Scene:
    """A consumer between a fake feed and a fake inbox."""

    def __init__(self, *batches: Sequence[Delivery], seen: tuple[str, ...] = ()) -> None:
        self.stop = asyncio.Event()
        self.feed, self.inbox, self.reader = FakeFeed(*batches, stop=self.stop), FakeInbox(*seen), Reader()

    async def play(self) -> None:
        handlers = {"tests.line.written.v1": self.reader.read_line}
        consumer = Consumer("readers", self.feed, self.inbox, handlers, back_off=AT_ONCE)
        async with asyncio.timeout(5):
            await consumer.run(self.stop)


ONE, TWO, THREE = (delivered(an_event(number)) for number in (1, 2, 3))


async def test_messages_are_handled_in_their_order_and_said_done() -> None:
    scene = Scene([ONE, TWO], [THREE])
    await scene.play()
    assert scene.reader.read == ["book.1", "book.2", "book.3"]
    assert scene.feed.finished == [1, 2, 3]


async def test_a_message_that_was_handled_before_is_done_without_an_effect() -> None:
    scene = Scene([ONE, TWO], seen=("book.1",))
    await scene.play()
    assert scene.reader.read == ["book.2"]
    assert scene.feed.finished == [1, 2]


async def test_a_message_of_an_unknown_type_is_done_without_an_effect() -> None:
    scene = Scene([delivered(an_event(1, "tests.logbook.praised.v1")), TWO])
    await scene.play()
    assert scene.reader.read == ["book.2"]
    assert scene.feed.finished == [1, 2]


async def test_a_malformed_message_is_parked_at_once_and_the_next_is_handled() -> None:
    scene = Scene([delivered(None, offset=1, problem="id is missing"), TWO])
    await scene.play()
    assert (scene.feed.parked[1].reason, scene.feed.parked[1].attempts) == ("id is missing", 0)
    assert scene.reader.read == ["book.2"]
    assert scene.feed.finished == [1, 2]


async def test_a_message_that_is_refused_for_a_while_takes_effect_in_its_order() -> None:
    scene = Scene([ONE, TWO])
    scene.reader.failures["book.1"] = [Conflict("not yet"), Conflict("not yet")]
    await scene.play()
    assert scene.reader.read == ["book.1", "book.2"]
    assert scene.feed.parked == {}


async def test_a_poison_message_is_parked_and_never_stops_the_others() -> None:
    scene = Scene([ONE, TWO])
    scene.reader.failures["book.1"] = [KeyError("line")] * 99
    await scene.play()
    assert scene.reader.read == ["book.2"]
    assert scene.feed.finished == [1, 2]
    assert (scene.feed.parked[1].reason, scene.feed.parked[1].attempts) == ("KeyError: 'line'", 5)


async def test_data_that_break_the_contract_are_parked_without_a_second_try() -> None:
    class Line(BaseModel):
        line: int

    async def read_number(event: CloudEvent, _unit: UnitOfWork) -> None:
        Line.model_validate({"line": "1234567890x"})

    stop = asyncio.Event()
    feed = FakeFeed([ONE], stop=stop)
    await Consumer("readers", feed, FakeInbox(), {"tests.line.written.v1": read_number}).run(stop)
    assert feed.parked[1].attempts == 1
    assert feed.parked[1].reason.startswith("Line: line: Input should be a valid integer")
    assert "1234567890" not in feed.parked[1].reason


async def test_a_database_that_is_away_costs_no_attempt() -> None:
    scene = Scene([ONE])
    scene.inbox.trouble = [StoreUnavailable() for _ in range(40)]
    await scene.play()
    assert scene.reader.read == ["book.1"]
    assert scene.feed.parked == {}


async def test_lost_races_are_run_again() -> None:
    scene = Scene([ONE])
    scene.reader.failures["book.1"] = [StreamMoved()] * 9
    await scene.play()
    assert scene.reader.read == ["book.1"]


async def test_a_message_that_loses_every_race_is_parked() -> None:
    scene = Scene([ONE, TWO])
    scene.reader.failures["book.1"] = [StreamMoved()] * 99
    await scene.play()
    assert scene.feed.parked[1].attempts == 10
    assert scene.reader.read == ["book.2"]


async def test_a_carrier_that_is_away_is_asked_again() -> None:
    scene = Scene([ONE, TWO])
    scene.feed.trouble = [FeedUnavailable(), StoreUnavailable()]
    await scene.play()
    assert scene.feed.finished == [1, 2]


async def test_a_message_is_parked_even_if_the_carrier_is_away_for_a_while() -> None:
    scene = Scene([ONE, TWO])
    scene.reader.failures["book.1"] = [KeyError("line")] * 5

    async def troubled(event: CloudEvent, unit: UnitOfWork) -> None:
        scene.feed.trouble = [FeedUnavailable()]
        await scene.reader.read_line(event, unit)

    consumer = Consumer("readers", scene.feed, scene.inbox, {ONE.event.type: troubled}, back_off=AT_ONCE)  # type: ignore[union-attr]  # ONE is an event
    await consumer.run(scene.stop)
    assert list(scene.feed.parked) == [1]


async def test_a_bug_of_the_feed_itself_ends_the_consumer_loudly() -> None:
    scene = Scene([ONE])
    scene.feed.trouble = [TypeError("a bug")]
    with pytest.raises(TypeError, match="a bug"):
        await scene.play()
    assert scene.feed.closed


async def test_a_stop_lets_the_message_in_hand_finish_and_leaves_the_rest() -> None:
    scene = Scene([ONE, TWO])

    async def stop_here(event: CloudEvent, unit: UnitOfWork) -> None:
        scene.stop.set()
        await scene.reader.read_line(event, unit)

    await Consumer("readers", scene.feed, scene.inbox, {"tests.line.written.v1": stop_here}).run(scene.stop)
    assert scene.reader.read == ["book.1"]
    assert scene.feed.finished == [1]
    assert scene.feed.closed


async def test_a_stop_ends_the_wait_for_a_database_and_the_message_comes_again() -> None:
    scene = Scene([ONE, TWO])

    async def away(_event: CloudEvent, _unit: UnitOfWork) -> None:
        scene.stop.set()
        raise StoreUnavailable

    handlers = {"tests.line.written.v1": away}
    async with asyncio.timeout(5):
        await Consumer("readers", scene.feed, scene.inbox, handlers, back_off=BackOff(60, 60)).run(scene.stop)
    assert scene.feed.finished == []


async def test_log_lines_of_a_handler_name_the_message() -> None:
    told: list[str | None] = []

    async def tell(_event: CloudEvent, _unit: UnitOfWork) -> None:
        told.append(correlation_id.get())
        told.append(str(structlog.contextvars.get_contextvars()["ce_type"]))

    stop = asyncio.Event()
    await Consumer("readers", FakeFeed([ONE], stop=stop), FakeInbox(), {"tests.line.written.v1": tell}).run(
        stop
    )
    assert told == ["book.1", "tests.line.written.v1"]
    assert correlation_id.get() is None


async def test_what_a_message_causes_belongs_to_the_request_behind_it() -> None:
    found: list[Trail | None] = []

    async def look(_event: CloudEvent, _unit: UnitOfWork) -> None:
        found.append(present())

    traced = replace(an_event(2), correlation_id="order-66", traceparent=TRACE)
    scene = Scene([delivered(an_event(1)), delivered(traced)])
    await Consumer("readers", scene.feed, scene.inbox, {"tests.line.written.v1": look}).run(scene.stop)
    assert found == [Trail("book.1"), Trail("order-66", TRACE)]
    assert present() is None


async def test_a_dead_letter_is_an_error_that_somebody_reads() -> None:
    scene = Scene([delivered(None, offset=1, problem="id is missing")])
    with capture_logs() as logs:
        await scene.play()
    assert logs == [
        {
            "event": "message_dead_lettered",
            "log_level": "error",
            "consumer": "readers",
            "place": "lines:0:1",
            "reason": "id is missing",
            "attempts": 0,
        }
    ]
