"""Every cell incident type × test × delivery mode × year (× event state): an answer, and a reason for it.

Both services' rulebooks are asked, so that what one says of the other's codes is held together here.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.appeals.domain.offers import Situation, offers
from services.appeals.domain.values import DeclaredEvent, EventState, KnownCase
from services.incidents.domain.assessment import Assessment
from services.incidents.domain.rulebook import IncidentType, Reporting, Rulebook
from shared.kernel.actor import Role
from tests.support.appeals.states import FRIDAY, RULEBOOKS, a_case
from tests.support.incidents.states import LIBRARY

YEARS = LIBRARY.years()
MODES = ("online", "paper")
STATES = (None, *EventState)
ASKERS = (Role.SITE_COORDINATOR, Role.CALTAC_AGENT)
NOBODY_FILES = (Reporting.UNLISTED, Reporting.NOT_REPORTABLE)
Cell = tuple[IncidentType, str, str]


def cells(rules: Rulebook) -> list[Cell]:
    filed = [row for row in rules.incident_types.values() if row.reporting not in NOBODY_FILES]
    return list(itertools.product(filed, rules.tests, MODES))


def judged(rules: Rulebook, cell: Cell, students: int = 1) -> Assessment:
    row, test, mode = cell
    return rules.assess(row.code, circumstances(rules, test, mode, students))


def circumstances(rules: Rulebook, test: str, mode: str, students: int) -> dict[str, object]:
    kind = rules.tests[test].kind
    return {"test": test, "test_kind": kind, "delivery_mode": mode, "students": students}


def the_case(cell: Cell, appeals: Sequence[str], year: str) -> KnownCase:
    row, test, mode = cell
    case = a_case(row.code, *appeals, test=test)
    return replace(case, delivery_mode=mode, administration_year=year)


@pytest.mark.parametrize("year", YEARS)
def test_every_year_has_all_forty_core_codes(year: str) -> None:
    items = LIBRARY.document(year)["incident_types"]
    assert isinstance(items, dict)
    assert {row["number"] for row in items.values()} >= set(range(1, 41))
    assert len(items) == (46 if year == "2020-21" else 40)


@pytest.mark.parametrize("year", YEARS)
def test_no_incident_has_an_undefined_answer(year: str) -> None:
    rules = LIBRARY.for_year(year)
    silent = []
    for cell, students in itertools.product(cells(rules), (0, 1)):
        found = judged(rules, cell, students)
        reason = found.severity_reason
        explained = all((reason.rule, reason.rulebook == year, reason.source, reason.text))
        called = (found.severity == "breach") == (found.pre_action is not None)
        if not (explained and called and found.recommended_action):
            silent.append((cell[0].code, *cell[1:], students))
    assert silent == []


@pytest.mark.parametrize("year", YEARS)
def test_what_nobody_files_comes_with_advice(year: str) -> None:
    rows = LIBRARY.for_year(year).incident_types.values()
    assert [row.code for row in rows if row.reporting is not Reporting.ORDINARY and not row.advice] == []


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("role", ASKERS)
@pytest.mark.shows("HR-15")
def test_no_appeal_question_has_an_undefined_answer(year: str, role: Role) -> None:
    rules, policy = LIBRARY.for_year(year), RULEBOOKS.for_year(year)
    silent = []
    for cell in cells(rules):
        case = the_case(cell, [ruling.value for ruling in cell[0].appeals], year)
        for state in STATES:
            found = offers(policy, Situation(case, DeclaredEvent(state), role, FRIDAY))
            told = [withheld.reason for withheld in found.withheld] + ([found.reason] if found.reason else [])
            whole = bool(found.offered) == (found.reason is None)
            if not whole or not all(reason.text and reason.source for reason in told):
                silent.append((cell[0].code, *cell[1:], state))
    assert silent == []


@pytest.mark.parametrize("year", YEARS)
def test_what_the_catalog_leads_to_is_what_the_routes_offer(year: str) -> None:
    rules, policy = LIBRARY.for_year(year), RULEBOOKS.for_year(year)
    catalog = {f"{code} {kind.value}" for code, row in rules.incident_types.items() for kind in row.appeals}
    routed = {f"{code} {route.appeal_type}" for route in policy.routes for code in route.incident_types}
    assert catalog == routed


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.shows("HR-21", "E12", "E15")
def test_every_cause_beyond_control_leads_to_an_extension_and_no_other(year: str) -> None:
    policy = RULEBOOKS.for_year(year)
    detail = LIBRARY.for_year(year).type_of("session_disruption").details["cause"]
    offered = set()
    for cause in detail.choices:
        case = replace(a_case("session_disruption", "grace_period_extension"), disruption_cause=cause)
        event = DeclaredEvent(EventState.PAUSED, 35)
        if offers(policy, Situation(case, event, Role.SITE_COORDINATOR, FRIDAY)).offered:
            offered.add(cause)
    assert offered == set(detail.choices) - {"other_within_control"}


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.shows("HR-16", "HR-17")
def test_both_services_name_the_same_decision_clocks(year: str) -> None:
    published = LIBRARY.document(year)["clocks"]
    assert isinstance(published, dict)
    told = {name: clock["business_days"] for name, clock in published.items() if "business_days" in clock}
    routes = RULEBOOKS.for_year(year).routes
    assert {route.clock.id: route.clock.business_days for route in routes} == told


@pytest.mark.parametrize("year", YEARS)
def test_both_services_know_the_same_tests_of_a_year(year: str) -> None:
    assert set(LIBRARY.for_year(year).tests) == set(RULEBOOKS.for_year(year).tests)
    assert year in RULEBOOKS.by_year


@pytest.mark.parametrize("year", YEARS)
def test_whatever_is_offered_can_be_asked_for_in_some_state(year: str) -> None:
    rules, policy = LIBRARY.for_year(year), RULEBOOKS.for_year(year)
    unreachable = []
    for cell in cells(rules):
        assessment = judged(rules, cell)
        case = the_case(cell, assessment.appeal_types, year)
        offered = {
            route.appeal_type.value
            for state, role in itertools.product(STATES, ASKERS)
            for route in offers(policy, Situation(case, DeclaredEvent(state), role, FRIDAY)).offered
        }
        if missing := {kind.value for kind in assessment.appeal_types} - offered:
            unreachable.append((cell[0].code, *cell[1:], sorted(missing)))
    assert unreachable == []
