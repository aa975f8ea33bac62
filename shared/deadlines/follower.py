"""Follows a service's own facts and changes its deadlines by them.

The service says what a fact means (``DeadlineReaction``). The follower sees to it that each fact takes effect
once and in order: the deadlines' facts and the position are stored in one transaction. It reads no clock.
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
    """Says which facts of a service start, move, meet or end which deadlines."""

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """Bring up to date what ``changes`` reads; called outside of any transaction."""
        ...

    async def changes(self, page: Sequence[Recorded], unit: UnitOfWork) -> Iterable[DeadlineChange]:
        """The changes that these facts make, in their order; applying them twice must change nothing more."""
        ...


class Follower(Following):
    """Keeps the ledger's facts up to date; of several processes one works at a time."""

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
