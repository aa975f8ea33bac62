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
from shared.persistence.back_off import BackOff, pause
from shared.persistence.codec import Recorded
from shared.persistence.faults import transient, translated
from shared.persistence.tail import Tail

POLL = 5.0  # seconds between looks when nobody notifies

Take = Callable[[Sequence[Recorded], int], Awaitable[bool]]
"""Takes over a page that stands behind a position. False: nothing was done, it is to be tried again."""

_log = structlog.get_logger(__name__)


class Following:
    """Follows the tail under a name."""

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

        :param name: under which the position is kept, and its lock.
        :param page: facts in one transaction.
        :param tell: told after each page how many positions are left.
        """
        self._name, self._engine, self._tail, self._take = name, engine, tail, take
        self._page, self._tell = page, tell
        self._position: int | None = None  # None: ask the database

    async def run(self, stop: asyncio.Event) -> None:
        """Keep up until told to stop; waits out a database that is away, ends loudly with a bug."""
        await keep_doing(self._name, self.catch_up, stop, rest=self._news)

    async def catch_up(self) -> int:
        """Take over all there is; how many facts that were.

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
        """Take over one page: how many facts it had, 0 at the end, None if it is to be tried again."""
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
    """Within a transaction: be the only one who takes this page, and move the position behind it.

    False: somebody else has moved the position; nothing may be done with the page.
    """
    await lock(connection, name)
    if await positions.get(connection, name) != after:
        return False
    await positions.put(connection, name, page[-1].position)
    return True


async def lock(connection: AsyncConnection, name: str) -> None:
    """Be the only one who works under this name, until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def keep_doing(
    name: str,
    act: Callable[[], Awaitable[object]],
    stop: asyncio.Event,
    *,
    rest: Callable[[asyncio.Event], Awaitable[object]],
) -> None:
    """Act and rest in turn until told to stop; act again, ever more slowly, while the database is away.

    :param name: of the work, as the log says it.
    :raises Exception: whatever ``act`` raises that waiting does not cure.
    """
    back_off, failures = BackOff(), 0
    while not stop.is_set():
        try:
            await act()
        except Exception as error:
            if not transient(error):
                raise
            failures += 1
            if failures == 1:
                _log.warning("work_delayed", work=name, reason=repr(error))
            await pause(stop, back_off.after(failures))
            continue
        if failures:
            _log.info("work_goes_on", work=name, failures=failures)
        failures = 0
        await rest(stop)


async def every(seconds: float, name: str, act: Callable[[], Awaitable[object]], stop: asyncio.Event) -> None:
    """Act now, and again after so many seconds each, until told to stop."""
    await keep_doing(name, act, stop, rest=lambda stop: pause(stop, seconds))


async def first_of(*waits: Coroutine[object, object, object]) -> None:
    """Until the first of them is over; the others are given up."""
    tasks = [asyncio.create_task(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
