"""``.xlsx``, read within bounds: a zip's promises are checked, its sheets are looked through, then read.

The library that reads the values (calamine) lays a sheet out as a full rectangle, so a cell at the far end
would cost the memory of all before it. It therefore gets a workbook that is put together anew of the few
parts that hold cells, after they were unpacked here and looked through: one column, few rows, no formula.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from services.incidents.domain.errors import (
    OnlySsidsAllowed,
    TooManyStudents,
    UploadUnreadable,
    WorkbookTooLarge,
)
from services.incidents.domain.ssid_sheet import MOST_ROWS, Cell, another_column, formula

MOST_BYTES = 20_000_000  # of all parts together, unpacked
MOST_PARTS = 300
LAST_ROW = 100_000  # a value below is far from any list of 500
LONGEST_TEXT = 255  # characters of one shared text: an SSID has ten
CHUNK = 16_384

SHEET = re.compile(r"xl/worksheets/[\w -]+\.xml")
TEXTS = "xl/sharedStrings.xml"
FRAME = frozenset(
    {"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}
)
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError)
UNREADABLE = "This is not an .xlsx workbook, or it is damaged."


def cells_of_workbook(content: bytes) -> Sequence[Cell]:
    """The cells of the workbook's only column that hold something.

    :raises UploadUnreadable: damaged, encrypted, or with macros.
    :raises WorkbookTooLarge: it unpacks to more than we take.
    :raises OnlySsidsAllowed: a formula, or something in another column or on another sheet.
    :raises TooManyStudents: more rows than a case can list.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _looked_through(archive)
    except DAMAGED:
        raise UploadUnreadable(UNREADABLE) from None
    return list(_values(parts))


def _looked_through(archive: zipfile.ZipFile) -> Mapping[str, bytes]:
    """The parts that hold cells, unpacked; the sheets first, because they may end the matter."""
    entries = _entries(archive)
    names = sorted(name for name in entries if SHEET.fullmatch(name))
    names += sorted(name for name in entries if name in FRAME or name == TEXTS)
    parts: dict[str, bytes] = {}
    for name in names:
        with archive.open(entries[name]) as part:
            parts[name] = part.read(MOST_BYTES + 1)  # as many bytes as announced, whatever is behind them
        if SHEET.fullmatch(name):
            _look_through(_Cells(), parts[name])
        elif name == TEXTS:
            _look_through(_Texts(), parts[name])
    return parts


def _entries(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    listed = archive.infolist()
    entries = {entry.filename: entry for entry in listed}
    if len(listed) > MOST_PARTS or sum(entry.file_size for entry in listed) > MOST_BYTES:
        raise WorkbookTooLarge
    if any("vbaproject" in name.casefold() or "macrosheets" in name.casefold() for name in entries):
        raise UploadUnreadable("A workbook with macros is not taken: save it as plain .xlsx.")
    strange = any(entry.flag_bits & 0x1 or entry.compress_type not in METHODS for entry in listed)
    if strange or len(entries) < len(listed) or "xl/workbook.xml" not in entries:
        raise UploadUnreadable(UNREADABLE)
    return entries


class _Reading(ABC):
    """What is noticed while a part's XML goes by; raising ends it."""

    @abstractmethod
    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    @abstractmethod
    def end(self) -> None: ...

    @abstractmethod
    def text(self, text: str) -> None: ...


def _look_through(reading: _Reading, part: bytes) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, attributes: reading.start(name.rpartition(" ")[2], attributes)
    parser.EndElementHandler = lambda _name: reading.end()
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _no_declarations
    try:
        for begin in range(0, len(part), CHUNK):
            parser.Parse(part[begin : begin + CHUNK], False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise UploadUnreadable(UNREADABLE) from None


def _no_declarations(*_declared: object) -> None:
    raise UploadUnreadable(UNREADABLE)


class _Cells(_Reading):
    """A sheet: one column, no formula, not too many rows."""

    def __init__(self) -> None:
        self._row = self._column = self._filled = self._filled_row = 0
        self._used: int | None = None  # the only column
        self._in_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        elif name == "c":
            self._locate(attributes.get("r"))
            if attributes.get("t") == "e":  # #REF!, which the library would pass over as an empty cell
                raise formula(self._place)
        elif name == "f":
            raise formula(self._place)
        self._in_value = name in ("v", "t")

    def end(self) -> None:
        self._in_value = False

    def text(self, text: str) -> None:
        if self._in_value and text.strip():
            self._note()

    def _locate(self, place: str | None) -> None:
        if place is None:
            self._column += 1
            return
        letters = place.rstrip("0123456789")
        if not (letters.isascii() and letters.isupper() and len(letters) <= 3):
            raise UploadUnreadable(UNREADABLE)
        self._row, self._column = int(place[len(letters) :]), _number(letters)

    def _note(self) -> None:
        self._used = self._column if self._used is None else self._used
        if self._column != self._used:
            raise another_column(self._place)
        if self._row > LAST_ROW:
            raise UploadUnreadable("Something stands far below the list; remove it.")
        self._filled += self._row != self._filled_row
        self._filled_row = self._row
        if self._filled > MOST_ROWS:
            raise TooManyStudents

    @property
    def _place(self) -> str:
        return f"{_letters(self._column)}{self._row}"


class _Texts(_Reading):
    """Texts that many cells may share: none so long that its copies fill the memory."""

    def __init__(self) -> None:
        self._length = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            self._length = 0

    def end(self) -> None:
        """Nothing to notice."""

    def text(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST_TEXT:
            raise OnlySsidsAllowed(
                "The file holds long texts; it may hold SSIDs only. Nothing of it was kept."
            )


def _values(parts: Mapping[str, bytes]) -> Iterator[Cell]:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    whole.seek(0)
    used = 0
    for sheet in _sheets(whole):
        cells = list(_cells_of(sheet))
        used += bool(cells)
        if used > 1:
            raise another_column(f"another sheet, {cells[0].place}")
        yield from cells


def _sheets(whole: io.BytesIO) -> Sequence[CalamineSheet]:
    try:
        workbook = CalamineWorkbook.from_filelike(whole)
        return [workbook.get_sheet_by_index(at) for at in range(len(workbook.sheet_names))]
    except CalamineError:
        raise UploadUnreadable(UNREADABLE) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's, which is no Exception
            raise
        raise UploadUnreadable(UNREADABLE) from None


def _cells_of(sheet: CalamineSheet) -> Iterator[Cell]:
    if sheet.start is None:
        return
    top, left = sheet.start
    for down, row in enumerate(sheet.to_python()):
        for across, value in enumerate(row):
            text = _shown(value)
            if text:
                yield Cell(f"{_letters(left + across + 1)}{top + down + 1}", text)


def _shown(value: object) -> str:
    """As a person would read it; a whole number without a point."""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:f}"
    return str(value).strip()


def _letters(column: int) -> str:
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
