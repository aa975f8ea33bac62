"""A code that leads nowhere ends the start; one switched rule changes what a service says."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from services.incidents.domain.case import Case
from services.incidents.rulebooks.library import HERE, Library
from shared.rulebooks.layers import RulebookFault
from tests.support.http.tokens import LEA_COORDINATOR
from tests.support.incidents.bodies import left_room
from tests.support.incidents.states import CASE_ID, NOON, accepted, stated, submit

SPECIAL = "2018-19.special.yaml"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    for file in HERE.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def fault(shelf: Path, file: str, before: str, after: str) -> str:
    text = (shelf / file).read_text()
    assert before in text
    (shelf / file).write_text(text.replace(before, after, 1))
    with pytest.raises(RulebookFault) as refused:
        Library.from_folder(shelf)
    return str(refused.value)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("see_also: [student_left_town]", "names the incident type student_left_town, which the year does"),
        ("superseded_by: student_left_town", "names the incident type student_left_town, which the year"),
        ("superseded_by: test_submitted_prematurely", "a cycle: test_submitted_prematurely > "),
    ],
    ids=["dangling", "dangling successor", "cycle"],
)
def test_a_code_that_leads_nowhere_or_in_a_circle_is_a_fault(shelf: Path, cell: str, told: str) -> None:
    said = fault(shelf, SPECIAL, "    number: 38\n", f"    number: 38\n    {cell}\n")
    assert f"{SPECIAL}:" in said
    assert told in said


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{test: sb_history}", "asks whether test is sb_history"),
        ("{test_kind: oral}", "asks whether test_kind is oral"),
        ("{delivery_mode: radio}", "asks whether delivery_mode is radio"),
        ("{details.weather: fine}", "a condition asks about details.weather, which this type does not have"),
        ("{test: [[csa]]}", "test: is compared with plain values"),
        ("{test: []}", "test: is compared with plain values"),
        ("{weather: fine}", "nobody can ask about 'weather'"),
        ("{students: {at_least: many}}", "compares with a whole number"),
    ],
)
def test_a_condition_asks_only_about_what_the_year_has(shelf: Path, condition: str, told: str) -> None:
    ruling = f"appeals: [{{is: restore, when: {condition}}}]"
    assert told in fault(shelf, SPECIAL, "appeals: [restore]", ruling)


def test_a_condition_knows_the_choices_of_a_detail(shelf: Path) -> None:
    said = fault(
        shelf,
        "2018-19.irregularities-students.yaml",
        "{details.cause: other_within_control}",
        "{details.cause: tornado}",
    )
    assert "asks whether details.cause is tornado, which the year does not have" in said


def test_one_rule_is_switched_in_a_copied_rulebook_and_no_code_is_touched(shelf: Path) -> None:
    file = shelf / "2018-19.improprieties.yaml"
    before = Library.from_folder(shelf).for_year("2018-19")
    file.write_text(file.read_text().replace("severity: impropriety", "severity: irregularity"))
    after = Library.from_folder(shelf).for_year("2018-19")
    severities = [rules.assess("student_left_room", {}).severity.value for rules in (before, after)]
    assert severities == ["impropriety", "irregularity"]
    assert before.version != after.version


def test_the_24_hours_are_switched_in_a_copied_rulebook(shelf: Path) -> None:
    file = shelf / "2018-19.yaml"
    file.write_text(file.read_text().replace("hours: 24", "hours: 48"))
    rules = Library.from_folder(shelf).for_year("2018-19")
    report, students = stated(left_room())
    case = Case.draft(CASE_ID, accepted(report, rules=rules), students, LEA_COORDINATOR, NOON)
    submit(case, at=NOON + timedelta(hours=40), rules=rules)
    assert case.late is False


def test_a_year_without_its_reporting_clock_is_a_fault(shelf: Path) -> None:
    said = fault(shelf, "2018-19.yaml", "hours: 24, ", "")
    assert "clocks.K3: says in how many hours" in said
