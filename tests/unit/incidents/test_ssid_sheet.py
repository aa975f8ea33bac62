"""A file of students, cell by cell (HR-07, A-15, A-16): what is taken, and where it says what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.incidents.domain.cells import Cell, Hidden, another_column, formula
from services.incidents.domain.errors import (
    DuplicateSsid,
    InvalidSsid,
    OnlySsidsAllowed,
    StudentCountMismatch,
    TooManyStudents,
    UploadHiddenRows,
    UploadTooSmall,
)
from services.incidents.domain.ssid_list import SsidList
from services.incidents.domain.ssid_sheet import ssids_in_sheet
from shared.kernel.errors import Refusal

ELEVEN = [f"{8391045500 + n}" for n in range(11)]


def a_sheet(texts: Sequence[str]) -> list[Cell]:
    return [Cell(f"A{row}", text) for row, text in enumerate(texts, start=1)]


def refused(texts: Sequence[str], stated: int | None = None) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        ssids_in_sheet(a_sheet(texts), stated)
    return refusal.value


@pytest.mark.parametrize(
    "texts",
    [ELEVEN, ["SSID", *ELEVEN], ["ssid", *ELEVEN], [" ", *(f" {one} " for one in ELEVEN), ""]],
    ids=["bare", "a header", "a header in small letters", "blanks"],
)
def test_eleven_students_are_taken_from_a_file(texts: list[str]) -> None:
    assert ssids_in_sheet(a_sheet(texts), 11) == SsidList.of(ELEVEN)


def test_a_case_that_does_not_say_how_many_takes_as_many_as_the_file_lists() -> None:
    assert len(ssids_in_sheet(a_sheet(ELEVEN), None)) == 11


def test_five_hundred_students_are_taken_and_one_more_is_not() -> None:
    many = [f"{8391045000 + n}" for n in range(501)]
    assert len(ssids_in_sheet(a_sheet(["SSID", *many[:500]]), None)) == 500
    assert isinstance(refused(many), TooManyStudents)


@pytest.mark.parametrize("texts", [[], ["SSID"], ELEVEN[:10], ["SSID", *ELEVEN[:10]]])
def test_up_to_ten_students_are_typed(texts: list[str]) -> None:
    refusal = refused(texts)
    assert isinstance(refusal, UploadTooSmall)
    assert refusal.detail == "A file is taken from 11 students on; type up to ten SSIDs."


def test_a_cell_with_letters_refuses_the_file_and_is_named_but_not_repeated() -> None:
    refusal = refused([*ELEVEN, "Maria Lopez"])
    assert isinstance(refusal, OnlySsidsAllowed)
    assert [(issue.pointer, issue.code) for issue in refusal.issues] == [("A12", "letters")]
    assert "Maria" not in str([refusal.detail, *refusal.issues])


def test_a_header_further_down_is_a_cell_with_letters() -> None:
    assert isinstance(refused([*ELEVEN, "SSID"]), OnlySsidsAllowed)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "839104552",
            "Nine digits: a spreadsheet may have dropped a leading zero; format the column as text.",
        ),
        ("83910455", "8 digits instead of ten."),
        ("83910455270", "11 digits instead of ten."),
        (
            "8.39E+09",
            "A spreadsheet rounded this number; format the column as text and enter the SSIDs again.",
        ),
        (
            "8,39105e+9",
            "A spreadsheet rounded this number; format the column as text and enter the SSIDs again.",
        ),
        ("8391-045527", "Not ten digits."),
        ("٨٣٩١٠٤٥٥٢٧", "Not ten digits."),
    ],
    ids=["nine digits", "eight", "eleven", "rounded", "rounded with a comma", "a dash", "Arabic digits"],
)
def test_a_wrong_cell_is_named_with_what_to_do(text: str, why: str) -> None:
    refusal = refused([*ELEVEN, text])
    assert isinstance(refusal, InvalidSsid)
    assert [(issue.pointer, issue.code, issue.detail) for issue in refusal.issues] == [
        ("A12", "invalid_ssid", why)
    ]


def test_a_student_listed_twice_is_named_with_the_first_place() -> None:
    refusal = refused([*ELEVEN, ELEVEN[2]])
    assert isinstance(refusal, DuplicateSsid)
    assert [(issue.pointer, issue.detail) for issue in refusal.issues] == [("A12", "The same SSID is in A3.")]


def test_wrong_and_repeated_cells_are_all_named_at_once() -> None:
    refusal = refused([*ELEVEN, "1", ELEVEN[0]])
    assert isinstance(refusal, InvalidSsid)
    assert [issue.code for issue in refusal.issues] == ["invalid_ssid", "duplicate_ssid"]


@pytest.mark.parametrize("stated", [1, 10, 12])
def test_a_file_lists_as_many_students_as_the_case_states(stated: int) -> None:
    refusal = refused(ELEVEN, stated)
    assert isinstance(refusal, StudentCountMismatch)
    assert [(issue.pointer, issue.detail) for issue in refusal.issues] == [
        ("/student_count", "The file lists 11 students.")
    ]


@pytest.mark.parametrize(
    ("refusal", "code"), [(another_column("B4"), "another_column"), (formula("B4"), "formula")]
)
def test_what_is_no_list_of_ssids_is_refused_by_its_place(refusal: OnlySsidsAllowed, code: str) -> None:
    assert [(issue.pointer, issue.code) for issue in refusal.issues] == [("B4", code)]


@pytest.mark.parametrize(
    ("unseen", "name"),
    [
        ("\u200b", "ZERO WIDTH SPACE, U+200B"),
        ("\u200d", "ZERO WIDTH JOINER, U+200D"),
        ("\ufeff", "ZERO WIDTH NO-BREAK SPACE, U+FEFF"),
        ("\u202c", "POP DIRECTIONAL FORMATTING, U+202C"),
        ("\u00ad", "SOFT HYPHEN, U+00AD"),
        ("\ufe0f", "VARIATION SELECTOR-16, U+FE0F"),
    ],
)
@pytest.mark.parametrize("at", [0, 4, 10])
def test_a_character_that_nobody_sees_is_named(unseen: str, name: str, at: int) -> None:
    spoiled = f"{ELEVEN[0][:at]}{unseen}{ELEVEN[0][at:]}"
    with pytest.raises(InvalidSsid) as refused:
        ssids_in_sheet(a_sheet([*ELEVEN[1:], ELEVEN[0], spoiled]), None)
    (issue,) = refused.value.issues
    assert issue.pointer == "A12"
    assert f"A zero-width character is in this cell ({name})" in issue.detail


def test_a_header_with_a_character_that_nobody_sees_is_a_header() -> None:
    assert ssids_in_sheet(a_sheet(["\ufeffSSID\u200b", *ELEVEN]), None).ssids == tuple(ELEVEN)


def test_hidden_rows_are_refused_and_all_of_them_are_named() -> None:
    hidden = {3: Hidden.ROW, 4: Hidden.ROW, 5: Hidden.ROW, 9: Hidden.COLUMN, 11: Hidden.SHEET}
    cells = [Cell(f"B{row}", ssid, hidden.get(row)) for row, ssid in enumerate(ELEVEN, start=1)]
    with pytest.raises(UploadHiddenRows) as refused:
        ssids_in_sheet(cells, None)
    assert "rows 3 to 5, row 9, row 11." in refused.value.detail
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [
        (f"B{row}", "hidden_row") for row in hidden
    ]
    assert refused.value.issues[0].detail == "Row 3 is hidden or filtered out."
    assert refused.value.issues[3].detail == "Row 9 is not in sight: its column is hidden."


def test_hidden_rows_come_before_their_number_and_after_a_name() -> None:
    with pytest.raises(UploadHiddenRows):
        ssids_in_sheet([Cell("A1", ELEVEN[0], Hidden.ROW)], None)
    with pytest.raises(OnlySsidsAllowed):
        ssids_in_sheet([Cell("A1", "Ann Lee", Hidden.ROW)], None)
