"""People, cases and appeals in the states that tests start from; each reached by public methods."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid5

from services.appeals.domain.appeal import Appeal
from services.appeals.domain.holidays import FixedDate
from services.appeals.domain.offers import Situation, route_for
from services.appeals.domain.policy import AppealPolicy
from services.appeals.domain.values import (
    Act,
    AppealType,
    DeclaredEvent,
    EventState,
    KnownCase,
    Part,
    Request,
)
from services.appeals.rulebooks.library import read_rulebooks
from shared.kernel.actor import Actor, Role

NAMES = UUID("7a1f3c0e-5b1d-4c57-9d84-6c9e5f0a3b21")
RULEBOOKS = read_rulebooks()
POLICY = RULEBOOKS.for_year("2018-19")
SCHOOL = "19647330000001"
LEA = "1964733"
OTHER_SCHOOL = "37683380000002"
STUDENT = "stu_abcdefghijklmnopqrstuvwxyz"
FRIDAY = datetime(2019, 4, 12, 17, 0, tzinfo=UTC)  # 10:00 Pacific
TUESDAY = datetime(2019, 4, 16, 17, 0, tzinfo=UTC)


def someone(
    role: Role, *, sub: str | None = None, lea: str | None = None, school: str | None = None
) -> Actor:
    name = sub or role.value
    return Actor(sub=name, name=name.title(), email=f"{name}@example.org", role=role, lea=lea, school=school)


LEA_COORDINATOR = someone(Role.LEA_COORDINATOR, lea=LEA)
SITE_COORDINATOR = someone(Role.SITE_COORDINATOR, lea=LEA, school=SCHOOL)
FOREIGN_COORDINATOR = someone(Role.LEA_COORDINATOR, sub="foreign", lea="3768338")
ADMINISTRATOR = someone(Role.TEST_ADMINISTRATOR, lea=LEA, school=SCHOOL)
CALTAC = someone(Role.CALTAC_AGENT)
CDE = someone(Role.CDE_REVIEWER)
AUDITOR = someone(Role.AUDITOR)
SYSTEM = someone(Role.SYSTEM)


def a_case(incident_type: str, *appeal_types: str, test: str = "sb_ela_cat", number: int = 1) -> KnownCase:
    return KnownCase(
        incident_id=uuid5(NAMES, f"case {number}"),
        case_number=f"2018-19-{number:06d}",
        administration_year="2018-19",
        incident_type=incident_type,
        appeal_types=appeal_types,
        lea=LEA,
        school=SCHOOL,
        test=test,
        delivery_mode="online",
        student_refs=frozenset({STUDENT}),
        submitted_by=SITE_COORDINATOR.as_fact(),
    )


CHEATING = a_case("student_cheating", "invalidate", number=1)
FIRE_DRILL = replace(
    a_case("session_disruption", "grace_period_extension", "re_open", number=2), disruption_cause="fire_drill"
)
ILLNESS = a_case("test_expired_absence_or_closure", "re_open", test="sb_ela_pt", number=3)
WRONG_SETTINGS = a_case("incorrect_test_settings", "reset", number=4)
MISSING_SUPPORT = a_case("iep_504_support_not_provided", "reset", number=5)
RESET_IN_ERROR = a_case("test_reset_in_error", number=6)
CHARTS_ON_WALLS = a_case("instructional_materials_displayed", number=7)
PREMATURE = a_case("test_submitted_prematurely", "re_open", number=8)

PAUSED_35 = DeclaredEvent(EventState.PAUSED, 35, Part.CAT)
STARTED = DeclaredEvent(EventState.STARTED)
EXPIRED = DeclaredEvent(EventState.EXPIRED)
COMPLETED = DeclaredEvent(EventState.COMPLETED)
WAS_RESET = DeclaredEvent(EventState.RESET)


def situation(
    case: KnownCase, event: DeclaredEvent, *, role: Role = Role.SITE_COORDINATOR, at: datetime = FRIDAY
) -> Situation:
    return Situation(case, event, role, at)


def requested(
    case: KnownCase,
    appeal_type: AppealType,
    event: DeclaredEvent,
    *,
    by: Actor = SITE_COORDINATOR,
    at: datetime = FRIDAY,
    policy: AppealPolicy = POLICY,
) -> Appeal:
    name = f"{case.case_number} {appeal_type}"
    asked = Request(
        appeal_id=uuid5(NAMES, name),
        appeal_number=f"{case.case_number}-A001",
        appeal_type=appeal_type,
        student_ref=STUDENT,
        event=event,
        comments=None,
        actor=by,
        at=at,
    )
    route = route_for(policy, Situation(case, event, by.role, at), appeal_type)
    return Appeal.request(asked, case, route, policy)


def an_invalidation() -> Appeal:
    return requested(CHEATING, AppealType.INVALIDATE, STARTED)


def an_extension() -> Appeal:
    return requested(FIRE_DRILL, AppealType.GRACE_PERIOD_EXTENSION, PAUSED_35)


def a_re_open() -> Appeal:
    return requested(ILLNESS, AppealType.RE_OPEN, EXPIRED)


def a_settings_reset() -> Appeal:
    return requested(WRONG_SETTINGS, AppealType.RESET, STARTED)


def approved(appeal: Appeal, *, by: Actor, at: datetime = TUESDAY) -> Appeal:
    appeal.approve(Act(by, at), POLICY, None)
    return appeal


def denied(appeal: Appeal, *, by: Actor, at: datetime = TUESDAY) -> Appeal:
    appeal.deny(Act(by, at, "The wrong type was chosen."))
    return appeal


def failed(appeal: Appeal, *, by: Actor, at: datetime = TUESDAY) -> Appeal:
    approved(appeal, by=by, at=at)
    appeal.fail(Act(CALTAC, at, "No opportunity matches."))
    return appeal


def resubmitted(appeal: Appeal, *, by: Actor, at: datetime = TUESDAY) -> Appeal:
    failed(appeal, by=by, at=at)
    appeal.resubmit(Act(CALTAC, at))
    return appeal


def withdrawn(appeal: Appeal, *, by: Actor = SITE_COORDINATOR, at: datetime = TUESDAY) -> Appeal:
    appeal.withdraw(Act(by, at))
    return appeal


def processed(appeal: Appeal, *, by: Actor, at: datetime = TUESDAY) -> Appeal:
    approved(appeal, by=by, at=at)
    appeal.process(Act(CALTAC, at))
    return appeal


def with_day_off(policy: AppealPolicy, month: int, day: int) -> AppealPolicy:
    """The same rules by a calendar that closes the office on one day more."""
    holidays = (*policy.calendar.holidays, FixedDate("An added day", month, day))
    return replace(
        policy, calendar=replace(policy.calendar, version=f"plus-{month}-{day}", holidays=holidays)
    )


def adopted(appeal: Appeal, *, at: datetime = FRIDAY) -> Appeal:
    appeal.adopt_calendar(with_day_off(POLICY, 4, 15), SYSTEM, at)
    return appeal
