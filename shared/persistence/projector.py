"""Keeps a read model up to date: pages of facts, each folded and positioned in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.observability.metrics import gauge
from shared.persistence import positions
from shared.persistence.faults import transient, translated
from shared.persistence.folding import Fold, Projection
from shared.persistence.tail import Tail

__all__ = ["LAG", "Projection", "Projector"]

PAGE = 2000  # facts in one transaction
POLL = 5.0  # seconds between looks when nobody notifies
PAUSES = (0.1, 0.5, 1.0, 5.0)  # seconds between attempts while the database is away; the last one repeats

_log = structlog.get_logger(__name__)
LAG = gauge("projection_lag", "Positions between the newest event and what is folded.", ("projection",))


class Projector:
    """Follows the tail for one projection; several processes may, one of them folds at a time."""

    def __init__(self, engine: AsyncEngine, tail: Tail, projection: Projection, *, page: int = PAGE) -> None:
        self._engine, self._tail, self._page = engine, tail, page
        self._name = position_name(projection)
        self._fold = Fold(projection)
        self._position: int | None = None  # None: ask the database
        self._gauge = LAG.labels(projection.name)
        self._behind = 0

    @property
    def lag(self) -> int:
        """Positions between the newest event and what is folded, as of the last look."""
        return self._behind

    async def catch_up(self) -> int:
        """Fold all there is; how many facts that were.

        :raises StoreUnavailable: the database is away.
        """
        folded = 0
        while (step := await self._step()) != 0:
            folded += step or 0
        return folded

    async def run(self, stop: asyncio.Event) -> None:
        """Keep up until told to stop; waits out a database that is away, ends loudly with a bug."""
        failures = 0
        while not stop.is_set():
            try:
                folded = await self.catch_up()
            except Exception as error:
                self._position = None
                if not transient(error):
                    raise
                _log.warning("projection_delayed", projection=self._name, reason=repr(error))
                await _either(stop.wait(), asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)]))
                failures += 1
                continue
            failures = 0
            if not folded:
                await _either(stop.wait(), self._tail.wait(POLL, after=self._position))

    async def _step(self) -> int | None:
        """Fold one page: how many facts it had, 0 at the end, None if someone else moved the position."""
        if self._position is None:
            self._position = await self._recorded()
        page = await self._tail.page(self._position, self._page)
        if not page:
            self._look(0)
            return 0
        with translated():
            async with self._engine.begin() as connection:
                await lock(connection, self._name)
                if await positions.get(connection, self._name) != self._position:
                    self._position = None
                    return None
                await self._fold.page(connection, page)
                await positions.put(connection, self._name, page[-1].position)
        self._position = page[-1].position
        self._look(await self._tail.head() - self._position if len(page) == self._page else 0)
        return len(page)

    def _look(self, behind: int) -> None:
        self._behind = behind
        self._gauge.set(behind)

    async def _recorded(self) -> int:
        with translated():
            async with self._engine.connect() as connection:
                return await positions.get(connection, self._name)


def position_name(projection: Projection) -> str:
    """Under which name a projection's position is kept, and its lock."""
    return f"projection:{projection.name}"


async def lock(connection: AsyncConnection, name: str) -> None:
    """Be the only one who changes this projection, until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def _either(*waits: Coroutine[object, object, object]) -> None:
    """Until the first of them is over; the others are given up."""
    tasks = [asyncio.create_task(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
