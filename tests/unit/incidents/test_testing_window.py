"""A testing window as given, when, then; and until when cases are taken: HR-20, A-2."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from eventsourcing.domain import DomainEvent

from services.incidents.domain import testing_window as windows
from services.incidents.domain.errors import InvalidWindow, NotAllowed, ReportingClosed, WindowNotFound
from services.incidents.domain.permissions import require_window_setter, require_window_visible
from services.incidents.domain.testing_window import id_of_window, require_reporting_open
from services.incidents.domain.windows import Window
from services.incidents.messaging.outbound import publish
from shared.contracts import incidents_v1
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal
from tests.support.http.tokens import (
    AUDITOR,
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
)
from tests.support.incidents.bodies import changed_answers, charts_on_walls, cheating
from tests.support.incidents.states import NOON, RULES, a_call, a_draft
from tests.support.scenario import given

YEAR = "2018-19"
OPENS, CLOSES = date(2019, 3, 1), date(2019, 5, 31)
LATER = date(2019, 6, 7)


def a_window(
    by: Actor = LEA_COORDINATOR, cds: str = SCHOOL, opens: date = OPENS, closes: date = CLOSES
) -> windows.TestingWindow:
    return windows.TestingWindow.first(Window(cds, opens, closes), YEAR, RULES, by, NOON)


def ask_to_set(by: Actor, cds: str) -> None:
    require_window_visible(by, cds)
    require_window_setter(by)


def why_not(
    by: Actor = LEA_COORDINATOR, cds: str = SCHOOL, opens: date = OPENS, closes: date = CLOSES
) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        a_window(by, cds, opens, closes)
    return refusal.value


def test_a_window_is_found_by_its_place_and_year() -> None:
    found = a_window()
    assert found.id == id_of_window(SCHOOL, YEAR)
    assert len({id_of_window(cds, year) for cds in (LEA, SCHOOL) for year in (YEAR, "2019-20")}) == 4
    assert (found.window, found.set_by) == (Window(SCHOOL, OPENS, CLOSES), LEA_COORDINATOR)


@pytest.mark.parametrize("by", [LEA_COORDINATOR, CALTAC_AGENT, CDE_REVIEWER], ids=lambda by: by.role)
@pytest.mark.parametrize("cds", [LEA, SCHOOL])
def test_the_lea_coordinator_caltac_and_the_cde_set_windows(by: Actor, cds: str) -> None:
    ask_to_set(by, cds)
    assert a_window(by, cds).window.cds == cds


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (SITE_COORDINATOR, NotAllowed),
        (TEST_ADMINISTRATOR, NotAllowed),
        (AUDITOR, NotAllowed),
        (SYSTEM, NotAllowed),
        (OTHER_LEA_COORDINATOR, WindowNotFound),
    ],
    ids=lambda who: getattr(who, "sub", getattr(who, "__name__", "")),
)
def test_nobody_else_does_and_others_do_not_see_it(by: Actor, why: type[Refusal]) -> None:
    for cds in (SCHOOL, LEA):
        with pytest.raises(why):
            ask_to_set(by, cds)


@pytest.mark.parametrize(
    ("opens", "closes", "issues"),
    [
        (CLOSES, OPENS, {("/closes_on", "closes_before_opens")}),
        (date(2019, 1, 7), CLOSES, {("/opens_on", "outside_the_year")}),
        (OPENS, date(2019, 7, 16), {("/closes_on", "outside_the_year")}),
        (
            date(2020, 3, 1),
            date(2018, 3, 1),
            {
                ("/opens_on", "outside_the_year"),
                ("/closes_on", "outside_the_year"),
                ("/closes_on", "closes_before_opens"),
            },
        ),
    ],
)
def test_a_window_lies_inside_its_year(opens: date, closes: date, issues: set[tuple[str, str]]) -> None:
    refusal = why_not(opens=opens, closes=closes)
    assert type(refusal) is InvalidWindow
    assert {(issue.pointer, issue.code) for issue in refusal.issues} == issues


def test_a_refused_window_says_in_words_what_is_wrong_with_its_days() -> None:
    with pytest.raises(InvalidWindow) as refused:
        RULES.testing_window.require_possible(CLOSES, OPENS, "2018-19")
    assert refused.value.detail == "These cannot be the dates of a testing window."
    assert [issue.detail for issue in refused.value.issues] == ["The window closes before it opens."]


def test_the_outer_days_themselves_and_a_single_day_are_windows() -> None:
    assert a_window(opens=date(2019, 1, 8), closes=date(2019, 7, 15))
    assert a_window(opens=OPENS, closes=OPENS)


def test_a_window_is_set_anew_and_the_fact_is_complete() -> None:
    moved = given(a_window()).when(lambda w: w.set(Window(SCHOOL, OPENS, LATER), RULES, CDE_REVIEWER, NOON))
    moved.then_only(
        windows.TestingWindow.WindowMoved,
        cds=SCHOOL,
        year=YEAR,
        opens_on="2019-03-01",
        closes_on="2019-06-07",
        rulebook=YEAR,
        rulebook_version=RULES.version,
        actor=CDE_REVIEWER.as_fact(),
        occurred_at=NOON,
    )


def test_the_same_days_again_change_nothing() -> None:
    given(a_window()).when(lambda w: w.set(Window(SCHOOL, OPENS, CLOSES), RULES, CALTAC_AGENT, NOON)).then()


def test_a_refused_change_leaves_the_window_as_it_was() -> None:
    outside = Window(SCHOOL, OPENS, date(2019, 7, 16))
    given(a_window()).when(lambda w: w.set(outside, RULES, CALTAC_AGENT, NOON)).then_refused(InvalidWindow)


def test_both_facts_are_published_under_the_place_they_concern() -> None:
    found = a_window()
    found.set(Window(SCHOOL, OPENS, LATER), RULES, LEA_COORDINATOR, NOON)
    facts = [fact for fact in found.collect_events() if isinstance(fact, DomainEvent)]
    told = [publish(fact) for fact in facts]
    sets = [each for each in told if isinstance(each, incidents_v1.TestingWindowSet)]
    assert [(each.version, each.closes_on, each.key) for each in sets] == [
        (1, CLOSES, SCHOOL),
        (2, LATER, SCHOOL),
    ]
    assert "incident_id" not in sets[0].model_dump()


IN_TIME = datetime(2019, 6, 8, 6, 59, 59, tzinfo=UTC)  # 23:59:59 on June 7 in California
TOO_LATE = datetime(2019, 6, 8, 7, tzinfo=UTC)


def report(body: dict[str, Any], by: Actor, at: datetime, window: Window | None) -> None:
    case = a_draft(body)
    if case.assessment.pre_action is not None:
        case.record_breach_call(a_call("cde"), LEA_COORDINATOR, NOON)
    require_reporting_open(window, case.ready_to_submit(RULES, by, at))


def test_a_2_cases_are_taken_through_the_seventh_day_after_the_window() -> None:
    window = Window(SCHOOL, OPENS, CLOSES)
    report(cheating(), LEA_COORDINATOR, IN_TIME, window)
    for body in (cheating(), charts_on_walls()):
        with pytest.raises(ReportingClosed, match="until 2019-06-07"):
            report(body, LEA_COORDINATOR, TOO_LATE, window)


def test_hr_20_a_breach_and_what_caltac_files_are_taken_always() -> None:
    window = Window(SCHOOL, OPENS, CLOSES)
    report(changed_answers(), SITE_COORDINATOR, TOO_LATE, window)
    report(cheating(), CALTAC_AGENT, TOO_LATE, window)


def test_an_unknown_window_restricts_nobody() -> None:
    report(cheating(), SITE_COORDINATOR, TOO_LATE, None)
