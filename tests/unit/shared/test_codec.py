"""Facts become rows and come back equal; a fact without a topic of its own does not become a row."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from eventsourcing.utils import TopicError

from shared.kernel.store import StreamUnknown
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec, TopicMissing
from tests.support.logbooks.logbook import Logbook, Shelf, a_logbook


class Nameless(Aggregate):
    """Nobody gave its events a topic."""


def decoded(stored: StoredEvent) -> object:
    assert isinstance(stored.originator_id, UUID)
    return Codec().decode(stored.topic, stored.state, stored.originator_id, stored.originator_version)


def test_a_fact_comes_back_equal() -> None:
    facts = a_logbook("Deck", "calm").pending_events
    assert [decoded(Codec().encode(fact)) for fact in facts] == facts


def test_a_row_has_the_topic_that_was_written_by_hand() -> None:
    stored = Codec().encode(a_logbook().pending_events[0])
    assert stored.topic == "tests.logbook.opened"
    assert b"originator_id" not in stored.state


def test_a_fact_without_a_topic_is_refused() -> None:
    with pytest.raises(TopicMissing):
        Codec().encode(Nameless().pending_events[0])


@pytest.mark.parametrize(
    "name", ["Ann 8472615039", "Ann 84726-15039", 'Änn " ８４７２６１５０３９', "Ann 84726\u200b15039"]
)
def test_a_name_of_before_is_masked_when_it_is_read_and_stays_in_its_row(name: str) -> None:
    written = a_logbook("Deck", "calm").pending_events[0]
    person = {"sub": "ann", "name": name, "role": "auditor"}
    vars(written).update(actor=person, people=[{"name": "Bo 916-555-0100", "others": [person]}])
    stored = Codec().encode(written)
    read = vars(decoded(stored))
    assert "[number removed]" in read["actor"]["name"]
    assert read["people"][0]["name"] == "Bo 916-555-0100"
    assert read["people"][0]["others"] == [read["actor"]]
    assert stored == Codec().encode(written)


def test_an_unknown_topic_and_foreign_bytes_are_told_apart() -> None:
    with pytest.raises(TopicError):
        Codec().decode("tests.logbook.unheard_of", b"{}", uuid4(), 1)
    with pytest.raises(MapperDeserialisationError):
        Codec().decode("tests.logbook.written", b"\xff", uuid4(), 1)


def test_facts_make_the_aggregate_they_came_from() -> None:
    logbook = a_logbook("Deck", "calm", "storm")
    facts = logbook.collect_events()
    assert aggregate_of(Logbook, logbook.id, facts, None) == logbook  # type: ignore[arg-type]  # events are domain events
    with pytest.raises(StreamUnknown):
        aggregate_of(Shelf, logbook.id, facts, None)  # type: ignore[arg-type]  # as above
    with pytest.raises(StreamUnknown):
        aggregate_of(Logbook, logbook.id, [], None)
