"""The XML of a workbook, going by piece by piece: what leads to cells, the cells, and the texts they share.

Each part is parsed as it is unpacked, and is never whole in memory; what is read of all parts together is
bounded, and so is what is kept of each. Documents that declare entities, or nest deeply, are refused.
"""

# ruff: noqa: D102 - ``Reading`` says what the methods of all readings mean

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from services.incidents.domain.cells import Hidden, formula
from services.incidents.domain.errors import UploadUnreadable

MOST_BYTES = 1_000_000  # of all parts that are read, unpacked; 500 SSIDs take some 50,000
MOST_ELEMENTS = 100_000  # of XML, in all parts that are read
DEEPEST = 40  # elements in one another; a cell's text is seven deep
LAST_COLUMN = 16_384  # of the format: XFD
LAST_ROW = 100_000  # a value below is far from any list of 500
LONGEST_TEXT = 255  # characters of one cell: an SSID has ten
CHUNK = 16_384

ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "us-ascii"})  # what the format allows, and plain ASCII
UNREADABLE = "This is not an .xlsx workbook, or it is damaged."

_MAIN = frozenset(
    {
        "",
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "http://schemas.openxmlformats.org/package/2006/relationships",
    }
)
"""The namespaces in which cells and relations are told; sparklines and data bars stand in others."""

_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ROW = re.compile(r"[0-9]{1,7}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)
_NOTHING = re.compile(r"0+(\.0*)?")  # a height or a width


class OverBudgetError(Exception):
    """More was read than a list of students takes."""


@dataclass
class Budget:
    """What may still be read of one workbook."""

    bytes: int = MOST_BYTES
    elements: int = MOST_ELEMENTS

    def take_bytes(self, count: int) -> None:
        self.bytes -= count
        if self.bytes < 0:
            raise OverBudgetError

    def take_element(self) -> None:
        self.elements -= 1
        if self.elements < 0:
            raise OverBudgetError


@dataclass(frozen=True)
class FoundCell:
    """A cell before the shared texts are read."""

    row: int
    column: int
    text: str
    shared: int | None  # the number of its text among the shared ones
    hidden: Hidden | None

    @property
    def place(self) -> str:
        return f"{letters_of(self.column)}{self.row}"


def letters_of(column: int) -> str:
    """The name of a column by its number, from 1 on: ``A``, ``AB``."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class Reading:
    """What is noticed while a part's XML goes by: nothing, unless told otherwise; raising ends it."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """A piece of the text in it."""


def read_part(part: IO[bytes], reading: Reading, budget: Budget) -> None:
    """Let a part's XML go by.

    :raises UploadUnreadable: it is no XML that a workbook may hold.
    :raises OverBudgetError: it takes more than may still be read.
    """
    parser, depth = expat.ParserCreate(namespace_separator=" "), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        budget.take_element()
        depth += 1
        if depth > DEEPEST:
            raise UploadUnreadable(UNREADABLE)
        reading.start(_local(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        reading.end(_local(name))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.XmlDeclHandler = _known_encoding
    try:
        while piece := part.read(CHUNK):
            budget.take_bytes(len(piece))
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise UploadUnreadable(UNREADABLE) from None


def _local(name: str) -> str:
    """The element's name; nothing for one of another vocabulary."""
    namespace, _, local = name.rpartition(" ")
    return local if namespace in _MAIN else ""


def _no_doctype(*_declared: object) -> None:
    raise UploadUnreadable(UNREADABLE)


def _known_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.casefold() not in ENCODINGS:
        raise UploadUnreadable(UNREADABLE)


class Relations(Reading):
    """Which parts belong to a part, and as what."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes["Type"].rpartition("/")[2]
            self.found[attributes["Id"]] = (kind, attributes["Target"].replace("\\", "/"))


class Sheets(Reading):
    """The sheets of a workbook, by their relations, and whether they are hidden."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bool]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            keys = [value for name, value in attributes.items() if name.endswith(" id")]  # r:id, no sheetId
            self.found.append((keys[0], attributes.get("state", "visible") != "visible"))


@dataclass
class _Value:
    """The cell that is being read."""

    row: int
    column: int
    kind: str
    parts: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, text: str) -> None:
        """Keep no more than tells that it is too long."""
        if self.length <= LONGEST_TEXT:
            self.parts.append(text)
            self.length += len(text)

    @property
    def text(self) -> str:
        return "".join(self.parts)


class Sheet(Reading):
    """A worksheet: its cells, and what hides them."""

    def __init__(self, hidden: Hidden | None) -> None:
        self.found: list[FoundCell] = []
        self._sheet_hidden = hidden
        self._hidden_columns = bytearray(LAST_COLUMN + 1)
        self._row, self._row_hidden, self._column = 0, False, 0
        self._value: _Value | None = None
        self._within: list[str] = []  # the elements inside the cell

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._value is not None:
            if name == "f":
                raise formula(f"{letters_of(self._value.column)}{self._value.row}")
            self._within.append(name)
        elif name == "c":
            self._begin(attributes)
        elif name == "row":
            self._row, self._column = _row_of(attributes.get("r"), self._row + 1), 0
            self._row_hidden = _is_hidden(attributes, "ht")
        elif name == "col" and _is_hidden(attributes, "width"):
            first, last = max(1, int(attributes["min"])), min(LAST_COLUMN, int(attributes["max"]))
            self._hidden_columns[first : last + 1] = b"\1" * (last + 1 - first)

    def end(self, name: str) -> None:
        if self._value is None:
            return
        if self._within:
            self._within.pop()
        elif name == "c":
            self._finish(self._value)
            self._value = None

    def text(self, text: str) -> None:
        if self._value is None or not self._within:
            return
        inline = self._value.kind == "inlineStr"
        if self._within[-1] == ("t" if inline else "v") and "rPh" not in self._within:
            self._value.add(text)

    def _begin(self, attributes: Mapping[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._column += 1
        else:
            told = _PLACE.fullmatch(place)
            if told is None or int(told[2]) != self._row:
                raise UploadUnreadable(UNREADABLE)
            self._column = _column_of(told[1])
        if self._column > LAST_COLUMN:
            raise UploadUnreadable(UNREADABLE)
        self._value = _Value(self._row, self._column, attributes.get("t", "n"))

    def _finish(self, value: _Value) -> None:
        shared, text = None, value.text
        if value.kind == "e":
            # #REF!: what is left of a formula
            raise formula(f"{letters_of(value.column)}{value.row}")
        if not text.strip():
            return
        if value.row > LAST_ROW:
            raise UploadUnreadable("Something stands far below the list; remove it.")
        if value.kind == "s":
            shared = int(text)
        elif value.kind == "b":
            text = "FALSE" if text.strip() == "0" else "TRUE"
        elif value.kind == "n":
            text = _shown(text.strip())
        self.found.append(FoundCell(value.row, value.column, text, shared, self._hidden(value.column)))

    def _hidden(self, column: int) -> Hidden | None:
        if self._row_hidden:
            return Hidden.ROW
        return Hidden.COLUMN if self._hidden_columns[column] else self._sheet_hidden


class Texts(Reading):
    """The texts that cells share: those that are needed, each no further than tells that it is too long."""

    def __init__(self, needed: set[int]) -> None:
        self.found: dict[int, str] = {}
        self._needed = needed
        self._number = -1
        self._value: _Value | None = None
        self._within: list[str] = []  # the elements inside the text

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        if name == "si":
            self._number += 1
            self._value = _Value(0, 0, "s") if self._number in self._needed else None
            self._within = []
        elif self._value is not None:
            self._within.append(name)

    def end(self, name: str) -> None:
        if self._value is None:
            return
        if self._within:
            self._within.pop()
        elif name == "si":
            self.found[self._number] = self._value.text
            self._value = None

    def text(self, text: str) -> None:
        if self._value is not None and self._within[-1:] == ["t"] and "rPh" not in self._within:
            self._value.add(text)


def _is_hidden(attributes: Mapping[str, str], size: str) -> bool:
    """Hidden by hand or by a filter, or so small that nothing is seen."""
    told = attributes.get("hidden", "0").strip().casefold()
    return told in ("1", "true") or _NOTHING.fullmatch(attributes.get(size, "")) is not None


def _row_of(told: str | None, following: int) -> int:
    if told is None:
        return following
    if _ROW.fullmatch(told) is None:
        raise UploadUnreadable(UNREADABLE)
    return int(told)


def _shown(number: str) -> str:
    """As a person would write it; a whole number without a point."""
    if _NUMBER.fullmatch(number) is None:
        return number
    value = float(number)
    return f"{value:.0f}" if value.is_integer() else f"{value:f}"


def _column_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
