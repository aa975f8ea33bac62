"""What differs between the years is data: §4.7, §4.10, §5.4, A-1, A-12."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.appeals.domain.appeal import Appeal
from services.appeals.domain.errors import NotWithdrawable
from services.appeals.domain.offers import offers, route_for
from services.appeals.domain.policy import AppealPolicy
from services.appeals.domain.values import (
    Act,
    AppealStatus,
    AppealType,
    Decider,
    DeclaredEvent,
    KnownCase,
    Request,
)
from shared.kernel.actor import Role
from tests.support.appeals.states import (
    EXPIRED,
    FRIDAY,
    ILLNESS,
    NAMES,
    PAUSED_35,
    RULEBOOKS,
    SITE_COORDINATOR,
    STARTED,
    STUDENT,
    TUESDAY,
    WAS_RESET,
    WRONG_SETTINGS,
    a_case,
    situation,
)

EARLY, DEFAULT, LATER = (RULEBOOKS.for_year(year) for year in ("2015-16", "2018-19", "2020-21"))
RESET = AppealType.RESET


def offered(
    policy: AppealPolicy, case: KnownCase, event: DeclaredEvent, *, role: Role = Role.SITE_COORDINATOR
) -> set[str]:
    return {route.appeal_type.value for route in offers(policy, situation(case, event, role=role)).offered}


def an_appeal(policy: AppealPolicy, case: KnownCase, kind: AppealType, event: DeclaredEvent) -> Appeal:
    asked = Request(NAMES, "2020-21-000001-A001", kind, STUDENT, event, None, SITE_COORDINATOR, FRIDAY)
    return Appeal.request(asked, case, route_for(policy, situation(case, event), kind), policy)


@pytest.mark.parametrize(("policy", "last_day"), [(EARLY, 16), (DEFAULT, 16), (LATER, 18)])
def test_a_1_a_settings_reset_has_two_business_days_and_four_in_later_editions(
    policy: AppealPolicy, last_day: int
) -> None:
    appeal = an_appeal(policy, WRONG_SETTINGS, RESET, STARTED)
    assert appeal.decide_by == datetime(2019, 4, last_day + 1, tzinfo=UTC)  # 17:00 Pacific
    assert appeal.identity.decider is Decider.CDE


@pytest.mark.parametrize(("policy", "published"), [(DEFAULT, False), (LATER, True)])
def test_caltacs_clock_is_published_in_later_editions_only(policy: AppealPolicy, published: bool) -> None:
    assert route_for(policy, situation(ILLNESS, EXPIRED), AppealType.RE_OPEN).clock.published is published


@pytest.mark.parametrize("policy", [EARLY, DEFAULT])
def test_hr_19_a_request_that_waits_for_caltac_stands_in_the_strict_years(policy: AppealPolicy) -> None:
    appeal = an_appeal(policy, ILLNESS, AppealType.RE_OPEN, EXPIRED)
    with pytest.raises(NotWithdrawable):
        appeal.withdraw(Act(SITE_COORDINATOR, TUESDAY))


def test_a_12_later_editions_let_any_waiting_request_be_taken_back() -> None:
    appeal = an_appeal(LATER, ILLNESS, AppealType.RE_OPEN, EXPIRED)
    appeal.withdraw(Act(SITE_COORDINATOR, TUESDAY))
    assert appeal.status is AppealStatus.WITHDRAWN


def test_a_12_what_is_decided_is_not_taken_back_in_any_year() -> None:
    appeal = an_appeal(LATER, ILLNESS, AppealType.RE_OPEN, EXPIRED)
    appeal.withdraw(Act(SITE_COORDINATOR, TUESDAY))
    with pytest.raises(NotWithdrawable):
        appeal.withdraw(Act(SITE_COORDINATOR, TUESDAY))


def test_accidental_access_is_reset_only_below_the_threshold_of_later_editions() -> None:
    below = a_case("accidental_summative_access", "reset", "re_open")
    above = a_case("accidental_summative_access", "re_open")
    assert offered(LATER, below, STARTED) == {"reset"}
    assert offered(LATER, above, STARTED) == set()
    assert offered(DEFAULT, below, STARTED) == set()


def test_above_the_threshold_the_answer_says_so() -> None:
    above = a_case("accidental_summative_access", "re_open")
    withheld = {w.appeal_type: w.reason for w in offers(LATER, situation(above, STARTED)).withheld}
    assert withheld[RESET].reason_code == "reset_threshold_passed"


@pytest.mark.parametrize(
    ("incident", "kind"),
    [
        ("incorrect_ssid_used", "reset"),
        ("incorrect_assessment_administered", "reset"),
        ("data_entry_error", "reset"),
        ("remote_interference", "invalidate"),
        ("adult_granted_unauthorized_access", "invalidate"),
    ],
)
def test_types_of_later_editions_have_their_appeals_there_and_nowhere_else(incident: str, kind: str) -> None:
    case = a_case(incident, kind)
    assert [offered(policy, case, STARTED) for policy in (EARLY, DEFAULT, LATER)] == [set(), set(), {kind}]


def test_wrongly_keyed_paper_responses_are_restored_by_caltac() -> None:
    case = replace(a_case("data_entry_error", "restore", test="sb_ela_paper"), delivery_mode="paper")
    assert offered(LATER, case, WAS_RESET, role=Role.CALTAC_AGENT) == {"restore"}
    assert offered(LATER, case, WAS_RESET) == set()


@pytest.mark.parametrize("policy", [EARLY, DEFAULT, LATER])
def test_the_pause_rule_is_the_same_in_every_year(policy: AppealPolicy) -> None:
    case = a_case("session_disruption", "grace_period_extension")
    assert offered(policy, case, PAUSED_35) == {"grace_period_extension"}
