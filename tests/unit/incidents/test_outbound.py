"""What others may know of our facts: which, how much, and never an SSID or free text."""

from __future__ import annotations

import pytest
from eventsourcing.domain import DomainEvent

from services.incidents.domain.case import Case
from services.incidents.messaging.outbound import publish
from shared.contracts.incidents_v1 import (
    BreachCallRecorded,
    BreachIdentified,
    IncidentProcessed,
    IncidentSubmitted,
)
from shared.messaging.publishing.outgoing import to_cloud_event
from shared.persistence.codec import Codec, Recorded
from tests.support.http.tokens import LEA_COORDINATOR, SCHOOL, SYSTEM
from tests.support.incidents.bodies import (
    FIRST,
    SECOND,
    Body,
    changed_answers,
    charts_on_walls,
    cheating,
    fire_drill,
    instagram,
    swapped_logons,
)
from tests.support.incidents.states import (
    CASE_ID,
    LIBRARY,
    NOON,
    NUMBER,
    RULES,
    VAULT,
    a_call,
    a_draft,
    a_submitted_case,
    an_appeal,
    revise,
    stated,
    submit,
)

CODEC = Codec()


def stored(case: Case) -> list[DomainEvent]:
    """A case's facts, as they come back from the store."""
    rows = [CODEC.encode(fact) for fact in case.pending_events]
    return [CODEC.decode(row.topic, row.state, CASE_ID, row.originator_version) for row in rows]


def published(case: Case) -> list[object]:
    return [told for fact in stored(case) if (told := publish(fact)) is not None]


def test_a_submitted_case_is_told_whole() -> None:
    (told,) = published(a_submitted_case(cheating()))
    assert isinstance(told, IncidentSubmitted)
    assert told.model_dump(exclude={"severity_reason", "submitted_by"}) == {
        "incident_id": CASE_ID,
        "case_number": NUMBER,
        "administration_year": "2018-19",
        "rulebook": "2018-19",
        "rulebook_version": LIBRARY.version("2018-19"),
        "incident_type": "student_cheating",
        "incident_title": "Students cheated",
        "severity": "irregularity",
        "recommended_action": "continue_to_submit_appeal",
        "pre_action": None,
        "appeal_types": ["invalidate"],
        "cde_copy": True,
        "late": False,
        "lea": SCHOOL[:7],
        "school": SCHOOL,
        "grade": "11",
        "test": "sb_math_cat",
        "delivery_mode": "online",
        "student_count": 2,
        "student_refs": [VAULT.ref(FIRST), VAULT.ref(SECOND)],
        "occurred_at": NOON.replace(hour=17),
        "discovered_at": NOON.replace(hour=17, minute=30),
        "report_due_at": NOON.replace(day=13, hour=17, minute=30),
        "submitted_at": NOON,
        "disruption_cause": None,
    }
    assert told.submitted_by.email == LEA_COORDINATOR.email


def test_the_cause_of_a_disruption_is_told_so_that_appeals_can_judge_it() -> None:
    (told,) = published(a_submitted_case(fire_drill()))
    assert isinstance(told, IncidentSubmitted)
    assert told.disruption_cause == "fire_drill"


def test_e30_a_breach_found_in_a_draft_is_told_before_anything_is_submitted() -> None:
    (told,) = published(a_draft(instagram()))
    assert isinstance(told, BreachIdentified)
    assert (told.call, told.lea, told.identified_at) == ("call_caltac", SCHOOL[:7], NOON)
    assert told.rulebook == "2018-19"


def test_a_recorded_call_is_told_without_whom_it_reached() -> None:
    case = a_draft(changed_answers())
    case.record_breach_call(a_call("cde"), LEA_COORDINATOR, NOON)
    told = published(case)[-1]
    assert isinstance(told, BreachCallRecorded)
    assert (told.called, told.case_number) == ("cde", None)
    assert "agent on duty" not in told.model_dump_json()


def test_the_end_of_a_case_is_told() -> None:
    case = a_submitted_case(charts_on_walls())
    case.conclude(SYSTEM, NOON)
    told = published(case)[-1]
    assert isinstance(told, IncidentProcessed)
    assert (told.case_number, told.processed_at) == (NUMBER, NOON)


def test_drafts_revisions_students_and_noted_appeals_are_nobodys_business() -> None:
    case = a_draft(cheating())
    report, students = stated(cheating(narrative="Other.", ssids=[SECOND, FIRST]))
    revise(case, report, LEA_COORDINATOR, NOON)
    case.list_students(students, RULES, LEA_COORDINATOR, NOON)
    assert published(case) == []
    submit(case, LEA_COORDINATOR, NOON)
    case.note_appeal(an_appeal("pending_cde"), LEA_COORDINATOR, NOON)
    assert [type(told) for told in published(case)] == [IncidentSubmitted]


@pytest.mark.parametrize("body", [cheating(), swapped_logons(), instagram(), changed_answers()])
def test_no_ssid_and_no_free_text_leaves_the_service(body: Body) -> None:
    case = a_submitted_case({**body, "narrative": "Only for the case's own eyes."})
    sent = "".join(str(told) for told in published(case))
    assert [word for word in (FIRST, SECOND, "own eyes") if word in sent] == []


def test_the_same_fact_is_always_the_same_event() -> None:
    *_, fact = stored(a_submitted_case(cheating()))
    told = publish(fact)
    assert told is not None
    event = to_cloud_event(Recorded(7, fact), told, "/incidents")
    assert (event.id, event.key, event.time) == (f"{CASE_ID}.2", str(CASE_ID), NOON)
    assert event == to_cloud_event(Recorded(7, fact), told, "/incidents")
