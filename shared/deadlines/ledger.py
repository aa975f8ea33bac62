"""What all parts of one service's ledger share."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.deadlines.streams import Streams
from shared.persistence import positions
from shared.persistence.faults import translated
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitsOfWork


@dataclass(frozen=True)
class Ledger:
    """Access to the facts and the rows of one service's deadlines."""

    service: str  # part of each deadline's identity
    engine: AsyncEngine
    tail: Tail
    units: UnitsOfWork
    streams: Streams

    async def position(self, name: str) -> int:
        """How far a follower of this service's facts has come.

        :raises StoreUnavailable: the database is away.
        """
        with translated():
            async with self.engine.connect() as connection:
                return await positions.get(connection, name)
