"""A deadline as given, when, then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.deadlines.deadline import Deadline
from shared.deadlines.terms import DeadlineState, PlannedWarning, deadline_id, duration
from tests.support.logbooks.deadline_states import (
    ABOUT,
    BEGUN,
    DUE,
    HOUR,
    RULE,
    SERVICE,
    due,
    met,
    missed,
    running,
    waived,
)
from tests.support.scenario import given

MOMENT = timedelta(microseconds=1)


def test_a_clock_of_one_thing_is_one_stream() -> None:
    assert running().id == deadline_id(SERVICE, "K3", "case")
    assert len({deadline_id(*names) for names in (("a", "K3", "x"), ("b", "K3", "x"), ("a", "K4", "x"))}) == 3


def test_warnings_are_planned_as_instants() -> None:
    assert running().unnoticed == [PlannedWarning("PT4H", DUE - 4 * HOUR), PlannedWarning("PT1H", DUE - HOUR)]


def test_nobody_is_warned_of_what_had_passed_when_the_clock_was_set() -> None:
    assert running(at=DUE - 4 * HOUR).unnoticed == [PlannedWarning("PT1H", DUE - HOUR)]


def test_before_the_first_warning_there_is_nothing_to_notice() -> None:
    given(running()).when(lambda it: it.notice(DUE - 4 * HOUR - MOMENT)).then()


@pytest.mark.parametrize(("left", "warning"), [(4 * HOUR, "PT4H"), (2 * HOUR, "PT4H")])
def test_a_warning_is_noticed_when_its_instant_has_come(left: timedelta, warning: str) -> None:
    outcome = given(running()).when(lambda it: it.notice(DUE - left))
    outcome.then_only(Deadline.AtRisk, warning=warning, noticed_at=DUE - left, due_at=DUE, passed_over=[])


def test_of_two_warnings_that_have_come_the_last_one_is_given() -> None:
    outcome = given(running()).when(lambda it: it.notice(DUE))
    outcome.then_only(Deadline.AtRisk, warning="PT1H", passed_over=["PT4H"], occurred_at=DUE - HOUR)


def test_a_warning_is_given_once() -> None:
    deadline = running()
    deadline.notice(DUE - HOUR)
    given(deadline).when(lambda it: it.notice(DUE - HOUR / 2)).then()


def test_missed_says_when_it_was_due_and_when_that_was_noticed() -> None:
    outage = DUE + timedelta(hours=72)
    outcome = given(running()).when(lambda it: it.notice(outage))
    outcome.then_only(
        Deadline.Missed, due_at=DUE, occurred_at=DUE, noticed_at=outage, passed_over=["PT4H", "PT1H"]
    )


def test_until_a_save_on_its_way_must_have_arrived_nothing_is_missed_and_nobody_warned() -> None:
    given(running()).when(lambda it: it.notice(DUE + MOMENT, grace=HOUR / 2)).then()
    given(running()).when(lambda it: it.notice(DUE + HOUR / 2 + MOMENT, grace=HOUR / 2)).then_only(
        Deadline.Missed, noticed_at=DUE + HOUR / 2 + MOMENT
    )


def test_the_very_moment_is_in_time() -> None:
    assert given(running()).when(lambda it: it.fulfil(DUE)).facts[0].name == "Met"


def test_a_moment_later_is_late_by_a_second() -> None:
    outcome = given(running()).when(lambda it: it.fulfil(DUE + MOMENT))
    assert [fact.name for fact in outcome.facts] == ["Missed", "MetLate"]
    assert outcome.facts[1].body["late_by_seconds"] == 1


def test_what_is_done_late_stays_missed_and_says_by_how_much() -> None:
    deadline = missed()
    given(deadline).when(lambda it: it.fulfil(DUE + 2 * HOUR)).then_only(
        Deadline.MetLate, late_by_seconds=7200, met_at=DUE + 2 * HOUR
    )
    assert deadline.state is DeadlineState.MISSED


def test_what_was_done_in_time_is_met_whatever_was_noticed_before_that_was_known() -> None:
    deadline = missed()
    given(deadline).when(lambda it: it.fulfil(DUE - HOUR)).then_only(Deadline.Met, met_at=DUE - HOUR)
    assert deadline.state is DeadlineState.MET


def test_done_says_what_is_known_only_then() -> None:
    deadline = running()
    deadline.fulfil(DUE, {"case_number": "2018-19-000001"})
    assert deadline.about == {**ABOUT, "case_number": "2018-19-000001"}


@pytest.mark.parametrize("ended", [met(), waived(), missed()], ids=["met", "waived", "missed"])
def test_what_has_ended_is_noticed_no_more(ended: Deadline) -> None:
    given(ended).when(lambda it: it.notice(DUE + 100 * HOUR)).then()


def test_doing_it_twice_changes_nothing() -> None:
    given(met()).when(lambda it: it.fulfil(DUE + HOUR)).then()


def test_asking_for_what_is_so_changes_nothing() -> None:
    given(running()).when(lambda it: it.require(due())).then()


def test_another_due_date_retimes_the_warnings_too() -> None:
    deadline = running()
    deadline.notice(DUE - 4 * HOUR)
    outcome = given(deadline).when(lambda it: it.require(due(DUE + HOUR, at=DUE - 2 * HOUR)))
    outcome.then_only(Deadline.Retimed, old_due_at=DUE, due_at=DUE + HOUR, why="revised")
    assert deadline.unnoticed == [PlannedWarning("PT1H", DUE)]


def test_the_same_due_date_of_something_else_is_described_anew() -> None:
    outcome = given(running()).when(lambda it: it.require(due(about={"school": "19647336019999"})))
    outcome.then_only(Deadline.Redescribed, about={**ABOUT, "school": "19647336019999"}, due_at=DUE)


def test_a_met_deadline_is_moved_no_more() -> None:
    given(met()).when(lambda it: it.require(due(DUE + HOUR))).then()


def test_a_missed_one_that_becomes_due_later_runs_again() -> None:
    deadline = missed(DUE + HOUR)
    deadline.require(due(DUE + 5 * HOUR, at=DUE + 2 * HOUR))
    assert deadline.state is DeadlineState.RUNNING


def test_a_missed_one_that_is_moved_less_far_stays_missed() -> None:
    deadline = missed(DUE + HOUR)
    deadline.require(due(DUE + HOUR, at=DUE + 2 * HOUR))
    assert deadline.state is DeadlineState.MISSED


def test_what_was_waived_runs_again_when_it_is_needed_after_all() -> None:
    deadline = waived()
    given(deadline).when(lambda it: it.require(due(at=DUE - HOUR / 2))).then_only(Deadline.Retimed)
    assert deadline.state is DeadlineState.RUNNING


def test_what_was_missed_is_not_waived() -> None:
    given(missed()).when(lambda it: it.waive("deleted", DUE + 2 * HOUR)).then()


@pytest.mark.parametrize(
    ("text", "meant"),
    [("P7D", timedelta(7)), ("PT4H", 4 * HOUR), ("P1DT2H30M", timedelta(days=1, hours=2, minutes=30))],
)
def test_durations_are_iso_8601(text: str, meant: timedelta) -> None:
    assert duration(text) == meant


@pytest.mark.parametrize("text", ["", "P", "PT", "4H", "P1BD", "P1W", "-P1D"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration(text)


def test_warnings_lie_before_another_instant_where_the_rule_says_so() -> None:
    window_end = DUE - timedelta(7)
    planned = RULE.warned(window_end, BEGUN - timedelta(30))
    assert [each.at for each in planned] == [window_end - 4 * HOUR, window_end - HOUR]
