"""What the facts of appeals mean for their clocks (domain §8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.appeals.domain import facts
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.deadlines import changes_of, filing_closes
from services.appeals.domain.values import Act, AppealType
from services.appeals.messaging.outbound import publish
from shared.contracts.appeals_v1 import DecisionAtRisk, DecisionOverdue
from shared.deadlines.deadline import Deadline
from shared.deadlines.terms import DeadlineChange, Done, Due, Moot
from tests.support.appeals.states import (
    CALTAC,
    CDE,
    CHEATING,
    FRIDAY,
    POLICY,
    RULEBOOKS,
    SITE_COORDINATOR,
    STARTED,
    SYSTEM,
    TUESDAY,
    a_re_open,
    a_settings_reset,
    adopted,
    an_extension,
    an_invalidation,
    approved,
    denied,
    requested,
    with_day_off,
)
from tests.support.scenario import given

WEDNESDAY_CLOSE = datetime(2019, 4, 18, 0, 0, tzinfo=UTC)
THURSDAY_CLOSE = datetime(2019, 4, 19, 0, 0, tzinfo=UTC)


def changes_by(appeal: Appeal) -> list[DeadlineChange]:
    happened = [fact for fact in appeal.collect_events() if isinstance(fact, facts.Event | facts.Requested)]
    return [change for fact in happened for change in changes_of(fact, RULEBOOKS.for_year)]


def due(changes: list[DeadlineChange]) -> Due:
    (found,) = [change for change in changes if isinstance(change, Due)]
    return found


@pytest.mark.parametrize(
    ("appeal", "clock"),
    [(an_invalidation(), "K5"), (a_settings_reset(), "K6"), (a_re_open(), "K7")],
    ids=["K5", "K6", "K7"],
)
def test_the_ledger_says_what_the_appeal_says(appeal: Appeal, clock: str) -> None:
    found = due(changes_by(appeal))
    assert (found.clock, found.due_at, found.subject) == (clock, appeal.decide_by, str(appeal.id))
    assert found.terms.calendar_version == POLICY.calendar.version
    assert [warning.warning for warning in found.warnings] == ["P1BD"]


def test_the_warning_leaves_one_business_day() -> None:
    (warning,) = due(changes_by(an_invalidation())).warnings
    assert warning.at == WEDNESDAY_CLOSE


def test_a_business_day_before_monday_is_friday_and_holidays_are_none() -> None:
    calendar = POLICY.calendar
    monday_close = datetime(2019, 4, 16, 0, 0, tzinfo=UTC)
    assert calendar.before(monday_close, 1) == datetime(2019, 4, 13, 0, 0, tzinfo=UTC)
    after_chavez = datetime(2020, 4, 2, 0, 0, tzinfo=UTC)  # April 1, 2020; March 31 is a holiday
    assert calendar.before(after_chavez, 1) == datetime(2020, 3, 31, 0, 0, tzinfo=UTC)


def test_a_request_meets_the_filing_of_its_case() -> None:
    assert changes_by(an_invalidation())[0] == Done("K9", str(CHEATING.incident_id), FRIDAY)


@pytest.mark.parametrize(
    "appeal", [approved(an_invalidation(), by=CDE), denied(an_invalidation(), by=CDE)], ids=["yes", "no"]
)
def test_a_decision_meets_its_clock(appeal: Appeal) -> None:
    met = [change for change in changes_by(appeal) if isinstance(change, Done) and change.clock == "K5"]
    assert [(change.subject, change.at) for change in met] == [(str(appeal.id), TUESDAY)]


def test_a_withdrawal_waives_it() -> None:
    appeal = an_extension()
    appeal.withdraw(Act(SITE_COORDINATOR, TUESDAY))
    assert "K5" in {change.clock for change in changes_by(appeal) if isinstance(change, Moot)}


@pytest.mark.shows("K20")
def test_k20_lasts_to_the_end_of_the_last_day_and_lapses() -> None:
    appeal = a_re_open()
    appeal.collect_events()
    found = due(changes_by(approved(appeal, by=CALTAC)))
    assert (found.clock, found.terms.lapses) == ("K20", True)
    assert found.due_at == datetime(2019, 4, 27, 6, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.shows("K9")
def test_k9_lasts_to_the_end_of_the_windows_last_day() -> None:
    found = filing_closes(CHEATING, date(2019, 5, 31), POLICY, FRIDAY, "set")
    assert (found.clock, found.subject) == ("K9", str(CHEATING.incident_id))
    assert found.due_at == datetime(2019, 6, 1, 6, 59, 59, 999999, tzinfo=UTC)


def test_a_clock_that_the_rulebook_has_no_more_is_still_one() -> None:
    appeal = an_invalidation()
    bare = replace(POLICY, clocks={})
    (requested,) = [fact for fact in appeal.collect_events() if isinstance(fact, facts.Requested)]
    found = due(changes_of(requested, lambda _year: bare))
    assert (found.clock, found.due_at, found.warnings) == ("K5", THURSDAY_CLOSE, ())


def test_an_adopted_calendar_moves_an_undecided_appeal() -> None:
    given(an_invalidation()).when(
        lambda it: it.adopt_calendar(with_day_off(POLICY, 4, 15), SYSTEM, FRIDAY)
    ).then_only(
        facts.DecideByMoved,
        old_decide_by=THURSDAY_CLOSE,
        decide_by=datetime(2019, 4, 20, 0, 0, tzinfo=UTC),
        calendar_version="plus-4-15",
    )


def test_a_moved_decision_is_due_by_the_new_calendar_with_its_warning_and_why() -> None:
    appeal = an_invalidation()
    appeal.collect_events()
    found = due(changes_by(adopted(appeal)))
    assert (found.clock, found.due_at) == ("K5", appeal.decide_by)
    assert (found.terms.rulebook, found.terms.calendar_version) == (POLICY.year, "plus-4-15")
    assert [warning.warning for warning in found.warnings] == ["P1BD"]
    assert found.why == f"the calendar plus-4-15 was adopted in place of {POLICY.calendar.version}"


def test_an_appeal_that_the_rulebook_gives_no_time_limit_has_no_decision_clock() -> None:
    unlimited = [replace(row, clock=replace(row.clock, business_days=None)) for row in POLICY.routes]
    rules = replace(POLICY, routes=tuple(unlimited))
    appeal = requested(CHEATING, AppealType.INVALIDATE, STARTED, policy=rules)
    assert (appeal.decide_by, changes_by(appeal)) == (None, [Done("K9", str(CHEATING.incident_id), FRIDAY)])


def test_what_happens_to_a_decided_appeal_moves_no_clock() -> None:
    appeal = approved(an_invalidation(), by=CDE)
    appeal.collect_events()
    appeal.process(Act(CALTAC, TUESDAY))
    assert changes_by(appeal) == []


@pytest.mark.parametrize(
    "appeal",
    [approved(an_invalidation(), by=CDE), denied(an_invalidation(), by=CDE), adopted(an_invalidation())],
    ids=["approved", "denied", "moved already"],
)
def test_what_is_decided_or_moved_already_stays(appeal: Appeal) -> None:
    given(appeal).when(lambda it: it.adopt_calendar(with_day_off(POLICY, 4, 15), SYSTEM, FRIDAY)).then()


def test_the_same_calendar_moves_nothing() -> None:
    given(an_invalidation()).when(lambda it: it.adopt_calendar(POLICY, SYSTEM, FRIDAY)).then()


def test_others_are_told_of_a_decision_at_risk_and_overdue() -> None:
    deadline = Deadline.begin("appeals", due(changes_by(an_invalidation())))
    deadline.notice(WEDNESDAY_CLOSE)
    deadline.notice(datetime(2019, 4, 19, 0, 1, tzinfo=UTC))
    told = [publish(fact) for fact in deadline.collect_events() if isinstance(fact, Deadline.Event)]
    assert [type(each) for each in told] == [type(None), DecisionAtRisk, DecisionOverdue]
    risk = told[1]
    assert isinstance(risk, DecisionAtRisk)
    assert (risk.warning, risk.clock, risk.status, risk.decide_by) == (
        "P1BD",
        "K5",
        "pending_cde",
        THURSDAY_CLOSE,
    )
