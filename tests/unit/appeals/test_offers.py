"""HR-15: the routing table of domain §5.7, every cell, and what a coordinator is told where it is empty."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.appeals.domain.errors import (
    AlreadyInvalidated,
    AppealTypeNotOffered,
    EventNotClosed,
    NotADisruption,
    RestoreThroughCaltac,
    WindowClosed,
)
from services.appeals.domain.offers import offers, route_for
from services.appeals.domain.values import AppealType, Decider, DeclaredEvent, EventState, KnownCase, Part
from shared.kernel.actor import Role
from shared.kernel.errors import Refusal
from tests.support.appeals.states import (
    CHARTS_ON_WALLS,
    CHEATING,
    COMPLETED,
    EXPIRED,
    FIRE_DRILL,
    FRIDAY,
    ILLNESS,
    MISSING_SUPPORT,
    PAUSED_35,
    POLICY,
    PREMATURE,
    RESET_IN_ERROR,
    RULEBOOKS,
    STARTED,
    WAS_RESET,
    WRONG_SETTINGS,
    a_case,
    situation,
)

GPE = AppealType.GRACE_PERIOD_EXTENSION
NONE: set[str] = set()
STATES = tuple(EventState)


def offered(case: KnownCase, event: DeclaredEvent, *, role: Role = Role.SITE_COORDINATOR) -> set[str]:
    return {route.appeal_type.value for route in offers(POLICY, situation(case, event, role=role)).offered}


def why_nothing(case: KnownCase, event: DeclaredEvent) -> str | None:
    reason = offers(POLICY, situation(case, event)).reason
    return reason.reason_code if reason else None


def in_each_state(case: KnownCase) -> dict[EventState, set[str]]:
    return {state: offered(case, DeclaredEvent(state, 35)) for state in STATES}


def only(what: str, *states: EventState) -> dict[EventState, set[str]]:
    return {state: {what} if state in states else NONE for state in STATES}


S = EventState
AFTER_STARTING = (S.STARTED, S.PAUSED, S.SUBMITTED, S.EXPIRED, S.COMPLETED)
RE_OPENED_ONCE_EXPIRED = (
    "test_expired_absence_or_closure",
    "test_started_unintentionally",
    "accidental_summative_access",
)
INVALIDATED = (
    "student_cheating",
    "unauthorized_internet_or_software",
    "unauthorized_device",
    "access_to_other_student_work_intentional",
    "coaching_or_assistance",
    "nonallowable_materials_or_supports",
    "other_person_logged_on",
    "social_media_exposure_student",
    "secure_content_copied_or_discussed_student",
    "responses_or_records_modified",
)
NO_APPEAL = (
    "student_no_effort",
    "student_disruption",
    "student_left_room",
    "instructional_materials_displayed",
    "unqualified_administration",
    "incorrect_instructions",
    "wrong_script_or_directions",
    "credentials_shared",
    "testing_past_window",
    "access_to_other_student_work_unintentional",
    "social_media_exposure_adult",
    "secure_content_copied_or_discussed_adult",
    "secure_materials_taken_or_unsecured",
    "secure_materials_removed",
    "secure_materials_shared_with_media",
    "secure_browser_workaround",
    "lost_student_logon_information",
)
TESTS = (*POLICY.tests, "sb_ela_cat_paper")
ALL_TYPES = tuple(kind.value for kind in AppealType)


@pytest.mark.parametrize("incident", RE_OPENED_ONCE_EXPIRED)
def test_a_test_that_expired_is_re_opened(incident: str) -> None:
    assert in_each_state(a_case(incident, "re_open")) == only("re_open", S.EXPIRED)


def test_a_test_that_was_submitted_too_early_is_re_opened() -> None:
    assert in_each_state(PREMATURE) == only("re_open", S.SUBMITTED, S.COMPLETED)


@pytest.mark.parametrize("incident", INVALIDATED)
def test_a_threat_to_validity_leads_to_an_invalidation_in_any_state_after_starting(incident: str) -> None:
    assert in_each_state(a_case(incident, "invalidate")) == only("invalidate", *AFTER_STARTING)


@pytest.mark.parametrize(
    "incident",
    ["incorrect_test_settings", "iep_504_support_not_provided", "designated_support_not_provided"],
)
def test_wrong_settings_lead_to_a_reset_in_any_state_after_starting(incident: str) -> None:
    assert in_each_state(a_case(incident, "reset")) == only("reset", *AFTER_STARTING)


@pytest.mark.parametrize("incident", ["unindicated_designated_support", "inappropriate_accommodation"])
def test_a_support_that_was_allowed_wrongly_leads_to_either(incident: str) -> None:
    case = a_case(incident, "invalidate", "reset")
    assert [in_each_state(case)[state] for state in AFTER_STARTING] == [{"invalidate", "reset"}] * 5


def test_a_missing_support_that_is_no_language_resource_leads_to_no_reset() -> None:
    assert offered(a_case("designated_support_not_provided"), STARTED) == NONE


@pytest.mark.parametrize("incident", NO_APPEAL)
@pytest.mark.parametrize("state", STATES)
def test_every_other_incident_leads_to_no_appeal_and_says_so(incident: str, state: EventState) -> None:
    case = a_case(incident)
    assert offered(case, DeclaredEvent(state)) == NONE
    assert why_nothing(case, DeclaredEvent(state)) == "no_appeal_for_this_incident"


@pytest.mark.parametrize("test", TESTS)
def test_nothing_can_be_appealed_for_a_test_that_never_started(test: str) -> None:
    never = DeclaredEvent(EventState.NEVER_STARTED)
    assert offered(a_case("student_cheating", "invalidate", test=test), never) == NONE
    assert why_nothing(a_case("student_cheating", "invalidate", test=test), never) == "never_started"


def test_e12_a_fire_drill_that_pauses_a_cat_35_minutes_offers_the_extension() -> None:
    assert offered(FIRE_DRILL, PAUSED_35) == {"grace_period_extension"}


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, NONE), (20, NONE), (21, {GPE.value}), (None, {GPE.value})]
)
def test_k13_the_extension_begins_after_twenty_minutes(minutes: int | None, expected: set[str]) -> None:
    assert offered(FIRE_DRILL, DeclaredEvent(EventState.PAUSED, minutes)) == expected


def test_a_short_pause_is_answered_with_a_new_session() -> None:
    assert why_nothing(FIRE_DRILL, DeclaredEvent(EventState.PAUSED, 20)) == "open_new_session"


@pytest.mark.parametrize(
    ("test", "part", "expected"),
    [
        ("sb_math_cat", None, {GPE.value}),
        ("cast", Part.DISCRETE_BLOCK, {GPE.value}),
        ("cast", None, {GPE.value}),
        ("cast", Part.PT, NONE),
        ("sb_ela_cat", Part.PT, NONE),
        ("sb_ela_pt", None, NONE),
        ("sb_ela_pt", Part.CAT, NONE),
        ("caa_ela", None, NONE),
        ("caa_sci_pt2", Part.PT, NONE),
        ("csa", None, NONE),
        ("of_another_year", None, {GPE.value}),
        ("of_another_year", Part.PT, NONE),
    ],
)
def test_hr_21_only_cat_and_discrete_blocks_have_a_pause_rule(
    test: str, part: Part | None, expected: set[str]
) -> None:
    event = DeclaredEvent(EventState.PAUSED, 35, part)
    assert offered(replace(FIRE_DRILL, test=test), event) == expected


def test_hr_21_a_performance_task_is_answered_with_a_new_session() -> None:
    task = replace(FIRE_DRILL, test="sb_ela_pt")
    assert why_nothing(task, DeclaredEvent(EventState.PAUSED, 35)) == "grace_period_not_for_this_part"
    assert "open a new test session" in POLICY.reasons["grace_period_not_for_this_part"].text


@pytest.mark.parametrize("incident", ["session_disruption", "student_left_room", "student_cheating"])
def test_e15_a_long_lunch_is_no_disruption(incident: str) -> None:
    case = replace(a_case(incident, "grace_period_extension"), disruption_cause="long_lunch")
    refused(case, PAUSED_35, GPE, NotADisruption)


def test_an_extension_is_refused_as_no_disruption_where_the_catalog_leaves_it_out() -> None:
    refused(a_case("session_disruption", "re_open"), PAUSED_35, GPE, NotADisruption)


def test_a_forbidden_application_leads_to_an_extension_only_where_the_catalog_says_so() -> None:
    launched = a_case("forbidden_application_launched", "grace_period_extension")
    assert offered(launched, PAUSED_35) == {"grace_period_extension"}
    assert why_nothing(a_case("forbidden_application_launched"), PAUSED_35) == "not_a_disruption"


def test_a_disrupted_session_whose_test_expired_is_re_opened() -> None:
    assert offered(FIRE_DRILL, EXPIRED) == {"re_open"}


@pytest.mark.parametrize("incident", ["session_disruption", "accidental_summative_access"])
def test_a_test_that_expired_after_its_case_was_submitted_is_re_opened_all_the_same(incident: str) -> None:
    hopeful = a_case(incident, test="sb_ela_pt")  # "not expired", "can finish in time": no type is named
    assert offered(hopeful, EXPIRED) == {"re_open"}
    assert offered(hopeful, DeclaredEvent()) == set()
    assert offered(replace(hopeful, delivery_mode="paper"), EXPIRED) == set()


def test_a_paper_test_has_no_online_only_appeal() -> None:
    paper = replace(ILLNESS, delivery_mode="paper")
    assert (offered(paper, EXPIRED), why_nothing(paper, EXPIRED)) == (NONE, "refer_to_paper_manual")


@pytest.mark.parametrize("year", ["2015-16", "2018-19", "2020-21"])
def test_a_20_a_test_on_paper_is_on_paper_whatever_its_case_says_of_the_delivery(year: str) -> None:
    policy = RULEBOOKS.for_year(year)
    assert policy.paper_tests == {test for test in policy.tests if test.endswith("_paper")}
    assert policy.paper_tests
    for test, incident in itertools.product(sorted(policy.paper_tests), RE_OPENED_ONCE_EXPIRED):
        case = replace(a_case(incident, "re_open", test=test), administration_year=year)
        found = offers(policy, situation(case, EXPIRED))
        assert (found.offered, found.reason and found.reason.reason_code) == ((), "refer_to_paper_manual")


def test_e55_a_paused_test_is_not_re_opened_and_the_answer_says_what_to_do() -> None:
    refused(ILLNESS, DeclaredEvent(EventState.PAUSED), AppealType.RE_OPEN, EventNotClosed)
    assert why_nothing(ILLNESS, DeclaredEvent(EventState.PAUSED)) == "test_not_closed"


def test_e23_hr_18_a_coordinator_cannot_ask_for_a_restore() -> None:
    refused(RESET_IN_ERROR, WAS_RESET, AppealType.RESTORE, RestoreThroughCaltac)
    assert why_nothing(RESET_IN_ERROR, WAS_RESET) == "restore_through_caltac"


@pytest.mark.parametrize("state", STATES)
def test_hr_23_caltac_restores_what_is_reset_and_nothing_else(state: EventState) -> None:
    expected = {"restore"} if state is EventState.RESET else NONE
    assert offered(RESET_IN_ERROR, DeclaredEvent(state), role=Role.CALTAC_AGENT) == expected


def test_an_invalidated_test_is_not_re_opened() -> None:
    refused(ILLNESS, DeclaredEvent(EventState.INVALIDATED), AppealType.RE_OPEN, AlreadyInvalidated)


def test_a_type_that_the_incident_does_not_lead_to_is_refused_with_the_reason() -> None:
    refused(CHARTS_ON_WALLS, STARTED, AppealType.RESET, AppealTypeNotOffered)


def test_hr_20_nothing_is_offered_after_the_window_closed() -> None:
    closed = replace(CHEATING, window_closes_on=date(2019, 4, 11))
    refused(closed, STARTED, AppealType.INVALIDATE, WindowClosed)
    assert why_nothing(closed, STARTED) == "window_closed"


@pytest.mark.shows("HR-20")
def test_e54_a_csa_unfinished_on_july_15_cannot_be_re_opened_and_caltac_is_called() -> None:
    csa = replace(ILLNESS, test="csa", window_closes_on=date(2019, 7, 15))
    after = datetime(2019, 7, 16, 8, 0, tzinfo=UTC)  # 01:00 Pacific on the day after
    found = offers(POLICY, situation(csa, EXPIRED, at=after))
    assert found.offered == ()
    assert found.reason is not None
    assert found.reason.reason_code == "window_closed"
    assert "call CalTAC at 800-955-2954" in found.reason.text
    on_the_last_day = datetime(2019, 7, 16, 6, 0, tzinfo=UTC)
    assert [r.appeal_type for r in offers(POLICY, situation(csa, EXPIRED, at=on_the_last_day)).offered] == [
        AppealType.RE_OPEN
    ]


def test_hr_20_the_last_day_of_the_window_counts() -> None:
    assert offered(replace(CHEATING, window_closes_on=date(2019, 4, 12)), STARTED) == {"invalidate"}


@pytest.mark.parametrize(
    ("closes_on", "warned"),
    [(None, False), (date(2019, 4, 18), True), (date(2019, 4, 19), False)],
    ids=["no window known", "a day too short", "four business days and one to test"],
)
def test_k9_too_little_time_to_test_after_a_decision_is_a_warning_and_no_refusal(
    closes_on: date | None, warned: bool
) -> None:
    found = offers(POLICY, situation(replace(ILLNESS, window_closes_on=closes_on), EXPIRED))
    assert [route.appeal_type for route in found.offered] == [AppealType.RE_OPEN]
    reasons = [reason.reason_code for reason in found.warnings.values()]
    assert reasons == ["little_time_to_test"] * warned


def test_nobody_is_hurried_for_an_appeal_after_which_nobody_tests() -> None:
    assert not offers(
        POLICY, situation(replace(CHEATING, window_closes_on=date(2019, 4, 12)), STARTED)
    ).warnings


def test_an_unknown_state_is_left_to_the_decider() -> None:
    assert offered(WRONG_SETTINGS, DeclaredEvent()) == {"reset"}
    assert offered(FIRE_DRILL, DeclaredEvent()) == {"grace_period_extension", "re_open"}


@pytest.mark.parametrize(
    ("case", "event", "kind", "row"),
    [
        (FIRE_DRILL, PAUSED_35, GPE, (Decider.CDE, "defer_for_cde", "K5")),
        (CHEATING, COMPLETED, AppealType.INVALIDATE, (Decider.CDE, "defer_for_cde", "K5")),
        (WRONG_SETTINGS, STARTED, AppealType.RESET, (Decider.CDE, "file_now", "K6")),
        (MISSING_SUPPORT, STARTED, AppealType.RESET, (Decider.CALTAC, "file_now", "K7")),
        (ILLNESS, EXPIRED, AppealType.RE_OPEN, (Decider.CALTAC, "file_now", "K7")),
    ],
    ids=["E12 HR-16", "E26 HR-16", "E19 HR-17", "HR-17 other reset", "E16 HR-17"],
)
def test_who_decides_and_by_which_clock(
    case: KnownCase, event: DeclaredEvent, kind: AppealType, row: tuple[Decider, str, str]
) -> None:
    route = route_for(POLICY, situation(case, event), kind)
    assert (route.decider, route.routing.value, route.clock.id) == row


@pytest.mark.shows("HR-15")
def test_every_cell_of_incident_test_delivery_and_state_has_an_answer_in_words() -> None:
    incidents = {code for route in POLICY.routes for code in route.incident_types} | set(NO_APPEAL)
    cells = itertools.product(sorted(incidents), TESTS, ("online", "paper"), (None, *STATES))
    silent = [
        (incident, test, mode, state)
        for incident, test, mode, state in cells
        for answer in [offers(POLICY, situation(_cell(incident, test, mode), DeclaredEvent(state, 35)))]
        if not answer.offered and not (answer.reason and answer.reason.text)
    ]
    assert silent == []


def _cell(incident: str, test: str, mode: str) -> KnownCase:
    return replace(a_case(incident, *ALL_TYPES, test=test), delivery_mode=mode)


def refused(case: KnownCase, event: DeclaredEvent, kind: AppealType, why: type[Refusal]) -> None:
    with pytest.raises(why) as refusal:
        route_for(POLICY, situation(case, event, at=FRIDAY), kind)
    assert type(refusal.value) is why
    assert refusal.value.detail
