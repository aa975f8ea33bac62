"""Commands that take their time: what they say goes into a log, how long they take onto the screen."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.engine.state import EngineUnavailable

SHOWN = 15.0  # seconds between two signs of life
LAST = 12  # lines of a log that are shown when a step fails


def do(
    words: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    """Run a command with its output in the log.

    :raises EngineUnavailable: it is not installed or fails; with the end of what it said.
    """
    with log.open("ab") as output:
        began = output.tell()
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=folder,
                check=False,
            )
        except FileNotFoundError as error:
            raise EngineUnavailable(f"{words[0]} is not installed") from error
    if done.returncode:
        said = log.read_bytes()[began:].decode(errors="replace").splitlines()[-LAST:]
        command = " ".join(map(str, words[:3]))
        raise EngineUnavailable(
            f"{command} … failed ({done.returncode}); all it said is in {log}\n" + "\n".join(said)
        )


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say that a long step begins, that it goes on, and how long it took."""
    began = time.monotonic()
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(SHOWN):
            _say(f"  … {what}: {time.monotonic() - began:.0f} s")

    _say(f"  · {what}")
    teller = threading.Thread(target=go_on, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
    _say(f"  ✓ {what}: {time.monotonic() - began:.0f} s")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
