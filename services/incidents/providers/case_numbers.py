"""Case numbers: one counter row per administration year (A-18)."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.incidents.providers.tables import CASE_NUMBERS
from shared.persistence.faults import translated

_NEXT = (
    insert(CASE_NUMBERS)
    .values(last=1)
    .on_conflict_do_update(index_elements=[CASE_NUMBERS.c.year], set_={"last": CASE_NUMBERS.c.last + 1})
    .returning(CASE_NUMBERS.c.last)
)


class PostgresCaseNumbers:
    """Issues numbers in a transaction of its own, so that nobody waits for another's submission.

    A submission that fails after its number was issued leaves a gap; no number is ever issued twice.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def issue(self, year: str) -> str:
        """The next number of the year, ``2018-19-000123``.

        :raises StoreUnavailable: the database is away.
        """
        with translated():
            async with self._engine.begin() as connection:
                last = await connection.scalar(_NEXT, {"year": year})
        return f"{year}-{last:06d}"
