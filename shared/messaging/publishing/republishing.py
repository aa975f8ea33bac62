"""Fills a topic that was lost from the event store: the same events, with the same ``ce_id``.

    take the lock (the relay stops) → publish the facts from … to … in order → the relay goes on

Consumers handle nothing twice: their inboxes know each ``ce_id``. The relay's position stays where it is.
Without an end, everything is republished that the relay has published.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.messaging.kafka.client import DETERMINISTIC
from shared.messaging.kafka.cluster import why
from shared.messaging.kafka.producer import Outlet
from shared.messaging.publishing import publisher_lock
from shared.messaging.publishing.batch import Batch, batch_of
from shared.messaging.publishing.outgoing import Outbound
from shared.persistence import positions
from shared.persistence.back_off import FailureStreak
from shared.persistence.engine import kept_open
from shared.persistence.faults import translated
from shared.persistence.tail import Tail

PAGE = 500  # facts on their way at once
TURN = 60.0  # seconds to wait for the relay to stop; its records on the way have timed out by then
ATTEMPTS = 6  # of one page, before the cluster counts as away

# fails if the session, and with it the lock, has ended
_STILL_OURS = sa.text("SELECT 1")

Progress = Callable[[int, int], None]
"""Called with the number of positions done, and of all."""


class NotRepublished(Exception):  # noqa: N818 - says what is so
    """Republishing ended early; the message says why, and from which position to go on."""


@dataclass(frozen=True)
class Republished:
    """How many events were republished, of the facts from ``start`` to ``end``, both included."""

    events: int
    start: int
    end: int


class Republishing:
    """Republishes one service's facts to its topic."""

    def __init__(
        self,
        source: str,
        topic: str,
        tail: Tail,
        outbound: Outbound,
        engine: AsyncEngine,
        outlet: Outlet | None,
        *,
        turn: float = TURN,
    ) -> None:
        """:param outlet: None counts only (a dry run); :param turn: seconds to wait for the relay."""
        self._source, self._topic, self._tail, self._outbound = source, topic, tail, outbound
        self._engine, self._outlet, self._turn = engine, outlet, turn

    async def run(self, start: int, end: int | None, progress: Progress) -> Republished:
        """Publish again what is public of the facts from ``start`` to ``end``, both included.

        :param end: None for the last position that the relay has published.
        :raises NotRepublished: the lock is taken, or the cluster does not accept the records.
        :raises StoreUnavailable: the database is away.
        """
        async with self._turn_taken() as connection:
            with translated():
                relayed = await positions.get(connection, publisher_lock.RELAY)
            end = relayed if end is None else min(end, relayed)
            events, after = 0, start - 1
            while after < end:
                with translated():
                    await connection.execute(_STILL_OURS)
                batch = await self._next(after, end)
                await self._send(batch)
                events, after = events + len(batch.records), batch.end
                progress(after - start + 1, end - start + 1)
        return Republished(events, start, max(end, start - 1))

    async def _next(self, after: int, end: int) -> Batch:
        facts = [fact for fact in await self._tail.page(after, PAGE) if fact.position <= end]
        batch = batch_of(facts, after, self._outbound, self._topic, self._source)
        return batch if facts else Batch((), (), after, end)  # positions have gaps, at the end too

    async def _send(self, batch: Batch) -> None:
        acknowledged, streak = 0, FailureStreak()
        while self._outlet is not None and acknowledged < len(batch.records):
            sent = await self._outlet.send(batch.records[acknowledged:])
            acknowledged += sent.acknowledged
            if sent.error is None:
                continue
            streak.failed()
            if streak.length == ATTEMPTS or isinstance(sent.error, DETERMINISTIC):
                raise NotRepublished(
                    f"{self._topic} takes nothing more ({why(sent.error)}):"
                    f" go on from position {batch.settled(acknowledged) + 1}"
                )
            await streak.wait()

    @asynccontextmanager
    async def _turn_taken(self) -> AsyncIterator[AsyncConnection]:
        """Hold the publisher's locks during the block; a dry run takes none."""
        with translated():
            connection = await self._engine.connect()
        try:
            with translated():
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await kept_open(connection)
                if self._outlet is not None:
                    await self._take_the_turn(connection)
            yield connection
        finally:
            await connection.invalidate()  # ends the session and with it the locks
            await connection.close()

    async def _take_the_turn(self, connection: AsyncConnection) -> None:
        if not await publisher_lock.take(connection, publisher_lock.REPUBLISH):
            raise NotRepublished("somebody is republishing already")
        deadline = time.monotonic() + self._turn
        while not await publisher_lock.take(connection, publisher_lock.RELAY):
            if time.monotonic() > deadline:
                raise NotRepublished(f"the relay has not stepped back within {self._turn:g} s")
            await asyncio.sleep(0.1)
