"""Students by file: read, judged cell by cell, and listed; the file itself is never kept (HR-07, A-16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.incidents.application.cases import Cases
from services.incidents.application.commands import UploadStudents
from services.incidents.domain.case import Case
from services.incidents.domain.cells import Cell
from services.incidents.domain.ssid_list import SsidList
from services.incidents.domain.ssid_sheet import ssids_in_sheet
from shared.kernel.store import ReceiptFor


class SheetReader(Protocol):
    """Reads files of students."""

    async def cells(self, content: bytes, caller: str) -> Sequence[Cell]:
        """The cells of a file's only column that hold something; one file of a caller at a time.

        :raises Refusal: it is no file that we read, or has more in it than one column.
        """
        ...


class Uploads:
    """Lists students from files."""

    def __init__(self, cases: Cases, sheets: SheetReader) -> None:
        self._cases = cases
        self._sheets = sheets

    async def list_students(self, command: UploadStudents, receipt: ReceiptFor | None = None) -> Case:
        """List the students that a file names, in place of those listed before.

        :raises Refusal: it is no draft, or not the caller's; or the file cannot be taken, and why.
        """
        read: list[Sequence[Cell]] = []  # kept over the attempts of a lost race, so that it is read once

        async def named(case: Case) -> SsidList:
            case.require_draft()
            if not read:
                read.append(await self._sheets.cells(command.content, command.actor.sub))
            return ssids_in_sheet(read[0], case.report.student_count)

        return await self._cases.list_named(command, named, receipt)
