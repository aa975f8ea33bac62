"""Notices warnings that are due and deadlines that ran out. It decides nothing else.

Several pollers may work at once: each takes rows that no other has (``FOR UPDATE SKIP LOCKED``). A notice is
an event of the deadline's own stream, stored in one transaction with its row; the stream's version prevents
duplicates. The poller waits until everything that was stored when it read the clock has reached the ledger.
So, after an outage, a deadline that was met in time is recorded as met before anything is noticed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
import structlog
from eventsourcing.domain import DomainEvent

from shared.deadlines.follower import POSITION
from shared.deadlines.ledger import Ledger
from shared.deadlines.streams import deadlines
from shared.deadlines.table import DEADLINES, DeadlineList
from shared.kernel.clock import Clock
from shared.kernel.store import StreamMoved
from shared.observability.metrics import gauge
from shared.persistence.back_off import pause
from shared.persistence.codec import Recorded
from shared.persistence.faults import translated
from shared.persistence.folding import Fold
from shared.persistence.following import every
from shared.persistence.projector import position_name
from shared.persistence.unit_of_work import UnitOfWork

GRACE = timedelta(seconds=30)  # a save may be on its way for this long after its caller's clock was read
BATCH = 500  # deadlines in one transaction
EVERY = 2.0  # seconds between looks
KEEPING_UP = 0.1  # seconds between two questions whether the followers have caught up
PATIENCE = 30.0  # seconds until a look that waits for them is given up, and begun anew

Told = Callable[[DomainEvent], None]
"""Called with every notice after it is stored."""

_log = structlog.get_logger(__name__)
_unnoticed = gauge("deadlines_unnoticed_seconds", "Age of the oldest notice that is due and not stored.")
_running = gauge("deadlines_running", "Deadlines that run.")

_C = DEADLINES.c
_DUE = (
    sa.select(_C.id)
    .where(_C.next_look_at <= sa.bindparam("until", type_=sa.DateTime(timezone=True)))
    .order_by(_C.next_look_at)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_STANDING = sa.select(sa.func.count(), sa.func.min(_C.next_look_at)).where(_C.next_look_at.is_not(None))


class Poller:
    """Looks for deadlines of which something is to be noticed."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        *,
        grace: timedelta = GRACE,
        batch: int = BATCH,
        patience: float = PATIENCE,
        told: Told | None = None,
    ) -> None:
        """Nothing is read before ``run`` or ``look``.

        :param grace: how long after its instant a deadline is first looked at.
        :param batch: deadlines in one transaction.
        :param patience: seconds for which a look waits for the followers.
        :param told: called with every notice after it is stored.
        """
        self._ledger, self._clock, self._grace, self._batch = ledger, clock, grace, batch
        self._patience, self._told = patience, told
        self._followers = (POSITION, position_name(DeadlineList()))
        self._fold = Fold(DeadlineList())

    async def run(self, stop: asyncio.Event) -> None:
        """Look every ``EVERY`` seconds until told to stop; waits out a database that is away."""
        await every(EVERY, "notices", lambda: self.look(stop), stop)

    async def look(self, stop: asyncio.Event | None = None) -> int:
        """Notice everything that is due by now; returns how many notices there were.

        :raises StoreUnavailable: the database is away.
        """
        stop = stop or asyncio.Event()
        now = self._clock.now()
        await self._measure(now)
        if not await self._caught_up(await self._ledger.tail.head(), stop):
            _log.warning("notice_waits", reason="the ledger has not caught up with the facts")
            return 0
        noticed = 0
        while not stop.is_set() and (more := await self._notice_some(now)):
            noticed += more
        if noticed:
            _log.info("deadlines_noticed", notices=noticed)
            await self._measure(now)
        return noticed

    async def _caught_up(self, head: int, stop: asyncio.Event) -> bool:
        """Whether everything up to ``head`` is in the ledger; waits for it, ``patience`` seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while not stop.is_set():
                    reached = [await self._ledger.position(name) for name in self._followers]
                    if min(reached) >= head:
                        return True
                    await pause(stop, KEEPING_UP)
        return False

    async def _notice_some(self, now: datetime) -> int:
        """Notice a batch; returns the number of notices, 0 when nothing is left."""
        while True:
            try:
                async with self._ledger.units.begin() as unit:
                    new = await self._notice(unit, now)
            except StreamMoved:
                # another writer met or moved a deadline at this moment: read it again
                continue
            if self._told is not None:
                for fact in new:
                    self._told(fact)
            return len(new)

    async def _notice(self, unit: UnitOfWork, now: datetime) -> list[DomainEvent]:
        due = {"until": now - self._grace, "most": self._batch}
        ids = list((await unit.connection.scalars(_DUE, due)).all())
        facts = await self._ledger.streams.facts(unit.connection, ids)
        found = deadlines(facts)
        new: list[DomainEvent] = []
        for deadline in found.values():
            deadline.notice(now, self._grace)
            new += cast("list[DomainEvent]", deadline.pending_events)
        whole = [Recorded(0, fact) for stream in facts.values() for fact in stream]
        await self._fold.page(unit.connection, [*whole, *(Recorded(0, fact) for fact in new)])
        # last, because other writers wait from here until the transaction ends
        await unit.store.save(*found.values())
        return new

    async def _measure(self, now: datetime) -> None:
        with translated():
            async with self._ledger.engine.connect() as connection:
                running, oldest = (await connection.execute(_STANDING)).one()
        _running.set(running)
        _unnoticed.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
