"""A workbook of 20,000 SSIDs: read and refused as an upload, against reading it alone."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from python_calamine import CalamineWorkbook

from services.incidents.domain.errors import TooManyStudents
from services.incidents.domain.ssid_sheet import ssids_in_sheet
from services.incidents.providers.student_file import cells_of
from tests.load.surroundings import Surroundings
from tests.support.incidents.student_files import a_workbook, ssids

ROWS = 20_000
TIMES = 10


class Upload:
    """Seconds a file: ``upload_20000``, ``read_20000``."""

    def __init__(self, _around: Surroundings) -> None:
        self._content = a_workbook(ssids(ROWS))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left behind."""

    def round(self) -> dict[str, float]:
        """Both ways, one after the other."""
        return {"upload_20000": _timed(self._refuse), "read_20000": _timed(self._read)}

    def _refuse(self) -> None:
        try:
            ssids_in_sheet(cells_of(self._content), None)
        except TooManyStudents:
            return
        raise AssertionError("20,000 students were taken")

    def _read(self) -> None:
        CalamineWorkbook.from_filelike(io.BytesIO(self._content)).get_sheet_by_index(0).to_python()


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    for _ in range(TIMES):
        work()
    return (time.perf_counter() - started) / TIMES
