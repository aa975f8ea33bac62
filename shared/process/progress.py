"""How far a one-off verb is, one line per step, for whoever shows it (``stairs rebuild`` draws a bar)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

EVERY = 0.2  # seconds between two lines; the last one always comes


def told(verb: str, what: str) -> Callable[[int, int], None]:
    """A progress function that prints ``VERB WHAT DONE/TOTAL``.

    await rebuild(engine, tail, projection, progress=told("rebuild", projection.name))
    """
    said_at = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal said_at
        if done < total and time.monotonic() - said_at < EVERY:
            return
        said_at = time.monotonic()
        sys.stdout.write(f"{verb} {what} {done}/{total}\n")
        sys.stdout.flush()

    return progress
