"""Waiting longer each time, and never in step with the others who wait."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, or not any longer than until ``stop`` is set."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


@dataclass(frozen=True)
class BackOff:
    """The waits between attempts, in seconds: ``first``, doubled each time up to ``most``, each ± half."""

    first: float = 0.1
    most: float = 5.0

    def after(self, failures: int) -> float:
        """How long to wait when this many attempts in a row have failed (1 or more)."""
        doublings = min(failures - 1, 30)
        return min(self.first * 2.0**doublings, self.most) * random.uniform(0.5, 1.5)  # noqa: S311 - spread
