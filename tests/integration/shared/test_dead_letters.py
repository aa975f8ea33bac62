from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.messaging.consuming.feed import Delivery, Failure, MessagePlace
from shared.messaging.dead_letters.parking import DeadLetterParking, reasons
from shared.persistence.faults import StoreUnavailable
from tests.support.logbooks.event_store import EventStore

HOSTILE = Delivery(
    MessagePlace("lines", 3, 41),
    None,
    "ce_id is not UTF-8",
    b"\x00key",
    b"\x00\xff{",
    (("na\x00me\ud800", b"\x00\xff"), ("ce_id", b"\xfe")),
)
FAILURE = Failure("it said \x00 and \ud800", 0, datetime(2026, 11, 21, 12, tzinfo=UTC))


async def test_whatever_came_in_can_be_kept(event_store: EventStore) -> None:
    async with event_store.engine() as engine:
        await DeadLetterParking(engine, "readers").keep(HOSTILE, FAILURE)
    kept = event_store.rows("SELECT consumer, source, event_id, place, value, reason FROM dead_letters")
    assert kept == [
        ("readers", "lines", None, "lines:3:41", b"\x00\xff{", "it said \\0 and \\ud800"),
    ]


async def test_a_message_parked_twice_has_one_row_until_it_is_replayed(event_store: EventStore) -> None:
    async with event_store.engine() as engine:
        letters = DeadLetterParking(engine, "readers")
        await letters.keep(HOSTILE, FAILURE)
        await letters.keep(HOSTILE, FAILURE)
        assert event_store.rows("SELECT count(*) FROM dead_letters") == [(1,)]
        event_store.rows("UPDATE dead_letters SET replayed_at = now()")
        await letters.keep(HOSTILE, FAILURE)
    assert event_store.rows("SELECT count(*) FROM dead_letters") == [(2,)]


async def test_each_consumer_has_its_own(event_store: EventStore) -> None:
    async with event_store.engine() as engine:
        await DeadLetterParking(engine, "readers").keep(HOSTILE, FAILURE)
        assert not await DeadLetterParking(engine, "others").hold(HOSTILE)


async def test_a_database_that_is_away_says_so(event_store: EventStore) -> None:
    nowhere = EventStore("postgresql://nobody@127.0.0.1:1/nothing")
    async with nowhere.engine() as engine:
        with pytest.raises(StoreUnavailable):
            await DeadLetterParking(engine, "readers").keep(HOSTILE, FAILURE)


def test_the_headers_say_where_and_why() -> None:
    assert dict(reasons(HOSTILE, FAILURE, "readers")) == {
        "dlq_topic": b"lines",
        "dlq_partition": b"3",
        "dlq_offset": b"41",
        "dlq_consumer": b"readers",
        "dlq_error": b"it said \\0 and \\ud800",
        "dlq_attempts": b"0",
        "dlq_first_failed_at": b"2026-11-21T12:00:00Z",
    }
