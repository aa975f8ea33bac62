"""How a test says what it shows, and when ``make rules`` fails."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from rich.console import Console

from tests.rules.__main__ import verdict
from tests.rules.showing import elsewhere, holes, ids_in, wanted

EVERYTHING = {each: ["tests/unit/x.py::test_x"] for each in wanted()}


def judged(shown: dict[str, list[str]]) -> tuple[int, str]:
    paper = io.StringIO()
    return verdict(shown, Console(file=paper, width=200)), paper.getvalue()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("test_e12_a_fire_drill", {"E12"}),
        ("test_e23_hr_18_a_restore", {"E23", "HR-18"}),
        ("test_hr14_more_than_24_hours", {"HR-14"}),
        ("test_a_case[E36 an interim test]", {"E36"}),
        ("test_k5_k6_k7_agree", {"K5", "K6", "K7"}),
        ("test_both[K5 K6]", {"K5", "K6"}),
        ("test_who_decides[E12 HR-16]", {"E12", "HR-16"}),
        ("test_a_case_of_2018_19[HR-161 E1234 K123 case12]", set()),
        ("test_the_e2e_layer", set()),
    ],
)
def test_the_name_and_the_case_say_what_is_shown(name: str, shown: set[str]) -> None:
    assert set(ids_in(name)) == shown


def test_the_domain_has_thirty_rules_forty_four_examples_and_fourteen_clocks_of_ours() -> None:
    counts = Counter(each.rstrip("0123456789b") for each in wanted())
    assert counts == {"HR-": 30, "E": 44, "K": 14}


def test_what_is_listed_elsewhere_is_known_and_explained() -> None:
    assert set(elsewhere()) <= set(wanted())
    assert all(said.part and said.reason for said in elsewhere().values())


def test_nothing_is_a_hole_where_everything_is_shown() -> None:
    assert judged(EVERYTHING)[0] == 0


def test_a_hole_fails_and_is_named() -> None:
    code, said = judged({each: tests for each, tests in EVERYTHING.items() if each != "HR-12"})
    assert code == 1
    assert "hole HR-12" in said
    assert holes([], ["E12"], ["E12"]) == []


def test_an_id_that_the_domain_does_not_have_fails() -> None:
    code, said = judged({**EVERYTHING, "E99": ["tests/unit/x.py::test_e99"]})
    assert code == 1
    assert "stranger E99" in said
