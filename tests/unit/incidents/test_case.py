"""Every rule of a case: given these facts, when this is asked, then these facts follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.incidents.domain.case import Case
from services.incidents.domain.errors import (
    ContactCaltac,
    DiscoveredBeforeOccurred,
    DuplicateSsid,
    InTheFuture,
    InvalidReport,
    InvalidSsid,
    MissingDetails,
    NotADraft,
    NotReportable,
    NotSummative,
    SsidsRequired,
    StudentCountMismatch,
    TooManyStudents,
    UnlistedIncident,
    WorkbookTooLarge,
)
from services.incidents.domain.report import AcceptedReport
from services.incidents.domain.ssid_list import SsidList
from services.incidents.domain.values import CaseStatus
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal
from tests.support.http.tokens import (
    CALTAC_AGENT,
    LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
)
from tests.support.incidents.bodies import (
    FIRST,
    SECOND,
    THIRD,
    a_body,
    changed_answers,
    charts_on_walls,
    cheating,
    instagram,
    left_room,
    swapped_logons,
)
from tests.support.incidents.states import (
    NOON,
    NUMBER,
    RULES,
    VAULT,
    a_call,
    a_draft,
    a_submitted_case,
    accepted,
    revise,
    stated,
    submit,
)
from tests.support.scenario import given

FILERS = (LEA_COORDINATOR, SITE_COORDINATOR, CALTAC_AGENT)


def facts_of(case: Case) -> list[str]:
    return [type(fact).__name__ for fact in case.pending_events]


def refused_draft(body: dict[str, Any], by: Actor = LEA_COORDINATOR) -> type[Refusal]:
    with pytest.raises(Refusal) as refusal:
        a_draft(body, by)
    return refusal.type


def test_what_is_on_record_stays_of_the_year_that_it_was_submitted_in() -> None:
    """Years turned on another day once: that of a submitted case is not derived again."""
    happened = list(a_submitted_case(charts_on_walls()).pending_events)
    for fact in happened:
        if isinstance(fact, Case.Submitted):
            vars(fact)["administration_year"] = "2019-20"
    case: Any = None
    for fact in happened:
        case = fact.mutate(case)
    assert case.report.year == "2019-20"


def test_e48_a_draft_has_no_number_and_is_not_late() -> None:
    case = a_draft(cheating(discovered_at="2019-04-01T10:00:00Z", occurred_at="2019-04-01T10:00:00Z"))
    assert (case.status, case.case_number, case.late) == (CaseStatus.DRAFT, None, False)
    assert facts_of(case) == ["Drafted"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (left_room(assessment_kind="interim"), NotSummative),
        (left_room(assessment_kind="practice"), NotSummative),
        (a_body("lost_student_logon_information"), NotReportable),
        (a_body("unlisted_incident"), UnlistedIncident),
        (a_body("test_reset_in_error"), ContactCaltac),
        (left_room(discovered_at="2019-04-12T09:59:59-07:00"), DiscoveredBeforeOccurred),
        (left_room(discovered_at="2019-04-12T12:02:01-07:00"), InTheFuture),
        (left_room(occurred_at="2019-04-13T10:00:00-07:00", discovered_at=None), InTheFuture),
        (left_room(student_count=501), TooManyStudents),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_form_does_not_take_everything(body: dict[str, Any], refusal: type[Refusal]) -> None:
    assert refused_draft(body) is refusal


def test_hr27_caltac_files_a_reset_in_error() -> None:
    body = a_body("test_reset_in_error", details={"reset_on": "2019-04-12"})
    assert a_draft(body, CALTAC_AGENT).assessment.appeal_types == ("restore",)


def test_a_clock_that_runs_a_minute_ahead_is_forgiven() -> None:
    assert a_draft(left_room(discovered_at="2019-04-12T12:01:00-07:00")).report.discovered_at is not None


def test_e30_a_breach_says_at_once_whom_to_phone() -> None:
    case = a_draft(instagram())
    assert facts_of(case) == ["Drafted", "BreachIdentified"]
    assert case.pending_events[1].call == "call_caltac"  # type: ignore[attr-defined]  # the fact that was just named


def test_a_draft_that_becomes_a_breach_says_so_once() -> None:
    breach, _ = stated(changed_answers())
    outcome = given(a_draft(cheating())).when(lambda c: revise(c, breach, LEA_COORDINATOR, NOON))
    assert [fact.name for fact in outcome.facts] == ["Revised", "BreachIdentified"]
    again, _ = stated(changed_answers(narrative="More is known."))
    given(a_draft(changed_answers())).when(lambda c: revise(c, again, LEA_COORDINATOR, NOON)).then_only(
        Case.Revised
    )


def test_nobody_is_told_again_to_make_a_call_that_is_on_record() -> None:
    case = a_draft(changed_answers())
    case.record_breach_call(a_call("cde"), LEA_COORDINATOR, NOON)
    revise(case, stated(cheating())[0], LEA_COORDINATOR, NOON)
    breach, _ = stated(changed_answers())
    given(case).when(lambda c: revise(c, breach, LEA_COORDINATOR, NOON)).then_only(Case.Revised)
    elsewhere, _ = stated(instagram())
    outcome = given(case).when(lambda c: revise(c, elsewhere, LEA_COORDINATOR, NOON))
    assert [fact.name for fact in outcome.facts] == ["Revised", "BreachIdentified"]


@pytest.mark.parametrize(
    ("school", "told"),
    [("37683386098765", ["Revised", "BreachIdentified"]), (f"{SCHOOL[:7]}0000001", ["Revised"])],
    ids=["another LEA has to phone", "another school of the same LEA"],
)
def test_n8_a_breach_that_moves_to_another_lea_is_told_there(school: str, told: list[str]) -> None:
    moved, _ = stated(changed_answers(school=school))
    case = a_draft(changed_answers(), CALTAC_AGENT)
    outcome = given(case).when(lambda c: revise(c, moved, CALTAC_AGENT, NOON))
    assert [fact.name for fact in outcome.facts] == told
    assert [fact.body["school"] for fact in outcome.facts[1:]] == [school] * (len(told) - 1)


def test_a_revision_that_changes_nothing_is_no_fact() -> None:
    same, _ = stated(charts_on_walls())
    given(a_draft(charts_on_walls())).when(lambda c: revise(c, same, LEA_COORDINATOR, NOON)).then()


def test_the_same_students_again_are_no_fact() -> None:
    _, same = stated(cheating())
    given(a_draft(cheating())).when(lambda c: c.list_students(same, RULES, LEA_COORDINATOR, NOON)).then()


def test_listing_students_judges_the_case_anew() -> None:
    case = a_draft(instagram(ssids=None))
    assert case.assessment.recommended_action == "wait_for_cde_response"
    _, students = stated(instagram())
    given(case).when(lambda c: c.list_students(students, RULES, LEA_COORDINATOR, NOON)).then_only(
        Case.StudentsListed
    )
    assert case.assessment.recommended_action == "continue_to_submit_appeal"
    assert case.assessment.appeal_types == ("invalidate",)


def test_a_submitted_case_is_a_complete_snapshot() -> None:
    case = a_draft(cheating())
    report, students = case.report.as_fact(), [student.as_fact() for student in case.students]
    given(case).when(lambda c: submit(c, LEA_COORDINATOR, NOON)).then_only(
        Case.Submitted,
        case_number=NUMBER,
        administration_year="2018-19",
        rulebook="2018-19",
        report=report,
        students=students,
        late=False,
        actor=LEA_COORDINATOR.as_fact(),
        occurred_at=NOON,
    )
    assert (case.status, case.case_number, case.submitted_by) == (
        CaseStatus.SUBMITTED,
        NUMBER,
        LEA_COORDINATOR,
    )


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (1, True)])
def test_hr14_more_than_24_hours_after_discovery_is_accepted_and_flagged(seconds: int, late: bool) -> None:
    at = NOON - timedelta(minutes=90) + timedelta(hours=24, seconds=seconds)
    assert a_submitted_case(left_room(), at=at).late is late


def test_k3_a_day_of_summer_time_has_24_elapsed_hours_too() -> None:
    before = left_room(
        occurred_at="2019-03-09T20:00:00-08:00",
        discovered_at="2019-03-09T20:00:00-08:00",
        administration_year="2018-19",
    )
    case = a_submitted_case(before)
    fact = case.pending_events[-1]
    assert isinstance(fact, Case.Submitted)
    assert fact.report_due_at.isoformat() == "2019-03-11T04:00:00+00:00"  # 21:00 there


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (charts_on_walls(narrative=None), MissingDetails),
        (charts_on_walls(narrative=" \n"), MissingDetails),
        (charts_on_walls(student_count=None), MissingDetails),
        (charts_on_walls(details={"room": "12"}), MissingDetails),
        (cheating(ssids=None), SsidsRequired),
        (cheating(ssids=None, student_count=0), SsidsRequired),
        (cheating(student_count=3), StudentCountMismatch),
        (swapped_logons(ssids=None), SsidsRequired),
        (swapped_logons(ssids=[FIRST], student_count=1), SsidsRequired),
    ],
)
def test_hr06_a_case_is_submitted_when_it_is_complete(body: dict[str, Any], refusal: type[Refusal]) -> None:
    given(a_draft(body)).when(lambda c: submit(c, LEA_COORDINATOR, NOON)).then_refused(refusal)


def test_missing_details_names_every_one() -> None:
    bare = {"incident_type": "unauthorized_device", "school": left_room()["school"]}
    with pytest.raises(MissingDetails) as refusal:
        a_submitted_case(bare)
    assert [issue.pointer for issue in refusal.value.issues] == [
        "/occurred_at",
        "/discovered_at",
        "/grade",
        "/test",
        "/delivery_mode",
        "/student_count",
        "/narrative",
        "/details/device",
        "/details/content_captured",
    ]


def test_e63_a_case_without_students_is_submitted_with_count_0() -> None:
    assert a_submitted_case(charts_on_walls()).status is CaseStatus.SUBMITTED


def test_e39_students_are_optional_where_no_appeal_follows() -> None:
    assert a_submitted_case(left_room(student_count=3)).status is CaseStatus.SUBMITTED
    assert a_submitted_case(left_room(student_count=1, ssids=[THIRD])).status is CaseStatus.SUBMITTED


def test_what_is_submitted_stays_as_it_is() -> None:
    case = a_submitted_case(cheating())
    report, students = stated(cheating(narrative="Other.", ssids=[SECOND, THIRD]))
    for act in (
        lambda c: revise(c, report, LEA_COORDINATOR, NOON),
        lambda c: c.list_students(students, RULES, LEA_COORDINATOR, NOON),
        lambda c: submit(c, LEA_COORDINATOR, NOON),
        lambda c: c.delete(LEA_COORDINATOR, NOON),
    ):
        given(case).when(act).then_refused(NotADraft)


def test_a_draft_is_deleted_once() -> None:
    case = a_draft(cheating())
    given(case).when(lambda c: c.delete(LEA_COORDINATOR, NOON)).then_only(Case.DraftDeleted)
    given(case).when(lambda c: c.delete(LEA_COORDINATOR, NOON)).then_refused(NotADraft)


def test_a_judgement_holds_for_the_version_that_was_judged() -> None:
    case = a_draft(cheating())
    ready = case.ready_to_submit(RULES, LEA_COORDINATOR, NOON)
    revise(case, stated(charts_on_walls(narrative=None))[0])
    with pytest.raises(ValueError, match="version 1"):
        case.submit(NUMBER, ready)
    assert case.status is CaseStatus.DRAFT


def test_a_judgement_is_made_by_whom_it_concerns_and_nowhere_else() -> None:
    ready = a_draft(cheating()).ready_to_submit(RULES, LEA_COORDINATOR, NOON)
    with pytest.raises(TypeError, match="ReadyToSubmit"):
        replace(ready, judged=False)
    with pytest.raises(TypeError, match="AcceptedReport"):
        AcceptedReport(stated(cheating())[0], RULES.type_of("student_cheating"), RULES)
    with pytest.raises(TypeError, match="SsidList"):
        SsidList((FIRST,))


def test_no_fact_holds_an_ssid() -> None:
    case = a_submitted_case(swapped_logons())
    told = "".join(str(vars(fact)) for fact in case.pending_events)
    assert VAULT.ref(FIRST) in told
    assert [ssid for ssid in (FIRST, SECOND) if ssid in told] == []


def test_a_revision_that_lists_the_same_students_changes_no_list() -> None:
    case = a_draft(cheating())
    report, students = stated(cheating(narrative="Newer."))
    given(case).when(
        lambda it: it.revise(accepted(report), LEA_COORDINATOR, NOON, students=students)
    ).then_only(Case.Revised)


def test_a_test_of_another_year_is_refused_and_this_years_are_named() -> None:
    with pytest.raises(InvalidReport) as refused:
        a_draft(charts_on_walls(test="star_math", grade=None))
    (issue,) = refused.value.issues
    assert (issue.pointer, issue.code) == ("/test", "unknown_choice")
    assert issue.detail == f"One of: {', '.join(RULES.tests)}."


def test_a_list_of_five_hundred_students_is_taken_and_one_more_is_not() -> None:
    many = [f"{8391045000 + n}" for n in range(501)]
    assert len(SsidList.of(many[:500])) == 500
    with pytest.raises(TooManyStudents):
        SsidList.of(many)


@pytest.mark.parametrize(
    ("ssids", "refusal", "pointers"),
    [
        ((FIRST, "839104552", SECOND, ""), InvalidSsid, ["/ssids/1", "/ssids/3"]),
        ((FIRST, SECOND, FIRST, FIRST), DuplicateSsid, ["/ssids/2", "/ssids/3"]),
    ],
    ids=["no SSIDs", "one student again and again"],
)
def test_a_list_that_cannot_be_one_says_which_entries(
    ssids: tuple[str, ...], refusal: type[Refusal], pointers: list[str]
) -> None:
    with pytest.raises(refusal) as refused:
        SsidList.of(ssids)
    assert [issue.pointer for issue in refused.value.issues] == pointers


def test_a_workbook_that_unpacks_to_too_much_says_what_a_file_may_hold() -> None:
    assert WorkbookTooLarge().detail == "The file takes far more to read than 500 SSIDs need."
