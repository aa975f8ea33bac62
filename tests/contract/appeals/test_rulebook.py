"""The rulebook as data: whole, sourced, and refused with its place when it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.appeals.domain.errors import OFFER_REFUSALS
from services.appeals.domain.values import AppealType, EventState
from services.appeals.rulebooks.library import HERE, calendar_of, policy_of, read_rulebooks
from services.appeals.rulebooks.schema import RulebookFile
from shared.rulebooks.judging import judged
from shared.rulebooks.layers import Layer, RulebookFault, read_layer
from tests.support.appeals.states import FRIDAY, POLICY, RULEBOOKS

TEXT = read_layer([HERE / "2018-19.yaml"])
CALENDAR = (HERE / "holidays" / "california.yaml").read_bytes()
FIRST = "grace_period_after_disruption"


def as_layer(words: dict[str, Any]) -> Layer:
    return Layer(words, TEXT.places)


def changed(path: str, value: object) -> Layer:
    book: Any = yaml.safe_load((HERE / "2018-19.yaml").read_bytes())
    *steps, last = path.split(".")
    at = book
    for step in steps:
        at = at[step]
    at[last] = value
    return as_layer(book)


def test_every_entry_says_where_it_comes_from_and_on_what_basis() -> None:
    book = judged(RulebookFile, TEXT)
    sections = (book.types, book.clocks, book.tests, book.routes, book.reasons)
    entries = [book, *(entry for section in sections for entry in section.values())]
    assert [entry for entry in entries if not (entry.source and entry.basis)] == []


def test_every_row_has_a_word_for_every_state() -> None:
    unanswered = [
        (route.id, state)
        for route in POLICY.routes
        for state in EventState
        if state not in route.states and not POLICY.reasons[route.state_reasons[state]].text
    ]
    assert unanswered == []


def test_every_reason_refuses_with_a_code_of_the_contract() -> None:
    assert {reason.refusal for reason in POLICY.reasons.values()} <= set(OFFER_REFUSALS)


@pytest.mark.parametrize("year", ["2018-19", "2017-18", "2026-27"])
def test_a_year_without_a_rulebook_is_decided_by_the_default_years(year: str) -> None:
    assert RULEBOOKS.for_year(year) is POLICY


def test_the_version_is_the_content() -> None:
    other = policy_of(changed("clocks.K5.business_days", 5))
    assert policy_of(TEXT).version == POLICY.version != other.version


def test_a_rule_is_flipped_in_the_data_alone() -> None:
    quick = policy_of(changed("clocks.K5.business_days", 1))
    none = policy_of(changed("clocks.K5.business_days", None))
    clocks = [policy.routes[0].clock for policy in (POLICY, quick)]
    assert quick.decide_by(clocks[1], FRIDAY) != POLICY.decide_by(clocks[0], FRIDAY)
    assert none.decide_by(none.routes[0].clock, FRIDAY) is None


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("types.reset.color", "red", "types.reset.color"),
        (f"routes.{FIRST}.clock", "KX", f"routes.{FIRST}.clock: there is no clock KX"),
        (f"routes.{FIRST}.otherwise", "nobody_knows", "nobody_knows"),
        (f"routes.{FIRST}.states", ["paused", "expired"], "each event state"),
        (f"routes.{FIRST}.states", ["asleep"], f"routes.{FIRST}.states"),
        ("routes.restore.incident_types", "test_reset_in_error", "routes.restore.incident_types"),
        ("reasons.never_started.refusal", "no_such_code", "no_such_code"),
        ("reasons.spare", {"text": "t", "source": "s", "basis": "stated"}, "reasons.spare"),
        ("clocks.K5.business_days", 0, "clocks.K5.business_days"),
        ("clocks.K5.source", "", "clocks.K5.source"),
        ("reasons.never_started.basis", None, "reasons.never_started.basis"),
        ("calendar", "martian", "there is no calendar martian"),
        ("types.invalidate", None, "types.invalidate"),
    ],
)
def test_a_fault_is_refused_and_the_error_says_where(path: str, value: object, told: str) -> None:
    with pytest.raises(RulebookFault) as refused:
        policy_of(changed(path, value))
    assert told in str(refused.value)
    assert str(refused.value).startswith("2018-19.yaml:")


def test_an_appeal_type_without_a_rule_is_a_fault() -> None:
    book: Any = yaml.safe_load((HERE / "2018-19.yaml").read_bytes())
    del book["types"][AppealType.RESTORE.value]
    with pytest.raises(RulebookFault, match="appeal types without a rule: restore"):
        policy_of(as_layer(book))


def test_the_service_does_not_start_without_the_default_years_rulebook(tmp_path: Path) -> None:
    with pytest.raises(RulebookFault, match="no rulebook for the default year"):
        read_rulebooks(tmp_path)


@pytest.mark.parametrize(
    "holiday",
    [{"name": "x", "month": 1}, {"name": "x", "month": 1, "day": 1, "weekday": "monday", "nth": 1}],
    ids=["neither a day nor a weekday", "both"],
)
def test_a_holiday_is_a_date_or_a_weekday_of_a_month(holiday: dict[str, object]) -> None:
    calendar = yaml.safe_load(CALENDAR)
    calendar["holidays"].append(holiday)
    with pytest.raises(RulebookFault, match="give a day"):
        calendar_of(as_layer(calendar))


def test_a_holiday_may_begin_in_a_year() -> None:
    calendar = yaml.safe_load(CALENDAR)
    calendar["holidays"] += [
        {"name": "new day", "month": 6, "day": 3, "since": 2025},
        {"name": "new Monday", "month": 6, "weekday": "monday", "nth": 4, "since": 2025},
    ]
    read = calendar_of(as_layer(calendar))
    asked = [
        FRIDAY.date().replace(year=year, month=6, day=day)
        for year, day in ((2024, 3), (2024, 24), (2025, 3), (2025, 23))
    ]
    assert [read.is_business_day(day) for day in asked] == [True, True, False, False]
