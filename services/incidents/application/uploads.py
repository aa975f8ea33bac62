"""Students by file: read, judged cell by cell, and listed; the file itself is never kept (HR-07, A-16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.incidents.application.cases import Cases
from services.incidents.application.commands import ListStudents, UploadStudents
from services.incidents.domain.case import Case
from services.incidents.domain.errors import NotADraft
from services.incidents.domain.permissions import may_file
from services.incidents.domain.ssid_sheet import Cell, ssids_in_sheet
from services.incidents.domain.values import CaseStatus
from shared.kernel.errors import Stale
from shared.kernel.store import ReceiptFor


class SheetReader(Protocol):
    """Reads files of students."""

    async def cells(self, name: str, content: bytes) -> Sequence[Cell]:
        """The cells of a file's only column that hold something.

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
        case = await self._cases.get(command.case_id, command.actor)
        may_file(command.actor)
        if case.status is not CaseStatus.DRAFT:
            raise NotADraft
        if command.expected not in (None, case.version):
            raise Stale(f"The present version is {case.version}.")
        cells = await self._sheets.cells(command.name, command.content)
        ssids = ssids_in_sheet(cells, case.report.student_count)
        listing = ListStudents(command.case_id, ssids, command.actor, command.at, command.expected)
        return await self._cases.list_students(listing, receipt)
