"""The rulebook as data: whole, sourced, and refused with its place when it is not."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from services.appeals.domain.errors import OFFER_REFUSALS
from services.appeals.domain.values import AppealType, EventState
from services.appeals.rulebooks.library import calendar_of, policy_of
from services.appeals.rulebooks.schema import RulebookFile
from tests.support.appeal_states import FRIDAY, POLICY, RULEBOOKS

FOLDER = files("services.appeals.rulebooks")
TEXT = (FOLDER / "2018-19.yaml").read_bytes()
CALENDAR = (FOLDER / "holidays" / "california.yaml").read_bytes()


def changed(path: str, value: object) -> bytes:
    book: Any = yaml.safe_load(TEXT)
    *steps, last = path.split(".")
    at = book
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    at[last] = value
    return yaml.safe_dump(book).encode()


def test_every_entry_says_where_it_comes_from_and_on_what_basis() -> None:
    book = RulebookFile.model_validate(yaml.safe_load(TEXT))
    entries = [book, *book.types.values(), *book.clocks.values(), *book.routes, *book.reasons.values()]
    assert [entry for entry in entries if not entry.source] == []


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


@pytest.mark.parametrize("year", ["2018-19", "2015-16", "2026-27"])
def test_a_year_without_a_rulebook_is_decided_by_the_default_years(year: str) -> None:
    assert RULEBOOKS.for_year(year) is POLICY


def test_the_version_is_the_content() -> None:
    other = policy_of(changed("clocks.K5.business_days", 5), FOLDER)
    assert policy_of(TEXT, FOLDER).version == POLICY.version != other.version


def test_a_rule_is_flipped_in_the_data_alone() -> None:
    quick = policy_of(changed("clocks.K5.business_days", 1), FOLDER)
    none = policy_of(changed("clocks.K5.business_days", None), FOLDER)
    clocks = [policy.routes[0].clock for policy in (POLICY, quick)]
    assert quick.decide_by(clocks[1], FRIDAY) != POLICY.decide_by(clocks[0], FRIDAY)
    assert none.decide_by(none.routes[0].clock, FRIDAY) is None


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("types.reset.color", "red", "types.reset.color"),
        ("routes.0.clock", "K99", "K99"),
        ("routes.0.otherwise", "nobody_knows", "nobody_knows"),
        ("routes.0.states", ["paused", "expired"], "each event state"),
        ("routes.0.states", ["asleep"], "routes.0.states"),
        ("routes.3.incident_types", "incorrect_test_settings", "routes.3.incident_types"),
        ("reasons.never_started.refusal", "no_such_code", "no_such_code"),
        ("reasons.spare", {"text": "t", "source": "s"}, "spare"),
        ("clocks.K5.business_days", 0, "clocks.K5.business_days"),
        ("types.invalidate", None, "types.invalidate"),
    ],
)
def test_a_fault_is_refused_and_the_error_says_where(path: str, value: object, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        policy_of(changed(path, value), FOLDER)
    assert told in str(refused.value)


def test_an_appeal_type_without_a_rule_is_a_fault() -> None:
    book = yaml.safe_load(TEXT)
    del book["types"][AppealType.RESTORE.value]
    with pytest.raises(ValidationError, match="appeal types without a rule"):
        policy_of(yaml.safe_dump(book).encode(), FOLDER)


@pytest.mark.parametrize(
    "holiday",
    [{"name": "x", "month": 1}, {"name": "x", "month": 1, "day": 1, "weekday": "monday", "nth": 1}],
    ids=["neither a day nor a weekday", "both"],
)
def test_a_holiday_is_a_date_or_a_weekday_of_a_month(holiday: dict[str, object]) -> None:
    calendar = yaml.safe_load(CALENDAR)
    calendar["holidays"].append(holiday)
    with pytest.raises(ValidationError, match="give a day"):
        calendar_of(yaml.safe_dump(calendar).encode())


def test_a_holiday_may_begin_in_a_year() -> None:
    calendar = yaml.safe_load(CALENDAR)
    calendar["holidays"] += [
        {"name": "new day", "month": 6, "day": 3, "since": 2025},
        {"name": "new Monday", "month": 6, "weekday": "monday", "nth": 4, "since": 2025},
    ]
    read = calendar_of(yaml.safe_dump(calendar).encode())
    asked = [
        FRIDAY.date().replace(year=year, month=6, day=day)
        for year, day in ((2024, 3), (2024, 24), (2025, 3), (2025, 23))
    ]
    assert [read.is_business_day(day) for day in asked] == [True, True, False, False]
