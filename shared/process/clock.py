"""The sandbox's movable clock: the machine's, shifted by what a file says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from shared.kernel.clock import Clock, SystemClock

log = structlog.get_logger(__name__)


class FileClock:
    """The machine's clock plus the offset in a file (seconds, maybe negative), read again when it changes.

    No file means no offset; a file that holds no number leaves the last offset standing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = timedelta()
        self._seen: tuple[int, int, int] | None = None

    def now(self) -> datetime:
        """The present instant of the sandbox, in UTC."""
        self._look()
        return datetime.now(UTC) + self._offset

    def _look(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._offset = None, timedelta()
            return
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._seen:
            self._seen = stamp
            self._read()

    def _read(self) -> None:
        try:
            self._offset = timedelta(seconds=float(self._path.read_text("ascii")))
        except (ValueError, OverflowError, OSError) as error:
            log.warning("clock_file_ignored", path=str(self._path), error=type(error).__name__)


def clock_for(path: Path | None) -> Clock:
    """The clock that ``STAIRS_CLOCK_FILE`` asks for."""
    return SystemClock() if path is None else FileClock(path)
