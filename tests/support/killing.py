"""Kill the kept processes one after the other, each when the one before it is back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from xmlrpc.client import Fault

from deploy.console.place import Place
from deploy.console.supervisor import Supervisor

BACK_WITHIN = 30.0  # seconds until a killed process must run again


@dataclass
class Killer:
    """Who was killed, and how long it took until it was back."""

    place: Place
    seconds: float  # from the first kill to the last
    killed: list[tuple[str, float]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.killed}

    async def kill_in_turn(self, names: Sequence[str]) -> None:
        """SIGKILL each once, spread over the time."""
        for name in names:
            await asyncio.sleep(self.seconds / len(names) / 2)
            await asyncio.to_thread(self._kill, name)
            await asyncio.sleep(self.seconds / len(names) / 2)

    def _kill(self, name: str) -> None:
        before = pids(self.place)[name]
        os.kill(before, signal.SIGKILL)
        at = time.monotonic()
        while pids(self.place).get(name, before) == before:
            assert time.monotonic() < at + BACK_WITHIN, f"{name} did not come back"
            time.sleep(0.05)
        self.killed.append((name, time.monotonic() - at))


def pids(place: Place) -> dict[str, int]:
    """Each process that runs, by name."""
    with suppress(OSError, Fault):
        return {
            info["name"]: info["pid"]
            for info in Supervisor(place).processes()
            if info["statename"] == "RUNNING"
        }
    return {}
