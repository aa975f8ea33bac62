"""Calls, appeals and the end of a case: given these facts, when this is asked, then these facts follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.incidents.domain.case import Case
from services.incidents.domain.errors import (
    BreachCallRequired,
    InTheFuture,
    NotAllowed,
    NotSubmitted,
    WrongCallDestination,
)
from services.incidents.domain.permissions import require_breach_caller
from services.incidents.domain.values import CaseStatus, SubStatus
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal
from tests.support.http.tokens import (
    AUDITOR,
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA_COORDINATOR,
    SITE_COORDINATOR,
    SYSTEM,
)
from tests.support.incidents.bodies import (
    changed_answers,
    charts_on_walls,
    cheating,
    fire_drill,
    instagram,
)
from tests.support.incidents.states import (
    NOON,
    NUMBER,
    RULES,
    a_call,
    a_case_with_appeals,
    a_draft,
    a_submitted_case,
    an_appeal,
    revise,
    stated,
    submit,
)
from tests.support.scenario import given


@pytest.mark.shows("HR-12")
def test_e32_a_site_coordinator_submits_a_breach_only_after_the_call() -> None:
    case = a_draft(changed_answers(), SITE_COORDINATOR)

    def by_the_site(case: Case) -> None:
        submit(case, SITE_COORDINATOR, NOON)

    given(case).when(by_the_site).then_refused(BreachCallRequired)
    case.record_breach_call(a_call("cde"), LEA_COORDINATOR, NOON)
    given(case).when(by_the_site).then_only(Case.Submitted)


def test_a_call_for_what_the_draft_was_before_does_not_count() -> None:
    case = a_draft(instagram(), SITE_COORDINATOR)
    case.record_breach_call(a_call("caltac"), LEA_COORDINATOR, NOON)
    other, _ = stated(changed_answers())
    revise(case, other, SITE_COORDINATOR, NOON)
    given(case).when(lambda c: submit(c, SITE_COORDINATOR, NOON)).then_refused(BreachCallRequired)


def test_e31_an_lea_coordinator_submits_a_breach_without_it() -> None:
    assert a_submitted_case(changed_answers()).assessment.pre_action == "call_cde"


@pytest.mark.parametrize(
    ("body", "called", "refusal"),
    [
        (instagram(), "cde", WrongCallDestination),
        (changed_answers(), "caltac", WrongCallDestination),
        (cheating(), "cde", WrongCallDestination),
    ],
    ids=["E30 social media", "E31 any other breach", "HR-13 cheating asks for no call"],
)
def test_hr11_the_right_desk_is_called(body: dict[str, Any], called: str, refusal: type[Refusal]) -> None:
    given(a_draft(body)).when(
        lambda c: c.record_breach_call(a_call(called), LEA_COORDINATOR, NOON)
    ).then_refused(refusal)


@pytest.mark.parametrize("actor", [SITE_COORDINATOR, AUDITOR], ids=lambda actor: actor.role)
def test_hr11_the_lea_coordinator_is_the_one_who_calls(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        require_breach_caller(actor, RULES)


@pytest.mark.parametrize("actor", [LEA_COORDINATOR, CALTAC_AGENT, CDE_REVIEWER], ids=lambda a: a.role)
def test_a_call_is_recorded_also_after_the_submission(actor: Actor) -> None:
    require_breach_caller(actor, RULES)
    given(a_submitted_case(instagram())).when(
        lambda c: c.record_breach_call(a_call("caltac"), actor, NOON)
    ).then_only(Case.BreachCallRecorded, called="caltac", case_number=NUMBER)


def test_a_call_is_recorded_after_it_was_made() -> None:
    given(a_draft(instagram())).when(
        lambda c: c.record_breach_call(a_call("caltac", NOON + timedelta(hours=1)), LEA_COORDINATOR, NOON)
    ).then_refused(InTheFuture)


def test_hr25_a_case_to_which_no_appeal_can_follow_is_processed_once() -> None:
    case = a_submitted_case(charts_on_walls())
    given(case).when(lambda c: c.conclude(SYSTEM, NOON)).then_only(Case.Processed, case_number=NUMBER)
    given(case).when(lambda c: c.conclude(SYSTEM, NOON)).then()
    assert (case.status, case.sub_status) == (CaseStatus.PROCESSED, SubStatus.COMPLETED)


def test_a_case_to_which_an_appeal_can_follow_waits_for_it() -> None:
    given(a_submitted_case(fire_drill())).when(lambda c: c.conclude(SYSTEM, NOON)).then()
    given(a_draft(charts_on_walls())).when(lambda c: c.conclude(SYSTEM, NOON)).then()


@pytest.mark.parametrize(
    ("statuses", "status", "sub_status"),
    [
        ((), CaseStatus.SUBMITTED, None),
        (("pending_cde", "pending_cde"), CaseStatus.SUBMITTED, SubStatus.PENDING_CDE),
        (("pending_cde", "approved"), CaseStatus.SUBMITTED, SubStatus.PARTIAL_CDE),
        (("pending_cde", "withdrawn"), CaseStatus.SUBMITTED, SubStatus.PENDING_CDE),
        (("approved", "denied"), CaseStatus.SUBMITTED, SubStatus.COMPLETED),
        (("processing_failed", "denied"), CaseStatus.SUBMITTED, SubStatus.PENDING_CALTAC),
        (("processed", "denied"), CaseStatus.PROCESSED, SubStatus.COMPLETED),
        (("withdrawn",), CaseStatus.PROCESSED, SubStatus.COMPLETED),
    ],
)
def test_hr25_a_case_follows_its_appeals(
    statuses: tuple[str, ...], status: CaseStatus, sub_status: SubStatus | None
) -> None:
    case = a_case_with_appeals(cheating(), *statuses)
    assert (case.status, case.sub_status) == (status, sub_status)


def test_a_refiled_appeal_opens_a_processed_case_again() -> None:
    case = a_case_with_appeals(cheating(), "denied")
    again = replace(an_appeal("pending_cde", number=1), student_ref=an_appeal("denied").student_ref)
    case.note_appeal(again, LEA_COORDINATOR, NOON)
    assert (case.status, case.sub_status) == (CaseStatus.SUBMITTED, SubStatus.PENDING_CDE)


@pytest.mark.parametrize("late_news", ["processed", "pending_cde"])
def test_repeated_and_late_news_of_an_ended_appeal_change_nothing(late_news: str) -> None:
    case = a_case_with_appeals(cheating(), "processed")
    given(case).when(lambda c: c.note_appeal(an_appeal(late_news), LEA_COORDINATOR, NOON)).then()


def test_that_an_appeal_was_requested_is_no_news_once_it_is_decided() -> None:
    case = a_case_with_appeals(cheating(), "approved")
    given(case).when(lambda c: c.note_appeal(an_appeal("pending_cde"), LEA_COORDINATOR, NOON)).then()


def test_hr02_a_draft_has_no_appeals() -> None:
    given(a_draft(cheating())).when(
        lambda c: c.note_appeal(an_appeal("pending_cde"), LEA_COORDINATOR, NOON)
    ).then_refused(NotSubmitted)
