"""Deadlines that were stored once can be loaded, listed and told of for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from eventsourcing.domain import DomainEvent

from services.incidents.messaging.outbound import publish
from shared.deadlines.deadline import Deadline
from shared.deadlines.table import DEADLINES, DeadlineList
from shared.deadlines.terms import DeadlineState
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec

SAMPLES: dict[str, Any] = orjson.loads((Path(__file__).parent / "samples" / "deadlines.json").read_bytes())
FACTS = {
    f"{name}: {version} {fact['topic']}": (UUID(stream["id"]), version, fact)
    for name, stream in SAMPLES.items()
    for version, fact in enumerate(stream["facts"], start=1)
}
LATE, MOVED, WAIVED = SAMPLES


def loaded(stream_id: UUID, version: int, fact: dict[str, Any]) -> DomainEvent:
    return Codec().decode(fact["topic"], orjson.dumps(fact["state"]), stream_id, version)


def stream(name: str) -> list[DomainEvent]:
    return [loaded(*FACTS[key]) for key in FACTS if key.startswith(f"{name}: ")]


def folded(facts: list[DomainEvent]) -> dict[str, Any]:
    row: dict[str, Any] | None = None
    for fact in facts:
        row = DeadlineList().fold(row, fact)
    assert row is not None
    return row


def test_there_is_a_sample_of_every_fact() -> None:
    kinds = [each for each in vars(Deadline).values() if isinstance(each, type)]
    topics = {kind.TOPIC for kind in kinds if issubclass(kind, DomainEvent) and hasattr(kind, "TOPIC")}
    assert topics - {Deadline.Created.TOPIC} == {fact["topic"] for _, _, fact in FACTS.values()}


@pytest.mark.parametrize("name", FACTS)
def test_a_stored_fact_is_stored_the_same_way_today(name: str) -> None:
    stream_id, version, fact = FACTS[name]
    again = Codec().encode(loaded(stream_id, version, fact))
    assert (again.topic, orjson.loads(again.state)) == (fact["topic"], fact["state"])


def test_others_are_told_of_two_warnings_and_of_the_miss() -> None:
    told = [published for fact in stream(LATE) if (published := publish(fact)) is not None]
    assert [published.TYPE.split(".")[2] for published in told] == [
        "deadline_at_risk",
        "deadline_at_risk",
        "deadline_missed",
    ]
    assert {published.key for published in told} == {"0e78f1d4-a37d-54d0-ac81-98abd73973db"}


@pytest.mark.parametrize(
    ("name", "state"),
    [(LATE, DeadlineState.MISSED), (MOVED, DeadlineState.MET), (WAIVED, DeadlineState.WAIVED)],
)
def test_a_stored_deadline_stands_where_it_stood(name: str, state: DeadlineState) -> None:
    found = aggregate_of(Deadline, UUID(SAMPLES[name]["id"]), stream(name), None)
    row = folded(stream(name))
    assert (found.state, row["state"]) == (state, state.value)
    assert (row["due_at"], row["next_look_at"]) == (found.due_at, None)
    assert row.keys() == set(DEADLINES.c.keys())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_row_that_knows_a_fact_already_stays_as_it_is(name: str) -> None:
    row = folded(stream(name))
    for fact in stream(name):
        assert DeadlineList().fold(row, fact) == row


@pytest.mark.parametrize("name", SAMPLES)
def test_a_running_row_is_looked_at_when_something_is_to_be_noticed(name: str) -> None:
    facts = stream(name)
    for count in range(1, len(facts) + 1):
        found = aggregate_of(Deadline, UUID(SAMPLES[name]["id"]), facts[:count], None)
        wanted = min([*(each.at for each in found.unnoticed), found.due_at])
        row = folded(facts[:count])
        assert row["next_look_at"] == (wanted if found.state is DeadlineState.RUNNING else None)


def test_what_was_missed_says_what_nobody_was_warned_of() -> None:
    row = folded(stream(LATE))
    assert [each["noticed_at"] is not None for each in row["warnings"]] == [True, True]
    assert (row["late_by_seconds"], row["case_number"]) == (73 * 3600, "2018-19-000001")


def test_a_move_is_kept_with_both_dates_and_its_reason() -> None:
    (move,) = folded(stream(MOVED))["retimings"]
    assert (move["old_due_at"], move["new_due_at"], move["why"]) == (
        "2019-04-13T17:30:00+00:00",
        "2019-04-13T18:30:00+00:00",
        "revised",
    )
