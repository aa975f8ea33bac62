"""Follows a service's own facts into deadlines: each page of facts, what it means, and the position at once.

What a fact means is the service's (``DeadlineReaction``); that it takes effect once, and in order, is
held here: the deadlines' facts and the position are one transaction. Nothing here reads a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from shared.deadlines.changing import apply
from shared.deadlines.ledger import Ledger
from shared.deadlines.terms import DeadlineChange
from shared.kernel.store import StreamMoved
from shared.persistence import positions
from shared.persistence.codec import Recorded
from shared.persistence.faults import transient
from shared.persistence.projector import lock
from shared.persistence.unit_of_work import UnitOfWork

POSITION = "deadlines:followed"
PAGE = 500  # facts in one transaction
POLL = 5.0  # seconds between looks when nobody notifies
PAUSES = (0.1, 0.5, 1.0, 5.0)  # seconds between attempts while the database is away; the last one repeats

_log = structlog.get_logger(__name__)


class DeadlineReaction(Protocol):
    """A service's knowledge of which of its facts start, move, meet or end which clocks."""

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """Bring up to date whatever ``changes`` will look at; outside of any transaction."""
        ...

    async def changes(self, page: Sequence[Recorded], unit: UnitOfWork) -> Iterable[DeadlineChange]:
        """What these facts mean for the clocks, in their order; saying it twice must do no harm."""
        ...


class Follower:
    """Keeps the ledger's facts up to date; several processes may, one of them works at a time."""

    def __init__(self, ledger: Ledger, keeper: DeadlineReaction, *, page: int = PAGE) -> None:
        self._ledger, self._keeper, self._page = ledger, keeper, page
        self._position: int | None = None  # None: ask the database

    async def catch_up(self) -> int:
        """Follow all there is; how many facts that were.

        :raises StoreUnavailable: the database is away.
        """
        followed = 0
        while (step := await self._step()) != 0:
            followed += step or 0
        return followed

    async def run(self, stop: asyncio.Event) -> None:
        """Keep up until told to stop; waits out a database that is away, ends loudly with a bug."""
        failures = 0
        while not stop.is_set():
            try:
                followed = await self.catch_up()
            except Exception as error:
                self._position = None
                if not transient(error):
                    raise
                _log.warning("deadlines_delayed", reason=repr(error))
                await pause(stop, PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
                continue
            failures = 0
            if not followed:
                await _news(stop, self._ledger, self._position)

    async def _step(self) -> int | None:
        """Follow one page: how many facts it had, 0 at the end, None if it is to be tried again."""
        if self._position is None:
            self._position = await self._ledger.position(POSITION)
        page = await self._ledger.tail.page(self._position, self._page)
        if not page:
            return 0
        await self._keeper.prepare(page)
        try:
            return await self._follow(page)
        except StreamMoved:  # somebody noticed one of them at this very moment
            return None

    async def _follow(self, page: Sequence[Recorded]) -> int | None:
        async with self._ledger.units.begin() as unit:
            await lock(unit.connection, POSITION)
            if await positions.get(unit.connection, POSITION) != self._position:
                self._position = None
                return None
            await positions.put(unit.connection, POSITION, page[-1].position)
            await apply(self._ledger, unit, await self._keeper.changes(page, unit))  # it appends: last
        self._position = page[-1].position
        return len(page)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Until the time is over, or a stop is asked for."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _news(stop: asyncio.Event, ledger: Ledger, after: int | None) -> None:
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(ledger.tail.wait(POLL, after=after))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each
