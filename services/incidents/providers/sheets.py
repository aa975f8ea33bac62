"""Files of students, read within bounds: what is larger, or anything but cells, is refused unread (A-16)."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence

from services.incidents.domain.errors import UploadUnreadable
from services.incidents.domain.ssid_sheet import MOST_ROWS, Cell, another_column, formula
from services.incidents.providers.workbook import cells_of_workbook

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
SEPARATORS = ",;\t"
FORMULA_SIGNS = ("=", "+", "@")
AT_ONCE = 2  # files that are read at the same time; each takes some 50 MB at most


class Sheets:
    """Reads ``.csv`` and ``.xlsx`` beside the event loop."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def cells(self, name: str, content: bytes) -> Sequence[Cell]:
        """The cells of a file's only column that hold something, at most one more than a case can list.

        :raises UploadUnreadable, WorkbookTooLarge, OnlySsidsAllowed: see ``cells_of``.
        """
        async with self._free:
            return await asyncio.to_thread(cells_of, name, content)


def cells_of(name: str, content: bytes) -> Sequence[Cell]:
    """The same, here and now; the name tells the kind, and the content has to agree.

    :raises UploadUnreadable: not a file that we read.
    :raises WorkbookTooLarge: it unpacks to more than we take.
    :raises OnlySsidsAllowed: a formula, or something in another column.
    """
    kind = name.rpartition(".")[2].casefold()
    if content.startswith(OLE):
        raise UploadUnreadable("An encrypted workbook, or one of before 2007: save it anew as plain .xlsx.")
    if kind == "xlsx" and content.startswith(ZIP):
        return cells_of_workbook(content)
    if kind == "csv" and not content.startswith(ZIP):
        return list(_cells_of_text(_decoded(content)))
    raise UploadUnreadable("Send a .csv file or an .xlsx workbook, and call it so.")


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise UploadUnreadable("The text is not in UTF-8; save it as “CSV UTF-8”.") from None
    if "\0" in text:
        raise UploadUnreadable("This is not text; save it as “CSV UTF-8”.")
    return text


def _cells_of_text(text: str) -> Iterator[Cell]:
    separator = next((sign for sign in text if sign in SEPARATORS), ",")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    column: int | None = None
    found = 0
    try:
        for number, row in enumerate(rows, start=1):
            for at, value in enumerate(row):
                if not value.strip():
                    continue
                cell = Cell(f"{_letter(at)}{number}", value)
                column = at if column is None else column
                _check(cell, is_other_column=at != column)
                found += 1
                yield cell
            if found > MOST_ROWS:
                return
    except csv.Error:
        raise UploadUnreadable("This is not a table of comma-separated values.") from None


def _check(cell: Cell, *, is_other_column: bool) -> None:
    if is_other_column or any(sign in cell.text for sign in SEPARATORS):
        raise another_column(cell.place)
    if cell.text.lstrip().startswith(FORMULA_SIGNS):
        raise formula(cell.place)


def _letter(column: int) -> str:
    return chr(ord("A") + column) if column < 26 else "AA"
