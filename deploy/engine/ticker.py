"""The clock of the health checks: podman leaves it to systemd, which a bare machine may not have.

    python -m deploy.engine.ticker SOCKET

Every container is asked at its own interval, and more often while it starts: whatever waits for it goes on.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.engine import api

LOOK = 0.5  # seconds between two looks at what runs
STARTING = 1.0  # seconds between two checks of what is not healthy yet
PATIENCE = 60.0  # seconds for one check
DEFAULT = 30.0  # seconds: Docker's interval where none is given
NANOSECONDS = 1e9


@dataclass
class Ticker:
    """When each container was asked last."""

    socket: Path
    asked: dict[str, float] = field(default_factory=dict)  # id → monotonic seconds
    asking: set[str] = field(default_factory=set)
    healthy: set[str] = field(default_factory=set)
    intervals: dict[str, float | None] = field(default_factory=dict)  # id → seconds; None: it has no check

    def tick(self) -> None:
        """Ask whoever is due, each in a thread of its own: one that hangs delays no other."""
        running = {str(each["Id"]) for each in api.get(self.socket, "/containers/json")}
        self.healthy &= running  # what is started again starts anew
        for name in running:
            every = self._interval(name)
            if every is None or name in self.asking:
                continue
            wait = every if name in self.healthy else min(every, STARTING)
            if time.monotonic() - self.asked.get(name, 0.0) >= wait:
                self.asking.add(name)
                threading.Thread(target=self._ask, args=(name,), daemon=True).start()

    def _interval(self, name: str) -> float | None:
        if name not in self.intervals:
            self.intervals[name] = _interval_of(api.get(self.socket, f"/containers/{name}/json"))
        return self.intervals[name]

    def _ask(self, name: str) -> None:
        try:
            path = f"/v4.0.0/libpod/containers/{name}/healthcheck"
            found = api.get(self.socket, path, patience=PATIENCE)
            (self.healthy.add if found["Status"] == "healthy" else self.healthy.discard)(name)
        except OSError:
            pass  # it has ended meanwhile, or hangs: the next look tells
        finally:
            self.asked[name] = time.monotonic()
            self.asking.discard(name)


def _interval_of(container: dict[str, Any]) -> float | None:
    check = container["Config"].get("Healthcheck") or {}
    if not check.get("Test") or check["Test"][0] == "NONE":
        return None
    return float(check.get("Interval") or DEFAULT * NANOSECONDS) / NANOSECONDS


def main(socket: Path) -> None:
    """Tick until the engine is gone."""
    ticker = Ticker(socket)
    while socket.exists():
        try:
            ticker.tick()
        except OSError as error:
            print(f"ticker: {error}", file=sys.stderr, flush=True)
        time.sleep(LOOK)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
