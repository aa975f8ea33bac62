"""Follows a service's own facts into deadlines: each page of facts, what it means, and the position at once.

What a fact means is the service's (``DeadlineReaction``); that it takes effect once, and in order, is
held here: the deadlines' facts and the position are one transaction. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from shared.deadlines.changing import apply
from shared.deadlines.ledger import Ledger
from shared.deadlines.terms import DeadlineChange
from shared.kernel.store import StreamMoved
from shared.persistence.codec import Recorded
from shared.persistence.following import Following, claimed
from shared.persistence.unit_of_work import UnitOfWork

POSITION = "deadlines:followed"
PAGE = 500  # facts in one transaction


class DeadlineReaction(Protocol):
    """A service's knowledge of which of its facts start, move, meet or end which deadlines."""

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """Bring up to date whatever ``changes`` will look at; outside of any transaction."""
        ...

    async def changes(self, page: Sequence[Recorded], unit: UnitOfWork) -> Iterable[DeadlineChange]:
        """What these facts mean for the deadlines, in their order; saying it twice must do no harm."""
        ...


class Follower(Following):
    """Keeps the ledger's facts up to date; several processes may, one of them works at a time."""

    def __init__(self, ledger: Ledger, keeper: DeadlineReaction, *, page: int = PAGE) -> None:
        super().__init__(POSITION, ledger.engine, ledger.tail, self._apply, page=page)
        self._ledger, self._keeper = ledger, keeper

    async def _apply(self, page: Sequence[Recorded], after: int) -> bool:
        await self._keeper.prepare(page)
        try:
            async with self._ledger.units.begin() as unit:
                if not await claimed(unit.connection, POSITION, after, page):
                    return False
                await apply(self._ledger, unit, await self._keeper.changes(page, unit))  # it appends: last
        except StreamMoved:  # somebody noticed one of them at this very moment
            return False
        return True
