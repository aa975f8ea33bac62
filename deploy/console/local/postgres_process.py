"""The embedded server's own process: whether it lives, what a crash of it leaves behind, its return.

``pg_ctl`` believes ``postmaster.pid``: a process id that is another's by now, or a zombie's, keeps it from
starting. And as long as one of the dead server's processes holds its shared memory, a new one refuses.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from deploy.console.errors import CommandError, last_lines
from deploy.processes import command_of

BACK_WITHIN = 120.0  # seconds of trying to start it again, crash recovery included
ORPHANS = 5.0  # seconds in which a dead server's processes notice it, and end
STOP = 30.0  # seconds for an orderly stop
FAULTS = (OSError, RuntimeError, AssertionError, subprocess.SubprocessError)  # of the wheel's ``start``


class Startable(Protocol):
    """A server that can be started, or found running."""

    def start(self) -> None:
        """Start it; returns when it takes connections."""


def postmaster(data: Path) -> int | None:
    """The process that serves this data directory, or None."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if str(data) in command_of(pid) else None


def bring_back(server: Startable, data: Path, socket: Path) -> None:
    """Start it again after its death; what was committed is there when this returns.

    :raises CommandError: its data is gone, or it does not start in :data:`BACK_WITHIN` seconds.
    """
    until = time.monotonic() + BACK_WITHIN
    while True:
        if not (data / "PG_VERSION").exists():  # a start would make a new, empty one
            raise CommandError(f"PostgreSQL is gone, and so is its data in {data}")
        clear_away(data, socket)
        try:
            server.start()
        except FAULTS as error:
            if time.monotonic() > until:
                raise CommandError(
                    f"PostgreSQL is gone and does not come back\n{last_lines(data / 'log')}"
                ) from error
            time.sleep(0.5)
        else:
            return


def clear_away(data: Path, socket: Path) -> None:
    """Remove what a dead server left: its processes, its pid file, its socket. Nothing if it lives."""
    if postmaster(data) is not None:
        return
    _end_orphans(data)
    for left in (data / "postmaster.pid", socket / ".s.PGSQL.5432", socket / ".s.PGSQL.5432.lock"):
        left.unlink(missing_ok=True)


def stop(data: Path) -> None:
    """Stop a server by its data directory alone; it is killed if it does not end in time."""
    pid = postmaster(data)
    if pid is None:
        return
    for how, seconds in (
        (signal.SIGINT, STOP),
        (signal.SIGQUIT, STOP),
    ):  # its fast and its immediate shutdown
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        until = time.monotonic() + seconds
        while postmaster(data) is not None and time.monotonic() < until:
            time.sleep(0.05)


def _end_orphans(data: Path) -> None:
    until = time.monotonic() + ORPHANS
    while orphans := list(_processes_in(data)):
        if time.monotonic() > until:
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _processes_in(data: Path) -> Iterator[int]:
    """Those that work in the directory, as every process of a server does; none where there is no /proc."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink() == data and command_of(int(link.parent.name)).startswith("postgres:"):
                yield int(link.parent.name)
