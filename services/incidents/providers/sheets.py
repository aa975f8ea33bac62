"""Files of students, each read in a process of its own: bounded, one at a time per caller (A-16).

What a file brings about (a crash, a loop, all the memory) ends that process and is the file's refusal. This
process unpacks nothing, and gets from the other cells or a refusal, and no more than ``MOST_ANSWERED`` bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from services.incidents.domain import errors
from services.incidents.domain.cells import Cell, Hidden
from services.incidents.domain.errors import (
    TooManyStudents,
    UploadsInTurn,
    UploadUnreadable,
    WorkbookTooLarge,
)
from services.incidents.providers.reading_process import HEAD, MOST_ANSWERED
from shared.kernel.errors import Issue, Refusal
from shared.observability.metrics import counter, histogram
from shared.persistence.faults import StoreUnavailable

COMMAND = (sys.executable, "-P", "-m", "services.incidents.providers.reading_process")
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")  # of the environment: where Python is, and no setting
AT_ONCE = 2  # files of all callers; each process may take ``reading_process.MEMORY``
MOST_WAITING = 3  # files of one caller behind the one that is read
LONGEST = 30.0  # seconds; after 3 s of work a process ends itself, so only a lack of free cores takes longer

REFUSALS: Mapping[str, Callable[..., Refusal]] = {
    kind.__name__: kind
    for kind in (errors.OnlySsidsAllowed, errors.UploadHiddenRows, errors.UploadUnreadable)
}
WORDLESS: Mapping[str, Callable[[], Refusal]] = {
    kind.__name__: kind for kind in (TooManyStudents, WorkbookTooLarge)
}

NO_ROOM = "There is no room to read a file now."

Answer = Mapping[str, Any]  # as ``reading_process`` says

log = structlog.get_logger(__name__)


@dataclass
class _Turns:
    """The files of one caller."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0  # the one that is read included


class Sheets:
    """Reads ``.csv`` and ``.xlsx`` files."""

    def __init__(self, command: Sequence[str] = COMMAND, *, longest: float = LONGEST) -> None:
        """``command`` starts the process that reads; ``longest``, in seconds, is when it is ended."""
        self._command, self._longest = command, longest
        self._idle: list[Reader] = []
        self.at_work: list[Reader] = []
        self._free = asyncio.Semaphore(AT_ONCE)
        self._turns: dict[str, _Turns] = {}
        self._seconds = histogram("upload_reading_seconds", "Time to read an uploaded file.")
        self._peak = histogram(
            "upload_reading_bytes",
            "Memory of the process that read an uploaded file, at its most.",
            buckets=(25e6, 50e6, 75e6, 100e6, 150e6),
        )
        self._ended = counter("uploads_read", "Uploaded files by how their reading ended.", ("outcome",))

    async def cells(self, content: bytes, caller: str) -> Sequence[Cell]:
        """The cells of a file's only column that hold something, at most one more than a case can list.

        :param caller: whose file it is: ``sub`` of the token.
        :raises UploadsInTurn: too many files of the caller wait already.
        :raises UploadUnreadable, WorkbookTooLarge, OnlySsidsAllowed, UploadHiddenRows, TooManyStudents:
            see ``student_file.cells_of``.
        :raises StoreUnavailable: this machine has no room to read it now.
        """
        async with self._turn(caller), self._free:
            started = time.perf_counter()
            answer = await self._read(content)
            self._seconds.observe(time.perf_counter() - started)
        return self._judged(answer)

    @contextlib.asynccontextmanager
    async def _turn(self, caller: str) -> AsyncIterator[None]:
        turns = self._turns.setdefault(caller, _Turns())
        if turns.waiting > MOST_WAITING:
            raise UploadsInTurn
        turns.waiting += 1
        try:
            async with turns.lock:
                yield
        finally:
            turns.waiting -= 1
            if not turns.waiting:
                del self._turns[caller]

    async def _read(self, content: bytes) -> Answer | None:
        """What a process answered; None if it ended without an answer.

        :raises StoreUnavailable: no process can be started, or it gets no processor: not the file's fault.
        """
        try:
            reader = self._idle.pop() if self._idle else Reader(self._command)
        except OSError as error:
            raise StoreUnavailable(NO_ROOM) from error
        self.at_work.append(reader)
        try:
            async with asyncio.timeout(self._longest):
                told = await asyncio.to_thread(reader.exchange, content)
        except TimeoutError:
            reader.end()
            raise StoreUnavailable(NO_ROOM) from None
        except BaseException:  # whoever asked has left
            reader.end()
            raise
        finally:
            self.at_work.remove(reader)
        if told is None:
            reader.end()
            return None
        self._idle.append(reader)
        return _decoded(told)

    def _judged(self, answer: Answer | None) -> Sequence[Cell]:
        if answer is None:
            self._ended.labels("ended").inc()
            log.warning("upload_reading_ended")
            raise WorkbookTooLarge
        self._peak.observe(answer["peak"])
        if "cells" in answer:
            self._ended.labels("read").inc()
            return [Cell(place, text, Hidden(why) if why else None) for place, text, why in answer["cells"]]
        self._ended.labels("refused").inc()
        if "unforeseen" in answer:
            log.warning("upload_reading_failed", error=answer["unforeseen"])
        raise _refusal(answer)


class Reader:
    """One process that reads files, one after the other."""

    def __init__(self, command: Sequence[str]) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may hold a piece of the file
            env=environment,
            start_new_session=True,  # its children end with it
        )
        self.pid = self._process.pid
        self.end = weakref.finalize(self, _end, self._process)  # with this object, and with this process

    def exchange(self, content: bytes) -> bytes | None:
        """Have a file read; waits. Empty: the file's child ended without an answer. None: the process did."""
        files, answers = self._process.stdin, self._process.stdout
        if files is None or answers is None:
            raise RuntimeError("a process without pipes")
        try:
            files.write(len(content).to_bytes(HEAD) + content)
            files.flush()
            length = int.from_bytes(answers.read(HEAD))
            answer = answers.read(length) if length <= MOST_ANSWERED else b""
        except (OSError, ValueError):  # it has ended, or was ended meanwhile
            return None
        alive = self._process.poll() is None
        return answer if alive and len(answer) == length else None


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _decoded(told: bytes) -> Answer | None:
    try:
        answer: Answer = json.loads(told)
    except ValueError:
        return None
    return answer


def _refusal(answer: Answer) -> Refusal:
    kind = answer["refusal"]
    if kind in WORDLESS:
        return WORDLESS[kind]()
    issues = [Issue(*issue) for issue in answer["issues"]]
    return REFUSALS.get(kind, UploadUnreadable)(answer["detail"], issues=issues)
