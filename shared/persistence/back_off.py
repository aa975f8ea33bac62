"""Waits between retries of I/O.

They grow with each failure in a row, and are spread at random so that many callers do not retry in step.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from dataclasses import dataclass


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, or not any longer than until ``stop`` is set."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


@dataclass(frozen=True)
class BackOff:
    """The waits between attempts, in seconds: ``first``, doubled up to ``most``, each varied by ± half."""

    first: float = 0.1
    most: float = 5.0

    def after(self, failures: int) -> float:
        """How long to wait when this many attempts in a row have failed (1 or more)."""
        doublings = min(failures - 1, 30)
        return min(self.first * 2.0**doublings, self.most) * random.uniform(0.5, 1.5)  # noqa: S311 - spread


class FailureStreak:
    """Counts the failures in a row of one piece of work, and waits longer after each."""

    def __init__(self, back_off: BackOff | None = None) -> None:
        self._back_off = back_off or BackOff()
        self.length = 0

    def failed(self) -> bool:
        """Count a failure; whether it is the first in a row, the one to be logged."""
        self.length += 1
        return self.length == 1

    def succeeded(self) -> int:
        """End the row of failures; returns how many there were."""
        length, self.length = self.length, 0
        return length

    async def wait(self, stop: asyncio.Event | None = None, *, most: float = math.inf) -> None:
        """Wait after a failure, or not any longer than until ``stop`` is set.

        :param most: seconds.
        """
        seconds = min(most, self._back_off.after(self.length))
        await (pause(stop, seconds) if stop else asyncio.sleep(seconds))
