"""A year says what differs from another year; what it cannot say is refused with file and line."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from shared.rulebooks.inheritance import whole
from shared.rulebooks.layers import RulebookFault, read_layers

OLD = """
year: 2018-19
title: The old rules
limits: [1, 2]
types:
  late: {severity: low, appeals: [reset], source: "M p1", basis: stated}
  loud: {severity: low, source: "M p2", basis: stated}
"""
NEW = """
year: 2020-21
extends: 2018-19
types:
  late: {severity: high, source: "P9", basis: derived}
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (tmp_path / "2018-19.yaml").write_text(dedent(OLD))
    return tmp_path


def read(shelf: Path, text: str, *, year: str = "2020-21") -> dict[str, Any]:
    (shelf / "2020-21.yaml").write_text(dedent(text))
    return dict(whole(year, read_layers(shelf)).raw)


def told(shelf: Path, text: str) -> str:
    with pytest.raises(RulebookFault) as refused:
        read(shelf, text)
    return str(refused.value)


def test_what_a_year_does_not_say_is_the_year_that_it_extends(shelf: Path) -> None:
    book = read(shelf, NEW)
    assert (book["year"], book["title"], book["limits"]) == ("2020-21", "The old rules", [1, 2])
    assert set(book["types"]) == {"late", "loud"}


def test_an_entry_is_laid_over_cell_by_cell(shelf: Path) -> None:
    late = read(shelf, NEW)["types"]["late"]
    assert late == {"severity": "high", "appeals": ["reset"], "source": "P9", "basis": "derived"}


def test_an_entry_that_is_taken_over_says_from_which_year(shelf: Path) -> None:
    book = read(shelf, NEW)
    assert book["types"]["loud"]["inherited_from"] == "2018-19"
    assert "inherited_from" not in book["types"]["late"]


def test_the_year_that_is_extended_stays_as_it_is(shelf: Path) -> None:
    assert read(shelf, NEW, year="2018-19")["types"]["late"]["severity"] == "low"


def test_an_entry_may_be_taken_away_and_a_new_one_added(shelf: Path) -> None:
    new = 'year: 2020-21\nextends: 2018-19\ntypes: {loud: null, new: {source: "P1", basis: stated}}'
    assert set(read(shelf, new)["types"]) == {"late", "new"}


def test_a_list_is_replaced_whole(shelf: Path) -> None:
    assert read(shelf, "year: 2020-21\nextends: 2018-19\nlimits: [3]")["limits"] == [3]


def test_a_chain_of_years_is_followed_to_its_end(shelf: Path) -> None:
    (shelf / "2022-23.yaml").write_text("year: 2022-23\nextends: 2020-21\ntitle: The newest")
    book = read(shelf, NEW, year="2022-23")
    assert (book["title"], book["types"]["late"]["severity"]) == ("The newest", "high")
    assert book["types"]["late"]["inherited_from"] == "2020-21"
    assert book["types"]["loud"]["inherited_from"] == "2018-19"


def test_nobody_changes_a_rule_on_another_years_authority(shelf: Path) -> None:
    new = "year: 2020-21\nextends: 2018-19\ntypes:\n  late: {severity: high}"
    assert told(shelf, new) == ("2020-21.yaml:4: types.late: changes a rule without its own source and basis")


def test_a_year_that_is_not_there_cannot_be_extended(shelf: Path) -> None:
    assert told(shelf, "year: 2020-21\nextends: 2017-18") == (
        "2020-21.yaml:2: extends 2017-18, which has no rulebook"
    )


@pytest.mark.parametrize("parent", ["[2018-19]", "{year: 2018-19}", "2018"])
def test_what_is_extended_is_a_year(shelf: Path, parent: str) -> None:
    assert told(shelf, f"year: 2020-21\nextends: {parent}").startswith("2020-21.yaml:2: extends ")


def test_an_entry_that_is_not_there_cannot_be_taken_away(shelf: Path) -> None:
    new = "year: 2020-21\nextends: 2018-19\ntypes:\n  lost: null"
    assert told(shelf, new) == "2020-21.yaml:4: takes away types.lost, which is not there"


def test_years_that_extend_each_other_are_a_cycle(shelf: Path) -> None:
    (shelf / "2018-19.yaml").write_text("year: 2018-19\nextends: 2020-21")
    assert told(shelf, NEW) == "2018-19.yaml:2: a cycle: 2020-21 extends 2018-19 extends 2020-21"


def test_a_year_that_extends_itself_is_a_cycle(shelf: Path) -> None:
    assert "a cycle: 2020-21 extends 2020-21" in told(shelf, "year: 2020-21\nextends: 2020-21")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("year: 2020-21\nyear: 2020-21", "2020-21.yaml:2: year is said twice"),
        ("year: 2019-20", "2020-21.yaml: year is 2019-20, not 2020-21"),
        ("- a list", "2020-21.yaml:1: a rulebook is a mapping"),
        ("year: 2020-21\ntypes: {", "2020-21.yaml:"),
    ],
    ids=["twice", "another year", "no mapping", "no YAML"],
)
def test_a_file_that_is_no_rulebook_is_refused_with_its_line(shelf: Path, text: str, where: str) -> None:
    assert told(shelf, text).startswith(where)


def test_a_section_may_stand_in_several_files_but_an_entry_in_one(shelf: Path) -> None:
    (shelf / "2018-19.more.yaml").write_text("types:\n  quiet: {source: M, basis: stated}")
    assert set(read(shelf, NEW)["types"]) == {"late", "loud", "quiet"}
    (shelf / "2018-19.more.yaml").write_text("types:\n  late: {source: M, basis: stated}")
    assert "types is said in another file" in told(shelf, NEW)


def test_a_file_that_is_named_by_no_year_is_refused(shelf: Path) -> None:
    (shelf / "notes.yaml").write_text("year: notes")
    assert told(shelf, NEW) == "notes.yaml: the name of a rulebook begins with its year"
