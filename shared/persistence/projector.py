"""Keeps a read model up to date: each page of facts and the new position are one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.observability.metrics import gauge
from shared.persistence.codec import Recorded
from shared.persistence.faults import translated
from shared.persistence.folding import Fold, Projection
from shared.persistence.following import Following, claimed
from shared.persistence.tail import Tail

__all__ = ["LAG", "Projection", "Projector", "position_name"]

PAGE = 2000  # facts in one transaction

LAG = gauge("projection_lag", "Positions between the newest event and what is folded.", ("projection",))


class Projector(Following):
    """Folds a service's facts into one projection; of several processes one works at a time."""

    def __init__(self, engine: AsyncEngine, tail: Tail, projection: Projection, *, page: int = PAGE) -> None:
        super().__init__(position_name(projection), engine, tail, self._fold, page=page, tell=self._look)
        self._rows = Fold(projection)
        self._gauge = LAG.labels(projection.name)
        self._behind = 0

    @property
    def lag(self) -> int:
        """How many positions the projection is behind the newest event, as of the last look."""
        return self._behind

    async def _fold(self, page: Sequence[Recorded], after: int) -> bool:
        with translated():
            async with self._engine.begin() as connection:
                if not await claimed(connection, self._name, after, page):
                    return False
                await self._rows.page(connection, page)
        return True

    def _look(self, behind: int) -> None:
        self._behind = behind
        self._gauge.set(behind)


def position_name(projection: Projection) -> str:
    """The name of a projection's position and of its lock."""
    return f"projection:{projection.name}"
