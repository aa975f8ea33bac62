"""The fault table has no empty cell, each is made to happen, and the page shows what the file says."""

from __future__ import annotations

from pathlib import Path

from tests.faults.cells import FAULTS, RECORDED, SUBJECTS, cells, seen_in, table
from tests.faults.injections import INJECTIONS
from tests.faults.reliability import PAGE, page

ALL = [f"{subject}-{fault}" for subject in SUBJECTS for fault in FAULTS]


def test_the_table_names_every_cell_once() -> None:
    assert [cell.name for cell in cells()] == ALL
    assert list(table()) == list(SUBJECTS)


def test_every_cell_says_what_happens_and_what_is_expected() -> None:
    assert [cell.name for cell in cells() if not (cell.injected.strip() and cell.expected.strip())] == []


def test_every_cell_is_made_to_happen() -> None:
    assert set(INJECTIONS) == set(ALL)


def test_every_cell_was_run() -> None:
    assert list(seen_in(RECORDED)) == ALL


def test_what_was_seen_is_within_what_is_expected() -> None:
    seen = seen_in(RECORDED)
    for cell in cells():
        assert seen[cell.name].filings > 0
        assert seen[cell.name].repeats <= cell.repeats, cell.name
        assert seen[cell.name].mailed_after <= 2 * cell.within, cell.name
        assert cell.clients == "repeat" or not seen[cell.name].failures, cell.name


def test_the_page_is_made_of_the_file_and_of_what_was_seen() -> None:
    assert PAGE.read_text("utf-8") == page(seen_in(RECORDED)), "make reliability"


def test_every_test_that_the_page_names_exists() -> None:
    words = PAGE.read_text("utf-8").split("`")
    named = [word for word in words if word.startswith("tests/")]
    assert named
    assert [name for name in named if not Path(name).exists()] == []
