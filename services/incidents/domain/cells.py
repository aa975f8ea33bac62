"""The cells of a file of students as they are read, and why a file may be refused while it is read.

Nothing here needs more than the refusals: the process that reads a file starts with this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.incidents.domain.errors import OnlySsidsAllowed, UploadHiddenRows
from services.incidents.domain.values import MOST_STUDENTS
from shared.kernel.errors import Issue

MOST_ROWS = MOST_STUDENTS + 1
"""A header and as many students as a case may have."""

_ROW = re.compile(r"[0-9]+$")


class Hidden(StrEnum):
    """What hides a cell from whoever looks at the file."""

    ROW = "row"
    COLUMN = "column"
    SHEET = "sheet"


@dataclass(frozen=True)
class Cell:
    """A cell that holds something, and where: ``A17``."""

    place: str
    text: str
    hidden: Hidden | None = None  # None: it is in sight


def another_column(place: str) -> OnlySsidsAllowed:
    """The refusal of a file with something beside its column."""
    return nothing_but_ssids([Issue(place, "another_column", "Only one column is allowed.")])


def formula(place: str) -> OnlySsidsAllowed:
    """The refusal of a file with a formula."""
    return nothing_but_ssids([Issue(place, "formula", "A formula is not an SSID; paste values only.")])


def nothing_but_ssids(issues: Sequence[Issue]) -> OnlySsidsAllowed:
    """The refusal of a file that holds something else, at these places."""
    return OnlySsidsAllowed(
        "The file may hold one column of SSIDs and nothing else, no name and no formula; nothing was kept.",
        issues=issues,
    )


def hidden_rows(cells: Iterable[Cell]) -> UploadHiddenRows:
    """The refusal of a file that lists more than its reader sees; names every hidden row."""
    hidden = [cell for cell in cells if cell.hidden]
    rows = sorted({_row(cell) for cell in hidden})
    return UploadHiddenRows(
        f"The file holds rows that are hidden or filtered out: {', '.join(_runs(rows))}. Show them, or copy "
        "the visible rows into a new file.",
        issues=[Issue(cell.place, "hidden_row", _why(cell)) for cell in hidden[:MOST_ROWS]],
    )


def _why(cell: Cell) -> str:
    if cell.hidden is Hidden.ROW:
        return f"Row {_row(cell)} is hidden or filtered out."
    return f"Row {_row(cell)} is not in sight: its {cell.hidden} is hidden."


def _row(cell: Cell) -> int:
    found = _ROW.search(cell.place)
    return int(found[0]) if found else 0


def _runs(rows: Sequence[int]) -> Iterator[str]:
    """``row 3``, ``rows 7 to 9``."""
    begin = 0
    for at, row in enumerate(rows):
        if at + 1 == len(rows) or rows[at + 1] != row + 1:
            yield f"row {row}" if at == begin else f"rows {rows[begin]} to {row}"
            begin = at + 1
