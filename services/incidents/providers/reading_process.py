"""A process that reads files of students, each in a child of its own that it forks for this file alone.

    standard input     8 bytes, the length; the file; and so on until the end
    standard output    8 bytes, the length; one JSON document; 0 where the child ended without an answer

    {"cells": [[place, text, hidden], …], "peak": bytes}
    {"refusal": class, "detail": …, "issues": […], "peak": bytes}

It is started with an environment that names no database and no key, and imports little. The child limits
itself before it looks at the first byte: what it cannot afford (memory, processor time) ends it, and nothing
else. Nothing of a file is left for the next one.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from services.incidents.domain.cells import Cell
from services.incidents.domain.errors import UploadUnreadable, WorkbookTooLarge
from services.incidents.providers.student_file import cells_of
from shared.kernel.errors import Refusal

HEAD = 8  # bytes of a length
MOST_ANSWERED = 1_000_000  # bytes
CPU_SECONDS = 3
MEMORY = 128_000_000  # bytes of addresses, of which Python itself takes some 30,000,000
KINDNESS = 5  # ``nice``: whoever files meanwhile goes first


def serve(read: Callable[[bytes], Sequence[Cell]] = cells_of) -> None:
    """Read files and answer until standard input ends."""
    files, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := files.read(HEAD)) == HEAD:
        answer = _by_a_child(files.read(int.from_bytes(head)), read)
        answers.write(len(answer).to_bytes(HEAD) + answer)
        answers.flush()


def _by_a_child(content: bytes, read: Callable[[bytes], Sequence[Cell]]) -> bytes:
    """What a child answers; nothing if it ends without an answer, or answers too much."""
    out, back = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        _be_the_child(content, read, back)
    os.close(back)
    with os.fdopen(out, "rb") as pipe:
        answer = pipe.read(MOST_ANSWERED + 1)
    if len(answer) > MOST_ANSWERED:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return answer if status == 0 else b""


def _be_the_child(content: bytes, read: Callable[[bytes], Sequence[Cell]], back: int) -> NoReturn:
    status = 1
    try:
        os.closerange(0, 3)  # what comes next on them is not for this child
        _limit()
        with os.fdopen(back, "wb") as pipe:
            pipe.write(json.dumps(_answer(content, read)).encode())
        status = 0
    finally:
        os._exit(status)


def _limit() -> None:
    os.nice(KINDNESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold SSIDs
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit is not kept, or not taken
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _answer(content: bytes, read: Callable[[bytes], Sequence[Cell]]) -> dict[str, object]:
    try:
        cells = read(content)
    except Refusal as refusal:
        return _refused(refusal)
    except MemoryError:
        return _refused(WorkbookTooLarge())
    except Exception as error:  # noqa: BLE001 - whatever a file brings about is this file's fault
        unforeseen = type(error).__name__
        return {**_refused(UploadUnreadable("The file cannot be read.")), "unforeseen": unforeseen}
    return {"cells": [(cell.place, cell.text, cell.hidden) for cell in cells], "peak": _peak()}


def _refused(refusal: Refusal) -> dict[str, object]:
    return {
        "refusal": type(refusal).__name__,
        "detail": refusal.detail,
        "issues": [(issue.pointer, issue.code, issue.detail) for issue in refusal.issues],
        "peak": _peak(),
    }


def _peak() -> int:
    """The most memory that this process has held, in bytes; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    told = next(line for line in lines if line.startswith("VmHWM:"))
    return int(told.split()[1]) * 1024


if __name__ == "__main__":
    serve()
