"""Following a service's facts in order, and loops that wait out a database that is away.

    page of facts --take--> its effects and the new position, in one transaction

The position is recorded in the transaction of the effects (``claimed``), so a crash between two pages loses
nothing and doubles nothing. Several processes may follow under one name: the lock lets one of them work at a
time, and whoever finds that the position has moved reads it anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.persistence import positions
from shared.persistence.back_off import FailureStreak, pause
from shared.persistence.codec import Recorded
from shared.persistence.faults import transient, translated
from shared.persistence.tail import Tail

POLL = 5.0  # seconds between looks when nobody notifies

Take = Callable[[Sequence[Recorded], int], Awaitable[bool]]
"""Processes a page of facts and the position before it; False if nothing was done and it must be retried."""

_log = structlog.get_logger(__name__)


class Following:
    """Follows the facts of a service under a name, and remembers how far it has come."""

    def __init__(
        self,
        name: str,
        engine: AsyncEngine,
        tail: Tail,
        take: Take,
        *,
        page: int,
        tell: Callable[[int], None] | None = None,
    ) -> None:
        """Nothing is read before ``run`` or ``catch_up``.

        :param name: the name of the position and of its lock.
        :param page: facts in one transaction.
        :param tell: called after each page with the number of positions that are left.
        """
        self._name, self._engine, self._tail, self._take = name, engine, tail, take
        self._page, self._tell = page, tell
        self._position: int | None = None  # None: ask the database

    async def run(self, stop: asyncio.Event) -> None:
        """Keep up until told to stop; wait out a database that is away, raise any other error."""
        await keep_doing(self._name, self.catch_up, stop, rest=self._news)

    async def catch_up(self) -> int:
        """Process all facts that there are; returns how many.

        :raises StoreUnavailable: the database is away.
        """
        taken = 0
        try:
            while (step := await self._step()) != 0:
                taken += step or 0
        except Exception:
            self._position = None
            raise
        return taken

    async def _step(self) -> int | None:
        """Process one page; returns how many facts it had, 0 at the end, None if it must be retried."""
        if self._position is None:
            self._position = await self._recorded()
        page = await self._tail.page(self._position, self._page)
        if not page:
            self._left(0)
            return 0
        if not await self._take(page, self._position):
            self._position = None
            return None
        self._position = page[-1].position
        if self._tell is not None:
            self._left(await self._tail.head() - self._position if len(page) == self._page else 0)
        return len(page)

    def _left(self, positions_left: int) -> None:
        if self._tell is not None:
            self._tell(positions_left)

    async def _recorded(self) -> int:
        with translated():
            async with self._engine.connect() as connection:
                return await positions.get(connection, self._name)

    async def _news(self, stop: asyncio.Event) -> None:
        await first_of(stop.wait(), self._tail.wait(POLL, after=self._position))


async def claimed(connection: AsyncConnection, name: str, after: int, page: Sequence[Recorded]) -> bool:
    """Claim a page within a transaction: take the lock, and move the position behind the page.

    False if another process has moved the position: then the page must not be processed.
    """
    await lock(connection, name)
    if await positions.get(connection, name) != after:
        return False
    await positions.put(connection, name, page[-1].position)
    return True


async def lock(connection: AsyncConnection, name: str) -> None:
    """Take the lock of this name until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def keep_doing(
    name: str,
    act: Callable[[], Awaitable[object]],
    stop: asyncio.Event,
    *,
    rest: Callable[[asyncio.Event], Awaitable[object]],
) -> None:
    """Act and rest in turn until told to stop; act again, ever more slowly, while the database is away.

    :param name: the name of the work in the log.
    :raises Exception: whatever ``act`` raises that waiting does not cure.
    """
    streak = FailureStreak()
    while not stop.is_set():
        try:
            await act()
        except Exception as error:
            if not transient(error):
                raise
            if streak.failed():
                _log.warning("work_delayed", work=name, reason=repr(error))
            await streak.wait(stop)
            continue
        if failures := streak.succeeded():
            _log.info("work_goes_on", work=name, failures=failures)
        await rest(stop)


async def every(seconds: float, name: str, act: Callable[[], Awaitable[object]], stop: asyncio.Event) -> None:
    """Act now and then every so many seconds, until told to stop."""
    await keep_doing(name, act, stop, rest=lambda stop: pause(stop, seconds))


async def first_of(*waits: Coroutine[object, object, object]) -> None:
    """Wait until the first of these is over, and cancel the others."""
    tasks = [asyncio.create_task(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
