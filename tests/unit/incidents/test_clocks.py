"""What the facts of a case mean for its clocks (domain §8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.incidents.domain import deadlines, facts
from services.incidents.domain.case import Case
from services.incidents.domain.deadlines import OpenDraft, changes_of, closing, end_of_day
from services.incidents.domain.values import PreAction
from services.incidents.domain.windows import Window
from shared.deadlines.terms import DeadlineChange, Done, Due, Moot
from tests.support.http.tokens import LEA_COORDINATOR, SCHOOL
from tests.support.incidents.bodies import a_body, charts_on_walls, cheating, instagram
from tests.support.incidents.states import (
    CASE_ID,
    LIBRARY,
    NOON,
    NUMBER,
    RULES,
    a_call,
    a_draft,
    a_submitted_case,
    an_appeal,
    revise,
    stated,
    submit,
)

WINDOW = Window(SCHOOL, date(2019, 3, 11), date(2019, 5, 31))
HOUR = timedelta(hours=1)


def changes_by(case: Case) -> list[DeadlineChange]:
    """What everything that happened to a case means."""
    happened = [fact for fact in case.collect_events() if isinstance(fact, facts.Event)]
    return [change for fact in happened for change in changes_of(fact, LIBRARY.for_year)]


def due(changes: list[DeadlineChange], clock: str) -> Due:
    (found,) = [each for each in changes if isinstance(each, Due) and each.clock == clock]
    return found


@pytest.mark.shows("K3")
def test_k3_is_24_hours_after_the_discovery() -> None:
    found = due(changes_by(a_draft(charts_on_walls())), "K3")
    assert found.due_at == datetime(2019, 4, 13, 17, 30, tzinfo=UTC)
    assert [each.warning for each in found.warnings] == ["PT4H", "PT1H"]
    assert (found.terms.published, found.terms.rulebook_version) == (True, RULES.version)


def test_k3_is_what_the_case_itself_says() -> None:
    case = a_draft(charts_on_walls())
    submit(case, LEA_COORDINATOR, NOON)
    events = case.collect_events()
    (submitted,) = [fact for fact in events if isinstance(fact, facts.Submitted)]
    (drafted,) = [fact for fact in events if isinstance(fact, facts.Drafted)]
    assert due(changes_of(drafted, LIBRARY.for_year), "K3").due_at == submitted.report_due_at


@pytest.mark.parametrize(
    ("discovered_at", "due_at"),
    [
        ("2019-03-09T20:00:00-08:00", datetime(2019, 3, 11, 4, tzinfo=UTC)),  # summer time begins
        ("2018-11-03T20:00:00-07:00", datetime(2018, 11, 5, 3, tzinfo=UTC)),  # and ends
    ],
)
def test_k3_counts_elapsed_hours_whatever_the_clocks_do(discovered_at: str, due_at: datetime) -> None:
    body = charts_on_walls(occurred_at=discovered_at, discovered_at=discovered_at)
    assert due(changes_by(a_draft(body)), "K3").due_at == due_at


def test_k3b_ends_with_the_day_of_the_incident_in_california_and_nobody_is_told() -> None:
    found = due(changes_by(a_draft(charts_on_walls(occurred_at="2019-04-11T23:30:00-07:00"))), "K3b")
    assert found.due_at == datetime(2019, 4, 12, 6, 59, 59, 999999, tzinfo=UTC)
    assert (found.terms.published, found.warnings) == (False, ())


def test_a_draft_that_does_not_say_when_has_no_clock() -> None:
    assert changes_by(a_draft({"incident_type": "student_left_room", "school": SCHOOL})) == [
        Moot("K4", f"{CASE_ID}/call_cde", NOON, deadlines.NO_CALL),
        Moot("K4", f"{CASE_ID}/call_caltac", NOON, deadlines.NO_CALL),
    ]


def test_submission_meets_k3_and_k3b_and_k8_and_says_the_number() -> None:
    case = a_draft(charts_on_walls())
    case.collect_events()
    submit(case, LEA_COORDINATOR, NOON + HOUR)
    met = [change for change in changes_by(case) if isinstance(change, Done)]
    assert [(each.clock, each.at) for each in met] == [(name, NOON + HOUR) for name in ("K3", "K3b", "K8")]
    assert {each.about["case_number"] for each in met} == {NUMBER}


@pytest.mark.shows("K4")
def test_k4_is_an_hour_from_when_the_breach_was_identified_until_the_call() -> None:
    case = a_draft(instagram())
    found = due(changes_by(case), "K4")
    assert (found.subject, found.due_at) == (f"{CASE_ID}/call_caltac", NOON + HOUR)
    assert found.terms.published is False  # N8 is its mail
    case.record_breach_call(a_call("caltac", NOON - HOUR), LEA_COORDINATOR, NOON + 2 * HOUR)
    assert changes_by(case) == [Done("K4", found.subject, NOON - HOUR)]


def test_a_draft_that_is_no_breach_any_more_asks_for_no_call() -> None:
    case = a_draft(instagram())
    case.collect_events()
    revise(case, stated(charts_on_walls())[0], LEA_COORDINATOR, NOON + HOUR)
    waived = [change.subject for change in changes_by(case) if isinstance(change, Moot)]
    assert f"{CASE_ID}/call_caltac" in waived


def draft() -> OpenDraft:
    found = OpenDraft.of_case(a_draft(a_body("student_left_room")), NOON)
    assert found is not None
    return found


@pytest.mark.shows("K8")
def test_k8_closes_a_week_after_the_window_and_reminds_before_the_windows_end() -> None:
    found = closing(draft(), WINDOW, RULES)
    assert isinstance(found, Due)
    assert found.due_at == end_of_day(date(2019, 6, 7)) == datetime(2019, 6, 8, 6, 59, 59, 999999, tzinfo=UTC)
    assert [each.at.date() for each in found.warnings] == [date(2019, 5, 25), date(2019, 5, 31)]  # in UTC
    assert (found.about["window_closes_on"], found.about["reporting_closes_on"]) == (
        "2019-05-31",
        "2019-06-07",
    )


def test_k8_runs_only_where_a_window_is_known_and_as_long_as_one_is() -> None:
    assert closing(draft(), None, RULES) == Moot("K8", str(CASE_ID), NOON, deadlines.NO_WINDOW)


def test_k8_closes_nothing_for_a_breach() -> None:
    breach = OpenDraft.of_case(a_draft(instagram()), NOON)
    assert breach is not None
    assert closing(breach, WINDOW, RULES) == Moot("K8", str(CASE_ID), NOON, deadlines.ALWAYS_TAKEN)


def test_a_submitted_case_is_no_draft() -> None:
    case = a_draft(charts_on_walls())
    submit(case, LEA_COORDINATOR, NOON)
    assert OpenDraft.of_case(case, NOON) is None


@pytest.mark.parametrize("year", LIBRARY.years())
def test_every_year_says_how_its_clocks_run(year: str) -> None:
    rules = LIBRARY.for_year(year)
    assert rules.clocks["K3"].length == timedelta(hours=rules.report_within_hours)
    assert {name: rules.clocks[name].published for name in ("K3", "K3b", "K4", "K8")} == {
        "K3": True,
        "K3b": False,
        "K4": False,
        "K8": True,
    }


def test_students_that_are_listed_leave_the_calls_that_the_draft_does_not_ask_for_waived() -> None:
    case = a_draft(cheating(ssids=None))
    case.collect_events()
    _, students = stated(cheating())
    case.list_students(students, RULES, LEA_COORDINATOR, NOON)
    assert changes_by(case) == [
        Moot("K4", f"{CASE_ID}/{call.value}", NOON, deadlines.NO_CALL) for call in PreAction
    ]


def test_a_deleted_draft_waives_every_clock_of_a_case_and_every_call() -> None:
    case = a_draft(charts_on_walls())
    case.collect_events()
    case.delete(LEA_COORDINATOR, NOON)
    waived = [(change.clock, change.subject) for change in changes_by(case) if isinstance(change, Moot)]
    assert waived == [
        *((clock, str(CASE_ID)) for clock in ("K3", "K3b", "K8")),
        *(("K4", f"{CASE_ID}/{call.value}") for call in PreAction),
    ]


def test_an_appeal_that_is_noted_on_a_case_moves_no_clock_of_it() -> None:
    case = a_submitted_case(cheating())
    case.collect_events()
    case.note_appeal(an_appeal("pending_cde"), LEA_COORDINATOR, NOON)
    assert changes_by(case) == []
