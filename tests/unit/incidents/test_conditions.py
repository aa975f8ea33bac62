"""The rulebook's small language: what holds, and what does not."""

from __future__ import annotations

import pytest

from services.incidents.domain.conditions import ALWAYS, Circumstances
from services.incidents.rulebooks.when import fields_of, read_condition

CASE: Circumstances = {
    "test_kind": "cat",
    "students": 2,
    "grade": None,
    "details.minutes_paused": 35,
    "details.test_expired": False,
}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"test_kind": "cat"}, True),
        ({"test_kind": ["pt", "cat"]}, True),
        ({"test_kind": ["pt", "caa"]}, False),
        ({"test_kind": "cat", "students": 3}, False),
        ({"details.minutes_paused": {"above": 20}}, True),
        ({"details.minutes_paused": {"above": 35}}, False),
        ({"details.minutes_paused": {"at_least": 35, "at_most": 35}}, True),
        ({"details.minutes_paused": {"below": 35}}, False),
        ({"details.unsaid": {"above": 0}}, False),
        ({"details.unsaid": "x"}, False),
        ({"not": {"details.unsaid": "x"}}, True),
        ({"details.test_expired": False}, True),
        ({"details.test_expired": 0}, False),
        ({"details.test_expired": {"below": 1}}, False),
        ({"details.test_expired": {"known": True}}, True),
        ({"grade": {"known": False}}, True),
        ({"any": [{"students": 9}, {"students": 2}]}, True),
        ({"any": [{"students": 9}]}, False),
    ],
)
def test_a_condition_holds_or_not(when: dict[str, object], holds: bool) -> None:
    assert read_condition(when).holds(CASE) is holds


def test_no_condition_always_holds() -> None:
    assert ALWAYS.holds({})


@pytest.mark.parametrize(
    "junk", [None, {}, [], "cat", {"mood": 1}, {"any": {}}, {"students": {"about": 3}}, {"not": 1}]
)
def test_what_is_no_condition_is_refused(junk: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_condition(junk)


def test_a_condition_tells_what_it_asks_about() -> None:
    when = {"any": [{"test": "cast"}, {"not": {"details.how": "x"}}], "grade": {"known": True}}
    assert set(fields_of(read_condition(when))) == {"test", "details.how", "grade"}
