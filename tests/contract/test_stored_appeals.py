"""Facts that were stored once can be loaded for ever: samples as they stand in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from eventsourcing.domain import Aggregate, DomainEvent

from services.appeals.domain.appeal import Appeal
from services.appeals.domain.calendar_adoption import CalendarAdoption
from services.appeals.domain.student_test_record import StudentTestRecord
from services.appeals.domain.values import AppealStatus
from services.appeals.messaging.outbound import publish
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec

SAMPLES: dict[str, Any] = orjson.loads((Path(__file__).parent / "samples" / "appeals.json").read_bytes())
FACTS = {
    f"{name}: {fact['topic']}": (UUID(stream["id"]), version, fact)
    for name, stream in SAMPLES.items()
    for version, fact in enumerate(stream["facts"], start=1)
}


def loaded(stream_id: UUID, version: int, fact: dict[str, Any]) -> DomainEvent:
    return Codec().decode(fact["topic"], orjson.dumps(fact["state"]), stream_id, version)


def stream(name: str) -> list[DomainEvent]:
    return [loaded(*FACTS[key]) for key in FACTS if key.startswith(f"{name}: ")]


def topics(kind: type[Aggregate]) -> set[str]:
    facts = [each for each in vars(kind).values() if isinstance(each, type) and issubclass(each, DomainEvent)]
    return {str(vars(fact).get("TOPIC") or fact.TOPIC) for fact in facts if hasattr(fact, "TOPIC")}


def test_there_is_a_sample_of_every_fact() -> None:
    kinds = (Appeal, StudentTestRecord, CalendarAdoption)
    never_stored = {f"{kind.TOPIC}.created" for kind in kinds}
    sampled = {fact["topic"] for _, _, fact in FACTS.values()}
    assert {topic for kind in kinds for topic in topics(kind)} - never_stored == sampled


@pytest.mark.parametrize("name", FACTS)
def test_a_stored_fact_is_stored_the_same_way_today(name: str) -> None:
    stream_id, version, fact = FACTS[name]
    again = Codec().encode(loaded(stream_id, version, fact))
    assert (again.topic, orjson.loads(again.state)) == (fact["topic"], fact["state"])


@pytest.mark.parametrize("name", FACTS)
def test_a_stored_fact_can_be_published_or_stays_inside(name: str) -> None:
    published = publish(loaded(*FACTS[name]))
    assert published is None or published.TYPE.startswith("stairs.appeal.")


def test_a_stored_appeal_stands_where_it_stood() -> None:
    name = "a re-open that failed once and was then executed"
    appeal = aggregate_of(Appeal, UUID(SAMPLES[name]["id"]), stream(name), None)
    assert (appeal.status, str(appeal.reopened_until)) == (AppealStatus.PROCESSED, "2019-04-26")


def test_museum_12_a_replay_uses_the_rules_of_then_and_not_of_today() -> None:
    name = "a reset that was denied"
    appeal = aggregate_of(Appeal, UUID(SAMPLES[name]["id"]), stream(name), None)
    assert appeal.decide_by is not None
    assert (appeal.clock, appeal.decide_by.isoformat()) == ("K6", "2019-04-17T00:00:00+00:00")


def test_a_decision_that_was_moved_is_due_when_it_was_moved_to() -> None:
    name = "a reset whose calendar changed while it waited"
    appeal = aggregate_of(Appeal, UUID(SAMPLES[name]["id"]), stream(name), None)
    assert (str(appeal.decide_by), appeal.calendar_version) == ("2019-04-18 00:00:00+00:00", "plus-4-15")
