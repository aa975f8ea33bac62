"""A file of students: one column of SSIDs, and what is wrong with it, cell by cell (HR-07, A-15, A-16).

Errors name the place of a cell and never repeat its content.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.incidents.domain.cells import Cell, hidden_rows, nothing_but_ssids
from services.incidents.domain.errors import (
    DuplicateSsid,
    InvalidSsid,
    StudentCountMismatch,
    TooManyStudents,
    UploadTooSmall,
)
from services.incidents.domain.ssid_list import SsidList
from services.incidents.domain.values import MOST_STUDENTS
from shared.kernel.errors import Issue
from shared.kernel.ssid import is_ssid

FEWEST_ROWS = 11
"""A-15: up to ten students are typed."""

_HEADER = "ssid"
_ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+\d+")
_UNSEEN = frozenset({"Cf", "Mn", "Me"})  # Unicode's categories of what takes no width


def ssids_in_sheet(cells: Iterable[Cell], stated: int | None) -> SsidList:
    """The students that a file lists.

    :param cells: the file's only column, without its empty cells.
    :param stated: how many students the case says there are, if it says so.
    :raises OnlySsidsAllowed: a cell holds a letter, so it may be a name.
    :raises UploadHiddenRows: a row is hidden, so whoever sends the file may not know of it.
    :raises UploadTooSmall, TooManyStudents: fewer than 11, more than 500.
    :raises InvalidSsid, DuplicateSsid: rows are wrong; the issues name all of them.
    :raises StudentCountMismatch: not as many as stated.
    """
    filled = [replace(cell, text=cell.text.strip()) for cell in cells if cell.text.strip()]
    listed = _without_header(filled)
    _require_only_ssids(listed)
    if any(cell.hidden for cell in filled):
        raise hidden_rows(filled)
    if len(listed) > MOST_STUDENTS:
        raise TooManyStudents
    if len(listed) < FEWEST_ROWS:
        raise UploadTooSmall(f"A file is taken from {FEWEST_ROWS} students on; type up to ten SSIDs.")
    _require_rows(listed)
    if stated is not None and stated != len(listed):
        issue = Issue("/student_count", "student_count_mismatch", f"The file lists {len(listed)} students.")
        raise StudentCountMismatch("State as many students as the file lists.", issues=[issue])
    return SsidList.of_sheet([cell.text for cell in listed])


def _without_header(cells: Sequence[Cell]) -> Sequence[Cell]:
    return cells[1:] if cells and _seen(cells[0].text).casefold() == _HEADER else cells


def _require_only_ssids(cells: Sequence[Cell]) -> None:
    lettered = [cell for cell in cells if _lettered(cell.text)]
    if lettered:
        raise nothing_but_ssids([Issue(cell.place, "letters", "This cell has letters.") for cell in lettered])


def _lettered(text: str) -> bool:
    return any(sign.isalpha() for sign in text) and _ROUNDED.fullmatch(text) is None


def _require_rows(cells: Sequence[Cell]) -> None:
    first: dict[str, str] = {}
    issues: list[Issue] = []
    for cell in cells:
        if not is_ssid(cell.text):
            issues.append(Issue(cell.place, "invalid_ssid", _why(cell.text)))
        elif cell.text in first:
            words = f"The same SSID is in {first[cell.text]}."
            issues.append(Issue(cell.place, "duplicate_ssid", words))
        else:
            first[cell.text] = cell.place
    if any(issue.code == "invalid_ssid" for issue in issues):
        raise InvalidSsid("An SSID is exactly ten digits, as text; correct these rows.", issues=issues)
    if issues:
        raise DuplicateSsid("Each student is listed once; remove these rows.", issues=issues)


def _why(text: str) -> str:
    unseen = next((sign for sign in text if unicodedata.category(sign) in _UNSEEN), None)
    if unseen is not None:
        name = f"{unicodedata.name(unseen, 'no name')}, U+{ord(unseen):04X}"
        return f"A zero-width character is in this cell ({name}); enter the SSID again."
    if _ROUNDED.fullmatch(text):
        return "A spreadsheet rounded this number; format the column as text and enter the SSIDs again."
    if text.isascii() and text.isdigit():
        if len(text) == 9:
            return "Nine digits: a spreadsheet may have dropped a leading zero; format the column as text."
        return f"{len(text)} digits instead of ten."
    return "Not ten digits."


def _seen(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign) not in _UNSEEN)
