"""Hard rules and worked examples of docs/domain that a case alone can show (§10, §11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.incidents.api.schemas import CaseBody
from services.incidents.domain.case import Case
from services.incidents.domain.errors import (
    ContactCaltac,
    InvalidReport,
    NotReportable,
    NotSummative,
    UnlistedIncident,
    WrongCallDestination,
)
from services.incidents.domain.values import AssessmentKind, CaseStatus, RecommendedAction, Severity
from services.incidents.messaging.outbound import publish
from shared.kernel.errors import Refusal
from tests.support.http.tokens import LEA_COORDINATOR, SITE_COORDINATOR, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import (
    Body,
    a_body,
    changed_answers,
    cheating,
    fire_drill,
    illness,
    left_room,
)
from tests.support.incidents.states import (
    CALTAC,
    LIBRARY,
    NOON,
    RULES,
    a_call,
    a_draft,
    a_submitted_case,
    accepted,
    revise,
    stated,
    submit,
)
from tests.support.scenario import given


def refused(body: Body) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        a_draft(body)
    return refusal.value


@pytest.mark.parametrize("kind", [kind for kind in AssessmentKind if kind is not AssessmentKind.SUMMATIVE])
@pytest.mark.shows("E36")
def test_hr_03_an_incident_of_another_test_is_refused_and_handled_locally(kind: AssessmentKind) -> None:
    refusal = refused(left_room(assessment_kind=kind.value))
    assert isinstance(refusal, NotSummative)
    assert "locally" in refusal.detail


def test_e35_an_interim_test_instead_of_the_summative_one_is_nothing_to_file() -> None:
    assert isinstance(refused(a_body("wrong_script_or_directions", assessment_kind="interim")), NotSummative)
    not_incidents = LIBRARY.document("2018-19")["not_incidents"]
    assert isinstance(not_incidents, dict)
    entry = not_incidents["interim_instead_of_summative"]
    assert entry["instead"] == "The student still takes the summative test."


@pytest.mark.parametrize("field", ["school", "grade", "test"])
def test_hr_04_a_case_has_one_school_one_grade_one_test(field: str) -> None:
    body = left_room()
    with pytest.raises(ValidationError, match=field):
        CaseBody.model_validate({**body, field: [body[field], body[field]]})


@pytest.mark.parametrize(("test", "grade"), [("cast", "03"), ("sb_ela_pt", "10"), ("caa_sci_pt1", "04")])
def test_hr_04_a_grade_that_does_not_take_the_test_is_refused_and_told_which_grades_do(
    test: str, grade: str
) -> None:
    refusal = refused(left_room(test=test, grade=grade))
    assert isinstance(refusal, InvalidReport)
    (issue,) = refusal.issues
    assert (issue.pointer, issue.code) == ("/grade", "unknown_choice")
    assert all(taking in issue.detail for taking in RULES.tests[test].grades)


def test_hr_04_every_grade_that_takes_a_test_is_taken_and_half_a_pair_says_nothing_yet() -> None:
    for code, test in RULES.tests.items():
        for grade in test.grades:
            assert a_draft(left_room(test=code, grade=grade)).report.grade == grade
    for half in ({"test": "cast", "grade": None}, {"test": None, "grade": "03"}):
        assert a_draft(left_room(**half)).status is CaseStatus.DRAFT


def test_hr_04_a_draft_of_before_this_rule_is_not_submitted_until_it_is_set_right() -> None:
    case = a_draft(left_room(test="cast", grade="08"))
    case.report = replace(case.report, grade="03")
    given(case).when(lambda c: submit(c, LEA_COORDINATOR, NOON)).then_refused(InvalidReport)
    right = replace(case.report, test="sb_math_pt")
    revise(case, right, LEA_COORDINATOR, NOON)
    given(case).when(lambda c: submit(c, LEA_COORDINATOR, NOON)).then_only(Case.Submitted)


@pytest.mark.parametrize("field", ["severity", "recommended_action", "late", "cde_copy"])
def test_hr_05_nobody_states_what_the_rulebook_says(field: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        CaseBody.model_validate({**left_room(), field: "breach"})


def test_hr_05_the_rulebooks_year_and_version_are_kept_with_the_submission() -> None:
    case = a_submitted_case(left_room())
    fact = case.collect_events()[-1]
    assert isinstance(fact, Case.Submitted)
    assert (fact.rulebook, fact.assessment["rulebook_version"]) == ("2018-19", RULES.version)


@pytest.mark.shows("E48")
def test_hr_08_a_draft_has_no_number_tells_nobody_and_stops_no_clock() -> None:
    case = a_draft(left_room())
    assert case.case_number is None
    assert [type(fact) for fact in case.pending_events] == [Case.Drafted]
    assert isinstance(case.pending_events[0], Case.Drafted)
    assert publish(case.pending_events[0]) is None
    late = NOON + timedelta(days=3)
    given(case).when(lambda case: submit(case, LEA_COORDINATOR, late)).then_only(Case.Submitted, late=True)


def test_hr_10_a_settings_case_is_not_copied_to_the_cde() -> None:
    assert a_draft(a_body("incorrect_test_settings")).assessment.cde_copy is False
    assert a_draft(cheating()).assessment.cde_copy is True


@pytest.mark.shows("HR-13")
def test_e25_students_who_trade_answers_are_reported_and_nobody_phones() -> None:
    case = a_draft(cheating(), SITE_COORDINATOR)
    assert case.assessment.pre_action is None
    assert case.report.details["finished_test"] is True
    assert case.report.discovered_at is not None
    assert case.assessment.report_due(case.report.discovered_at) - case.report.discovered_at == timedelta(
        hours=24
    )
    given(case).when(lambda case: case.record_breach_call(a_call("cde"), LEA_COORDINATOR, NOON)).then_refused(
        WrongCallDestination
    )
    given(case).when(lambda case: submit(case, SITE_COORDINATOR, NOON)).then_only(Case.Submitted, late=False)


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        (illness(details={**illness()["details"], "reason": "school_closure"}), Severity.IMPROPRIETY),
        (
            fire_drill(details={**fire_drill()["details"], "cause": "earthquake", "test_expired": True}),
            Severity.IRREGULARITY,
        ),
    ],
    ids=["E58 tests expired while the school was closed", "E58 a session was interrupted"],
)
def test_a_21_a_closure_is_judged_by_its_effect(body: Body, severity: Severity) -> None:
    assessment = a_submitted_case(body).assessment
    assert assessment.severity is severity
    assert "re_open" in assessment.appeal_types


@pytest.mark.parametrize(
    ("code", "refusal", "to_do"),
    [
        ("unlisted_incident", UnlistedIncident, "contacts CalTAC (800-955-2954)"),
        ("test_reset_in_error", ContactCaltac, "calls CalTAC (800-955-2954)"),
        ("lost_student_logon_information", NotReportable, "handled locally"),
    ],
    ids=["E53 HR-27 on no list", "E23 HR-27 reset in error", "E40 HR-28 lost logon tickets"],
)
def test_what_no_coordinator_files_comes_with_what_to_do(
    code: str, refusal: type[Refusal], to_do: str
) -> None:
    said = refused(a_body(code))
    assert type(said) is refusal
    assert to_do in said.detail


@pytest.mark.parametrize("code", ["unlisted_incident", "test_reset_in_error"])
def test_hr_27_the_rulebook_ends_with_caltac(code: str) -> None:
    actions = [ruling.value for ruling in RULES.type_of(code).recommended_action]
    assert actions == [RecommendedAction.CONTACT_CALTAC]


@pytest.mark.parametrize("year", ["2018-19", "2019-20", "2020-21"])
def test_hr_28_lost_logon_information_is_reported_in_2015_16_only(year: str) -> None:
    lost = "lost_student_logon_information"
    with pytest.raises(NotReportable):
        LIBRARY.for_year(year).reportable_type(lost, by_caltac=False)
    assert LIBRARY.for_year("2015-16").reportable_type(lost, by_caltac=False).code == lost


def test_a_case_is_judged_by_the_rules_of_its_own_year() -> None:
    report, students = stated(a_body("session_disruption", administration_year="2020-21"))
    later = LIBRARY.for_year(report.year)
    found = accepted(report, CALTAC, NOON, later).assess(len(students))
    assert (found.severity, found.severity_reason.rulebook) == (Severity.IMPROPRIETY, "2020-21")
    assert found.rulebook_version == later.version != RULES.version


async def test_hr_28_a_case_of_spring_2016_is_judged_by_the_slides() -> None:
    body = a_body(
        "lost_student_logon_information",
        occurred_at="2016-04-12T10:00:00-07:00",
        discovered_at="2016-04-12T10:30:00-07:00",
        administration_year=None,
    )
    answer = await Api().http.post("/v1/classify", json=body, headers=bearer(LEA_COORDINATOR))
    found = answer.json()
    assert (found["severity"], found["pre_action"]) == ("breach", "call_cde")
    assert (found["severity_reason"]["rulebook"], found["severity_reason"]["source"]) == (
        "2015-16",
        "S 36; A-5",
    )


def test_hr_11_in_2015_16_a_site_coordinator_phones_and_files_a_breach() -> None:
    early = LIBRARY.for_year("2015-16")
    case = a_draft(changed_answers(administration_year="2015-16"), SITE_COORDINATOR)
    case.record_breach_call(a_call("cde"), SITE_COORDINATOR, NOON)
    given(case).when(lambda case: submit(case, SITE_COORDINATOR, rules=early)).then_only(
        Case.Submitted, rulebook="2015-16", administration_year="2015-16"
    )
