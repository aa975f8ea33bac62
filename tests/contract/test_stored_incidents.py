"""Facts that were stored once can be loaded for ever: samples as they stand in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from eventsourcing.domain import Aggregate, DomainEvent

from services.incidents.domain import testing_window as windows
from services.incidents.domain.case import Case
from services.incidents.domain.concern import Concern
from services.incidents.domain.disclosures import Disclosures
from services.incidents.domain.discussion import Discussion
from services.incidents.domain.filing_protocol import FilingProtocol
from services.incidents.domain.values import CaseStatus, DeliveryMode, Severity
from services.incidents.messaging.outbound import publish
from services.incidents.read_model.case_list import CaseList
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec

SAMPLES: dict[str, Any] = orjson.loads((Path(__file__).parent / "samples" / "incidents.json").read_bytes())
FACTS = {
    f"{name}: {version} {fact['topic']}": (UUID(stream["id"]), version, fact)
    for name, stream in SAMPLES.items()
    for version, fact in enumerate(stream["facts"], start=1)
}
WINDOW = "a window, set and moved"
BREACH = "a breach, phoned, submitted late, its appeal denied"


def loaded(stream_id: UUID, version: int, fact: dict[str, Any]) -> DomainEvent:
    return Codec().decode(fact["topic"], orjson.dumps(fact["state"]), stream_id, version)


def stream(name: str) -> list[DomainEvent]:
    return [loaded(*FACTS[key]) for key in FACTS if key.startswith(f"{name}: ")]


def topics(kind: type[Aggregate]) -> set[str]:
    facts = [each for each in vars(kind).values() if isinstance(each, type) and issubclass(each, DomainEvent)]
    return {fact.TOPIC for fact in facts if hasattr(fact, "TOPIC")}


def test_there_is_a_sample_of_every_fact() -> None:
    kinds = (Case, Disclosures, windows.TestingWindow, Discussion, Concern, FilingProtocol)
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
    about = ("stairs.incident.", "stairs.testing_window.", "stairs.filing_protocol.", "stairs.concern.")
    assert published is None or published.TYPE.startswith(about)


def test_a_stored_case_stands_where_it_stood() -> None:
    case = aggregate_of(Case, UUID(SAMPLES[BREACH]["id"]), stream(BREACH), None)
    assert (case.status, case.late, case.case_number) == (CaseStatus.PROCESSED, True, "2018-19-000001")
    assert (case.assessment.severity, case.report.delivery_mode) == (Severity.BREACH, DeliveryMode.ONLINE)
    assert isinstance(case.assessment.severity, Severity)
    assert [call.called for call in case.breach_calls] == ["cde"]


def test_a_replay_keeps_the_judgement_of_then() -> None:
    case = aggregate_of(Case, UUID(SAMPLES[BREACH]["id"]), stream(BREACH), None)
    submitted = next(fact for fact in SAMPLES[BREACH]["facts"] if fact["topic"] == "incidents.case.submitted")
    since = {"report_within_hours": 24}  # kept with the judgement from then on; 24 before
    assert case.assessment.as_fact() == {**submitted["state"]["assessment"], **since}


def test_a_stored_window_is_what_was_said_last() -> None:
    found = aggregate_of(windows.TestingWindow, UUID(SAMPLES[WINDOW]["id"]), stream(WINDOW), None)
    assert (found.id, found.version) == (windows.id_of_window("19647336012345", "2018-19"), 2)
    assert str(found.window.closes_on) == "2019-06-07"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_list_folds_what_was_stored(name: str) -> None:
    row: dict[str, Any] | None = None
    for fact in stream(name):
        row = CaseList().fold(row, fact)
    statuses = {BREACH: "processed", "a draft with sealed pairs": "draft"}
    assert (row or {}).get("status") == statuses.get(name)


def test_no_sample_holds_an_ssid() -> None:
    assert b"83910455" not in orjson.dumps(SAMPLES)
