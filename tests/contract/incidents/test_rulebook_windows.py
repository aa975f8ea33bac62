"""Windows and expirations are data: a changed day changes the answer, a fault ends the start (K8–K12)."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from services.incidents.rulebooks.library import HERE, Library
from shared.rulebooks.layers import RulebookFault

YEAR = "2018-19"
FILE = f"{YEAR}.windows.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in HERE.glob(f"{YEAR}.*yaml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def written(folder: Path, before: str, after: str) -> Path:
    text = (folder / FILE).read_text()
    assert before in text
    (folder / FILE).write_text(text.replace(before, after, 1))
    return folder


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("latest: 07-15", "latest: 02-30", "testing_window.latest"),
        ("latest: 07-15", "latest: July", "testing_window.latest"),
        ("  reporting_days: 7\n", "", "testing_window.reporting_days: Field required"),
        ("reporting_days: 7", "reporting_days: -1", "testing_window.reporting_days"),
        ("days: 45", "days: 0", "expirations.sb_ela_cat.days"),
        ("submitted_on_expiry", "submits", "expirations.sb_ela_pt.submits: Extra inputs"),
        ("  csa: ", "  elpac: ", "expirations.elpac: is no test of 2018-19"),
        ("  csa: ", "  elpac: ", "tests.csa: has no entry in expirations"),
        ('source: "M p61, p84, p179", ', "", "expirations.csa.source: Field required"),
    ],
)
def test_a_fault_in_the_days_ends_the_start_with_its_place(
    folder: Path, before: str, after: str, why: str
) -> None:
    with pytest.raises(RulebookFault) as fault:
        Library.from_folder(written(folder, before, after))
    assert why in str(fault.value)
    assert ".yaml:" in str(fault.value)


def test_a_changed_day_changes_what_is_answered_and_the_version(folder: Path) -> None:
    before = Library.from_folder().for_year(YEAR)
    written(folder, "latest: 07-15", "latest: 06-30")
    written(folder, "days: 45", "days: 30")
    after = Library.from_folder(folder).for_year(YEAR)
    assert after.testing_window.latest.of(YEAR) == date(2019, 6, 30)
    assert (before.lifetimes["sb_ela_cat"].days, after.lifetimes["sb_ela_cat"].days) == (45, 30)
    assert before.version != after.version
