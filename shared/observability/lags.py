"""What a process is behind with: measured when somebody asks, shown by ``/readyz`` and in ``/metrics``.

A lag is no reason to be unready: whoever is behind works. It becomes one where a limit in seconds says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from shared.observability.metrics import counter, samples

SHOWN = (  # gauges that ``/readyz`` repeats, where this process has them; ``…_seconds`` are ages
    "relay_lag",
    "relay_lag_seconds",
    "consumer_lag",
    "consumer_lag_seconds",
    "projection_lag",
    "dead_letters_waiting",
    "mails_waiting",
    "mails_waiting_seconds",
    "deadlines_running",
    "deadlines_unnoticed_seconds",
    "append_waiting",
    "append_waiting_limit",
)
FRESH = 5.0  # seconds for which a measurement holds: many may ask, the database is asked by one
PATIENCE = 2.0  # seconds for one measurement

Measure = Callable[[], Awaitable[None]]
"""Brings some gauges up to date."""

Figure = float | dict[str, float]
"""A gauge's value, or where it has labels, its values by them."""

log = structlog.get_logger(__name__)


class Lags:
    """The gauges of one process, and how they are brought up to date."""

    def __init__(self, *measures: Measure, limit: float | None = None, fresh: float = FRESH) -> None:
        """:param limit: the age in seconds from which on a lag makes the process unready; None: none does."""
        self._measures = list(measures)
        self._limit, self._fresh = limit, fresh
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._failures = counter("lags_unmeasured", "Times that a lag could not be measured.")

    def also(self, measure: Measure) -> None:
        """From now on this is measured, too."""
        self._measures.append(measure)

    async def measure(self) -> None:
        """Bring the gauges up to date; what cannot be measured now keeps the value it had."""
        async with self._asking:
            if time.monotonic() - self._asked_at > self._fresh:
                await asyncio.gather(*(self._try(each) for each in self._measures))
                self._asked_at = time.monotonic()

    def figures(self) -> dict[str, Figure]:
        """The gauges of ``SHOWN`` that this process has, by name."""
        found: dict[str, Figure] = {}
        for name in SHOWN:
            values = {" ".join(labels): _plain(value) for labels, value in samples(name)}
            if values:
                found[name] = values[""] if values.keys() == {""} else values
        return found

    def reasons(self) -> dict[str, str]:
        """The ages that are over the limit, by name, in words."""
        if self._limit is None:
            return {}
        worst = {
            name: max(figure.values()) if isinstance(figure, dict) else figure
            for name, figure in self.figures().items()
            if name.endswith("_seconds")
        }
        return {
            name: f"{age:.0f} s, over the limit of {self._limit:.0f} s"
            for name, age in worst.items()
            if age > self._limit
        }

    async def _try(self, measure: Measure) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await measure()
        except Exception as error:  # noqa: BLE001 - who only looks must not end anything
            self._failures.inc()
            log.info("lag_unmeasured", error=type(error).__name__)


def _plain(value: float) -> float:
    return int(value) if value == int(value) else round(value, 1)
