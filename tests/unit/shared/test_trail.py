"""What one request causes can be found again: its trail is stored with the facts, and goes out with them."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Mapper, StoredEvent

from shared.kernel.trail import Trail
from shared.messaging.cloud_events import from_json, from_message, to_json, to_record
from shared.messaging.publishing.outgoing import published_event
from shared.observability.correlation import following, present
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec, Recorded
from shared.persistence.transcoder import OrjsonTranscoder
from tests.support.logbooks.chronicle import SOURCE, outbound
from tests.support.logbooks.logbook import Logbook, a_logbook
from tests.support.logbooks.memory_store import MemoryStore

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"  # W3C's own example; ten digits in a row
TRAIL = Trail("6f0c1d5e-0000-4000-8000-000000000000", TRACE)
UNTRACED = Trail("order-66")


def stored(trail: Trail | None, logbook: Logbook) -> list[StoredEvent]:
    with following(trail):
        return [Codec().encode(fact) for fact in logbook.pending_events]


def recorded(row: StoredEvent, position: int = 1) -> Recorded:
    assert isinstance(row.originator_id, UUID)
    return Codec().recorded(position, row.topic, row.state, row.originator_id, row.originator_version)


@pytest.mark.parametrize("trail", [None, TRAIL, UNTRACED], ids=["none", "whole", "untraced"])
def test_a_fact_comes_back_equal_and_its_trail_beside_it(trail: Trail | None) -> None:
    logbook = a_logbook("Deck", "calm")
    found = [recorded(row) for row in stored(trail, logbook)]
    assert [each.fact for each in found] == logbook.pending_events  # type: ignore[comparison-overlap]  # as in test_codec
    assert {each.trail for each in found} == {trail}


def test_without_a_trail_a_row_is_what_the_library_writes() -> None:
    logbook = a_logbook("Deck", "calm")
    librarys: Mapper[UUID] = Mapper(OrjsonTranscoder())
    assert stored(None, logbook) == [librarys.to_stored_event(fact) for fact in logbook.pending_events]


def test_a_trail_adds_two_keys_and_changes_no_other() -> None:
    logbook = a_logbook("Deck")
    (plain,), (marked,) = stored(None, logbook), stored(TRAIL, logbook)
    assert marked.state.startswith(plain.state[:-1])
    before, after = orjson.loads(plain.state), orjson.loads(marked.state)
    assert after == {**before, "_correlation_id": TRAIL.correlation_id, "_traceparent": TRACE}


def test_the_library_alone_makes_the_same_aggregate_of_it() -> None:
    logbook = a_logbook("Deck", "calm")
    librarys: Mapper[UUID] = Mapper(OrjsonTranscoder())
    facts = [librarys.to_domain_event(row) for row in stored(TRAIL, logbook)]
    logbook.collect_events()
    again = aggregate_of(Logbook, logbook.id, [fact for fact in facts if isinstance(fact, DomainEvent)], None)
    assert (again, again.lines) == (logbook, ["calm"])


def test_a_fact_without_a_trail_is_published_without_one() -> None:
    old = recorded(stored(None, a_logbook("Deck", "calm"))[1])
    event = published_event(old, outbound, SOURCE)
    assert event is not None
    assert {name for name, _ in to_record(event, "t").headers} & {"traceparent", "ce_correlationid"} == set()
    assert to_json(event).keys() & {"traceparent", "correlationid"} == set()


def test_a_published_fact_carries_its_trail_in_both_forms() -> None:
    event = published_event(recorded(stored(TRAIL, a_logbook("Deck", "calm"))[1]), outbound, SOURCE)
    assert event is not None
    record = to_record(event, "t")
    assert dict(record.headers)["traceparent"] == TRACE.encode()
    assert dict(record.headers)["ce_correlationid"] == TRAIL.correlation_id.encode()
    assert from_message(record.headers, record.value) == from_json(to_json(event)) == event


def test_the_same_fact_is_published_with_the_same_bytes_whoever_asks() -> None:
    row = stored(TRAIL, a_logbook("Deck", "calm"))[1]
    event = published_event(recorded(row), outbound, SOURCE)
    with following(UNTRACED):  # a command that publishes anew has a trail of its own
        again = published_event(recorded(row), outbound, SOURCE)
    assert event is not None
    assert again is not None
    assert to_record(event, "t") == to_record(again, "t")


@pytest.mark.parametrize("sent", ["8472615039", "a b", "x" * 65, ""])
def test_an_odd_correlation_id_of_another_producer_is_left_out(sent: str) -> None:
    event = published_event(recorded(stored(TRAIL, a_logbook("Deck", "calm"))[1]), outbound, SOURCE)
    assert event is not None
    assert from_json({**to_json(event), "correlationid": sent}).correlation_id is None


async def test_a_stream_knows_what_led_to_it_whoever_wrote_last() -> None:
    store, logbook = MemoryStore(), a_logbook("Deck")
    with following(TRAIL):
        await store.save(logbook)
    with following(UNTRACED):
        logbook.write("calm")
        await store.save(logbook)
    assert await store.trail_of(logbook.id) == TRAIL
    assert await store.trail_of(UUID(int=1)) is None


def test_a_trail_ends_where_it_began() -> None:
    with following(TRAIL):
        with following(None):
            assert present() is None
        assert present() == TRAIL
    assert present() is None
