"""A bad rulebook is refused, and the refusal says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services.incidents.domain.errors import RulebookNotFound
from services.incidents.rulebooks.library import HERE, Library
from shared.rulebooks.layers import RulebookFault

YEAR = "2018-19"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in HERE.glob(f"{YEAR}.*yaml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def spoiled(folder: Path, part: str, before: str, after: str) -> str:
    """What the loader says when this is written instead of that."""
    file = folder / f"{YEAR}.{part}yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(RulebookFault) as fault:
        Library.from_folder(folder)
    return str(fault.value)


def line_of(part: str, text: str) -> str:
    """Where a text first stands in a file, as a fault would tell it."""
    name = f"{YEAR}.{part}yaml"
    return f"{name}:{(HERE / name).read_text().partition(text)[0].count(chr(10)) + 1}: "


TYPE = "  student_no_effort:"
BREACH = "  secure_content_copied_or_discussed_student:"
STARTED = "  test_started_unintentionally:"
SUPPORT = "  iep_504_support_not_provided:"


@pytest.mark.parametrize(
    ("part", "before", "after", "place", "why"),
    [
        ("breaches.", "cde_copy: true", "cde_coppy: true", "cde_copy: true", "cde_coppy: Extra inputs"),
        ("breaches.", "severity: breach", "severity: disaster", "severity: breach", "severity.0.is"),
        ("breaches.", "    pre_action: call_cde\n", "", BREACH, "pre_action needs an answer"),
        ("improprieties.", "source: S 29\n", "source: ''\n", "source: S 29\n", "source"),
        ("improprieties.", "    source: S 29\n", "", TYPE, "source: Field required"),
        ("improprieties.", "basis: stated", "basis: felt", "basis: stated", "basis"),
        ("improprieties.", "action: no_action_required", "action: []", TYPE, "recommended_action needs"),
        (
            "improprieties.",
            "    severity: impropriety\n",
            "    severity: impropriety\n    pre_action: call_cde\n",
            TYPE,
            "only a breach asks for a phone call",
        ),
        ("improprieties.", "details.can_finish_in_time: true", "details.x: 1", STARTED, "details.x"),
        (
            "irregularities-students.",
            "details.minutes_paused: {above: 20}",
            "details.minutes_paused: {above: many}",
            "when:\n          details.minutes_paused",
            "compares with a whole number",
        ),
        (
            "irregularities-students.",
            "{appeals: {at_least: 1}}",
            "{mood: bad}",
            "{appeals: {at_least: 1}}",
            "'mood'",
        ),
        (
            "irregularities-students.",
            "choices: [iep, section_504], ",
            "",
            "choices: [iep, section_504], ",
            "choices belong",
        ),
        ("special.", "advice: Lost", "text: Lost", "advice: Lost", "text: Extra inputs"),
        ("special.", "    advice: Lost", "    # advice: Lost", "  lost_student_logon", "needs advice"),
        ("", "  breach: {meaning", "  breech: {meaning", "  breach: {meaning", "severities.breech"),
        ("special.", "  unlisted_incident:", "  test_reset_in_error:", "  unlisted_incident:", "said twice"),
    ],
)
def test_a_fault_is_refused_with_its_place(
    folder: Path, part: str, before: str, after: str, place: str, why: str
) -> None:
    said = spoiled(folder, part, before, after)
    assert line_of(part, place) in said
    assert why in said


@pytest.mark.parametrize(
    ("part", "before", "after", "why"),
    [
        ("", "year: 2018-19", "year: 2019-20", "2018-19.yaml: year is 2019-20"),
        ("", "  K5: {", "  K5: {{", "2018-19.yaml:"),
        ("special.", "  unlisted_incident:", "  student_cheating:", "said in another file"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(
    folder: Path, part: str, before: str, after: str, why: str
) -> None:
    assert why in spoiled(folder, part, before, after)


def test_a_rulebook_is_a_mapping(folder: Path) -> None:
    (folder / f"{YEAR}.more.yaml").write_text("- a list\n")
    with pytest.raises(RulebookFault, match=r"more\.yaml:1: a rulebook is a mapping"):
        Library.from_folder(folder)


def test_the_default_year_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RulebookFault, match="default year"):
        Library.from_folder(tmp_path)


def test_another_year_needs_a_file_and_no_code(folder: Path) -> None:
    for file in sorted(folder.glob("*.yaml")):
        text = file.read_text().replace("year: 2018-19", "year: 2015-16")
        text = text.replace("reporting: not_reportable", "severity: breach\n    pre_action: call_cde")
        (folder / file.name.replace(YEAR, "2015-16")).write_text(text)
    library = Library.from_folder(folder)
    lost = library.for_year("2015-16").assess("lost_student_logon_information", {})
    assert (library.years(), lost.severity, lost.pre_action) == (["2015-16", YEAR], "breach", "call_cde")


def test_the_version_is_the_contents_and_not_the_comments(folder: Path) -> None:
    before = Library.from_folder(folder).version(YEAR)
    file = folder / f"{YEAR}.yaml"
    file.write_text("# one comment more\n" + file.read_text())
    assert Library.from_folder(folder).version(YEAR) == before
    file.write_text(file.read_text().replace("hours: 24", "hours: 25"))
    assert Library.from_folder(folder).version(YEAR) != before


def test_a_year_without_a_rulebook_has_no_document() -> None:
    with pytest.raises(RulebookNotFound):
        Library.from_folder().document("1999-00")
