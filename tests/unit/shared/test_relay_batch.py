from __future__ import annotations

from typing import cast

import pytest
from eventsourcing.domain import DomainEvent
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.consuming.tries import why
from shared.messaging.publishing.batch import Batch, batch_of
from shared.messaging.publishing.outgoing import NotAFact, published_event
from shared.persistence.back_off import BackOff
from shared.persistence.codec import Recorded
from tests.support.logbooks.chronicle import SOURCE, LineWritten, outbound
from tests.support.logbooks.logbook import NOON, Logbook, a_logbook


def facts_of(book: Logbook, *, first: int = 1) -> list[Recorded]:
    facts = (cast("DomainEvent", fact) for fact in book.collect_events())
    return [Recorded(first + number, fact) for number, fact in enumerate(facts)]


def a_burned_logbook() -> Logbook:
    """Opened (not public), two lines (public), burned (not public)."""
    book = a_logbook("Deck", "first", "second")
    book.burn()
    return book


def batch(book: Logbook, *, after: int = 0) -> Batch:
    return batch_of(facts_of(book, first=after + 1), after, outbound, "lines", SOURCE)


def test_only_what_is_public_becomes_a_record() -> None:
    found = batch(a_burned_logbook())
    assert [record.value for record in found.records] != []
    assert found.positions == (2, 3)
    assert (found.start, found.end) == (0, 4)


def test_the_key_of_a_record_is_the_case() -> None:
    book = a_burned_logbook()
    assert {record.key for record in batch(book).records} == {str(book.id).encode()}


@pytest.mark.parametrize(("acknowledged", "settled"), [(0, 10), (1, 12), (2, 14)])
def test_a_batch_is_settled_up_to_its_acknowledged_prefix(acknowledged: int, settled: int) -> None:
    assert batch(a_burned_logbook(), after=10).settled(acknowledged) == settled


def test_a_page_of_nothing_public_is_settled_without_a_broker() -> None:
    assert batch(a_logbook("Deck"), after=7).settled(0) == 8


def test_an_empty_page_moves_nowhere() -> None:
    assert batch_of([], 7, outbound, "lines", SOURCE).settled(0) == 7


@given(st.lists(st.booleans(), max_size=30), st.data())
def test_a_position_never_passes_a_public_fact_that_is_not_acknowledged(
    public: list[bool], data: st.DataObject
) -> None:
    book = a_logbook("Deck", *("line" for _ in public))
    facts = facts_of(book)
    shown = {fact.position for fact, is_public in zip(facts[1:], public, strict=True) if is_public}
    kept = {fact.position: fact for fact in facts}

    def some(fact: object) -> LineWritten | None:
        position = next(number for number, each in kept.items() if each.fact is fact)
        return LineWritten(incident_id=book.id, line="line") if position in shown else None

    found = batch_of(facts, 0, some, "lines", SOURCE)
    acknowledged = data.draw(st.integers(0, len(found.records)))
    settled = found.settled(acknowledged)
    assert sum(1 for position in shown if position <= settled) == acknowledged


def test_the_event_of_a_fact_carries_its_identity_and_its_position() -> None:
    book = a_burned_logbook()
    recorded = facts_of(book, first=41)[1]
    event = published_event(recorded, outbound, SOURCE)
    assert event is not None
    assert (event.id, event.sequence, event.time) == (f"{book.id}.2", 42, NOON)
    assert (event.subject, event.key, event.source) == (str(book.id), str(book.id), SOURCE)
    assert event.recorded_at == recorded.fact.timestamp != event.time


def test_a_published_fact_that_does_not_say_when_is_a_bug() -> None:
    class Silent:
        originator_id, originator_version = "x", 1

    with pytest.raises(NotAFact, match="Silent"):
        published_event(
            Recorded(1, Silent()),  # type: ignore[arg-type]  # the mistake itself
            lambda _: LineWritten(incident_id=a_logbook().id, line=""),
            SOURCE,
        )


def test_waits_grow_up_to_a_bound_and_are_never_in_step() -> None:
    back_off = BackOff(first=0.1, most=5.0)
    assert 0.05 <= back_off.after(1) <= 0.15
    assert 2.5 <= back_off.after(1000) <= 7.5
    assert len({back_off.after(3) for _ in range(20)}) > 1


def test_a_reason_never_holds_an_ssid() -> None:
    assert "1234567890" not in why(RuntimeError("student 1234567890 is unknown"))
