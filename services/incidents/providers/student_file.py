"""A file of students, judged by its content: text of separated values, or an ``.xlsx`` workbook (A-16).

This runs in a process of its own (``reading_process``) and imports little.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from services.incidents.domain.cells import MOST_ROWS, Cell, another_column, formula
from services.incidents.domain.errors import UploadUnreadable
from services.incidents.providers.workbook import cells_of_workbook
from services.incidents.providers.workbook_xml import letters_of

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
SEPARATORS = ",;\t|"
FORMULA_SIGNS = ("=", "+", "@")

_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[ \t]*(\r\n|\r|\n|$)', re.IGNORECASE)
"""The first line by which Excel is told the separator; it is no row of the table."""


def cells_of(content: bytes) -> Sequence[Cell]:
    """The cells of a file's only column that hold something, at most one more than a case can list.

    :raises UploadUnreadable: not a file that we read.
    :raises WorkbookTooLarge: it takes far more to read than a list of students does.
    :raises OnlySsidsAllowed: a formula, or something in another column.
    :raises UploadHiddenRows, TooManyStudents: more rows than a case can list, in sight or not.
    """
    if content.startswith(OLE):
        raise UploadUnreadable("An encrypted workbook, or one of before 2007: save it anew as plain .xlsx.")
    if content.startswith(ZIP):
        return cells_of_workbook(content)
    return list(_cells_of_text(_decoded(content)))


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise UploadUnreadable(
            "This is neither an .xlsx workbook nor text in UTF-8; save it as “CSV UTF-8”."
        ) from None
    if "\0" in text:
        raise UploadUnreadable("This is no text; save it as “CSV UTF-8”, or as an .xlsx workbook.")
    return text


def _cells_of_text(text: str) -> Iterator[Cell]:
    told = _SEPARATOR_LINE.match(text)
    separator = told[1] if told else next((sign for sign in text if sign in SEPARATORS), ",")
    lines = io.StringIO(text[told.end() :] if told else text, newline="")
    rows = csv.reader(lines, delimiter=separator, strict=True)
    column: int | None = None
    found = 0
    try:
        for number, row in enumerate(rows, start=2 if told else 1):
            for at, value in enumerate(row):
                if not value.strip():
                    continue
                cell = Cell(f"{letters_of(at + 1)}{number}", value)
                column = at if column is None else column
                _require_value(cell, is_other_column=at != column)
                found += 1
                yield cell
            if found > MOST_ROWS:
                return
    except csv.Error:
        raise UploadUnreadable("This is not a table of comma-separated values.") from None


def _require_value(cell: Cell, *, is_other_column: bool) -> None:
    if is_other_column or any(sign in cell.text for sign in SEPARATORS):
        raise another_column(cell.place)
    if cell.text.lstrip().startswith(FORMULA_SIGNS):
        raise formula(cell.place)
