"""Files of students as coordinators make them, good and bad."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

import xlsxwriter

SHEET = "xl/worksheets/sheet1.xml"


def ssids(count: int, first: int = 8_391_045_000) -> list[str]:
    return [str(first + at) for at in range(count)]


def a_csv(values: Sequence[str], *, encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    return "".join(f"{value}{end}" for value in values).encode(encoding)


def a_workbook(values: Sequence[object], *, column: int = 0, top: int = 0) -> bytes:
    """One sheet, one column; text as text, numbers as numbers."""
    return drawn(lambda sheet: [sheet.write(top + at, column, value) for at, value in enumerate(values)])


def drawn(*sheets: Callable[[xlsxwriter.worksheet.Worksheet], object]) -> bytes:
    """A workbook whose sheets are drawn by these."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"strings_to_numbers": False, "strings_to_formulas": True}) as book:
        for draw in sheets:
            draw(book.add_worksheet())
    return made.getvalue()


def with_parts(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The same workbook with some parts replaced or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        kept = {name: old.read(name) for name in old.namelist()}
        for name, part in {**kept, **parts}.items():
            new.writestr(name, part)
    return made.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)
