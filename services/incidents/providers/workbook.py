"""``.xlsx``, read within bounds: no more of it than leads to cells, piece by piece, and no part as a whole.

    _rels/.rels → the workbook → its worksheets, hidden or not → the shared texts that their cells name

Chart sheets, drawings, styles and whatever else a workbook carries are not even unpacked. A cell's value is
taken as it is stored: how it is formatted (as a time, as money) does not change a number of ten digits.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.incidents.domain.cells import (
    MOST_ROWS,
    Cell,
    Hidden,
    another_column,
    hidden_rows,
    nothing_but_ssids,
)
from services.incidents.domain.errors import TooManyStudents, UploadUnreadable, WorkbookTooLarge
from services.incidents.providers.workbook_xml import (
    LONGEST_TEXT,
    UNREADABLE,
    Budget,
    FoundCell,
    OverBudgetError,
    Reading,
    Relations,
    Sheet,
    Sheets,
    Texts,
    read_part,
)
from shared.kernel.errors import Issue

MOST_ANNOUNCED = 20_000_000  # of all parts together; a workbook that announces more is made to do harm
MOST_PARTS = 300

METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


@dataclass(frozen=True)
class _SheetPart:
    """Where a worksheet is."""

    name: str
    hidden: bool


def cells_of_workbook(content: bytes) -> Sequence[Cell]:
    """The cells of the workbook's only column that hold something.

    :raises UploadUnreadable: damaged, encrypted, or with macros.
    :raises WorkbookTooLarge: it unpacks to more than we take.
    :raises OnlySsidsAllowed: a formula, or something in another column or on another sheet.
    :raises UploadHiddenRows, TooManyStudents: more rows than a case can list.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _cells_of(_Package(archive, _entries(archive)))
    except OverBudgetError:
        raise WorkbookTooLarge from None
    except DAMAGED:
        raise UploadUnreadable(UNREADABLE) from None


def _entries(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The parts by name; names of parts do not depend on case."""
    listed = archive.infolist()
    if len(listed) > MOST_PARTS or sum(entry.file_size for entry in listed) > MOST_ANNOUNCED:
        raise WorkbookTooLarge
    entries = {entry.filename.replace("\\", "/").lstrip("/").casefold(): entry for entry in listed}
    if any("vbaproject" in name or "macrosheets" in name for name in entries):
        raise UploadUnreadable("A workbook with macros is not taken: save it as plain .xlsx.")
    strange = any(entry.flag_bits & 0x1 or entry.compress_type not in METHODS for entry in listed)
    if strange or len(entries) < len(listed):
        raise UploadUnreadable(UNREADABLE)
    return entries


def _cells_of(package: _Package) -> Sequence[Cell]:
    cells: list[Cell] = []
    for at, found in enumerate(_filled_sheets(package)):
        if at > 0:
            raise another_column(f"another sheet, {found[0].place}")
        for cell in found:
            if cell.column != found[0].column:
                raise another_column(cell.place)
            cells.append(Cell(cell.place, cell.text, cell.hidden))
    if len(cells) > MOST_ROWS:
        raise hidden_rows(cells) if any(cell.hidden for cell in cells) else TooManyStudents
    return cells


def _filled_sheets(package: _Package) -> Iterator[Sequence[FoundCell]]:
    """The cells that hold something, by sheet; sheets without any are left out."""
    workbook = package.workbook()
    sheets = [_found_on(package, sheet) for sheet in workbook.sheets]
    needed = {cell.shared for sheet in sheets for cell in sheet if cell.shared is not None}
    texts = package.shared_texts(workbook.texts, needed) if needed else {}
    for sheet in sheets:
        filled = [
            cell
            if cell.shared is None
            else FoundCell(cell.row, cell.column, texts[cell.shared], None, cell.hidden)
            for cell in sheet
        ]
        if filled := [cell for cell in filled if cell.text.strip()]:
            for cell in filled:
                if len(cell.text) > LONGEST_TEXT:
                    raise nothing_but_ssids([Issue(cell.place, "long_text", "This cell holds a long text.")])
            yield filled


def _found_on(package: _Package, sheet: _SheetPart) -> Sequence[FoundCell]:
    reading = Sheet(Hidden.SHEET if sheet.hidden else None)
    try:
        package.read(sheet.name, reading)
    except OverBudgetError:
        if len({cell.row for cell in reading.found}) <= MOST_ROWS:
            raise
        hidden = [Cell(cell.place, "", cell.hidden) for cell in reading.found if cell.hidden]
        raise (hidden_rows(hidden) if hidden else TooManyStudents()) from None
    return reading.found


_Related = Mapping[str, tuple[str, str]]
"""The kind and the part to which a part is related, by the relation's id."""


@dataclass(frozen=True)
class _Workbook:
    """What leads to the cells."""

    sheets: Sequence[_SheetPart]
    relations: _Related

    @property
    def texts(self) -> str:
        """The part with the shared texts.

        :raises LookupError: there is none.
        """
        return _first("sharedStrings", self.relations.values())


class _Package:
    """The parts of one workbook, and what may still be read of them."""

    def __init__(self, archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> None:
        self._archive, self._entries = archive, entries
        self._budget = Budget()

    def workbook(self) -> _Workbook:
        """The worksheets that the workbook names; chart sheets and dialogs hold no cells."""
        name = _first("officeDocument", self._relations("").values())
        told, relations = Sheets(), self._relations(name)
        self.read(name, told)
        sheets = [
            _SheetPart(relations[key][1], hidden)
            for key, hidden in told.found
            if key in relations and relations[key][0] == "worksheet"
        ]
        return _Workbook(sheets, relations)

    def shared_texts(self, name: str, needed: set[int]) -> Mapping[int, str]:
        """The shared texts of these numbers.

        :raises LookupError: there are none, or not as many.
        """
        texts = Texts(needed)
        self.read(name, texts)
        if needed - texts.found.keys():
            raise LookupError("a cell names a text that is not there")
        return texts.found

    def read(self, name: str, reading: Reading) -> None:
        """Let a part's XML go by.

        :raises LookupError: there is no such part.
        """
        with self._archive.open(self._entries[name.casefold()]) as part:
            read_part(part, reading, self._budget)

    def _relations(self, source: str) -> _Related:
        """The kinds and the parts to which a part is related, by the relation's id."""
        folder, base = posixpath.split(source)
        relations = Relations()
        self.read(posixpath.join(folder, "_rels", f"{base}.rels"), relations)
        return {
            key: (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
            for key, (kind, target) in relations.found.items()
        }


def _first(kind: str, related: Iterable[tuple[str, str]]) -> str:
    found = [target for one, target in related if one == kind]
    return found[0]
