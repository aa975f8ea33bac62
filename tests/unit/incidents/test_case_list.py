"""The row of the list after each fact."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from eventsourcing.domain import Aggregate, DomainEvent

from services.incidents.domain.case import Case
from services.incidents.domain.disclosures import Disclosures
from services.incidents.read_model.case_list import CaseList
from services.incidents.read_model.tables import CASE_LIST
from shared.persistence.codec import Codec
from tests.support.http.tokens import LEA_COORDINATOR, SCHOOL
from tests.support.incidents.bodies import FIRST, SECOND, cheating, instagram
from tests.support.incidents.states import (
    CASE_ID,
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
)

CODEC = Codec()


def row_after(case: Case) -> dict[str, Any] | None:
    """The facts of the case, folded one by one."""
    row: dict[str, Any] | None = None
    for fact in stored(case):
        row = CaseList().fold(row, fact)
    return row


def stored(aggregate: Aggregate) -> list[DomainEvent]:
    """Its facts, as they come back from the store."""
    rows = [CODEC.encode(fact) for fact in aggregate.pending_events]
    return [CODEC.decode(row.topic, row.state, CASE_ID, row.originator_version) for row in rows]


def shown(case: Case, *columns: str) -> tuple[Any, ...]:
    row = row_after(case)
    assert row is not None
    return tuple(row[column] for column in columns)


def test_a_draft_is_a_whole_row() -> None:
    row = row_after(a_draft(cheating()))
    assert row is not None
    assert set(row) == set(CASE_LIST.columns.keys())
    assert (row["status"], row["lea"], row["school"]) == ("draft", SCHOOL[:7], SCHOOL)
    assert row["student_refs"] == [VAULT.ref(FIRST), VAULT.ref(SECOND)]


def test_a_revision_and_a_new_list_of_students_are_taken_over() -> None:
    case = a_draft(cheating())
    report, _ = stated(instagram(student_count=2))
    revise(case, report, LEA_COORDINATOR, NOON)
    case.list_students([VAULT.seal_one(SECOND)], RULES, LEA_COORDINATOR, NOON)
    assert shown(case, "incident_type", "severity", "pre_action", "student_refs", "version") == (
        "social_media_exposure_student",
        "breach",
        "call_caltac",
        [VAULT.ref(SECOND)],
        4,
    )


def test_a_submission_brings_number_clock_and_submitter() -> None:
    case = a_submitted_case(instagram())
    case.record_breach_call(a_call("caltac"), LEA_COORDINATOR, NOON)
    assert shown(case, "status", "case_number", "submitted_at", "late", "version") == (
        "submitted",
        NUMBER,
        NOON,
        False,
        4,
    )
    assert shown(case, "submitted_by") == (
        {"sub": "lea-1", "name": "Lena Ortiz", "email": "lea-1@example.org", "role": "lea_coordinator"},
    )


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("pending_cde",), ("submitted", "pending_cde")),
        (("pending_cde", "denied"), ("processed", "completed")),
        (("denied", "pending_cde"), ("processed", "completed")),
    ],
)
def test_appeals_move_the_status(statuses: tuple[str, ...], expected: tuple[str, str]) -> None:
    case = a_submitted_case(cheating())
    for status in statuses:
        case.note_appeal(an_appeal(status), LEA_COORDINATOR, NOON)
    assert shown(case, "status", "sub_status") == expected
    assert (str(case.status), str(case.sub_status)) == expected


def test_a_deleted_draft_has_no_row() -> None:
    case = a_draft(cheating())
    case.delete(LEA_COORDINATOR, NOON)
    assert row_after(case) is None


def test_reads_of_ssids_have_no_row() -> None:
    reads = Disclosures.first(CASE_ID, 2, [], LEA_COORDINATOR, NOON)
    assert CaseList().fold(None, stored(reads)[0]) is None


def test_a_case_that_was_never_drafted_is_a_bug() -> None:
    *_, fact = stored(a_submitted_case(cheating()))
    with pytest.raises(LookupError):
        CaseList().fold(None, fact)


def test_no_column_holds_an_ssid() -> None:
    row = row_after(a_submitted_case(cheating()))
    assert [ssid for ssid in (FIRST, SECOND) if ssid in str(row)] == []
    assert isinstance((row or {})["id"], UUID)
