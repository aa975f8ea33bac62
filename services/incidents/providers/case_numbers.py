"""Case numbers: one counter row per administration year (A-18)."""

from __future__ import annotations

import asyncpg

from shared.persistence.faults import translated

_NEXT = """
    INSERT INTO case_numbers AS n (year, last) VALUES ($1, 1)
    ON CONFLICT (year) DO UPDATE SET last = n.last + 1 RETURNING last
"""


class PostgresCaseNumbers:
    """Issues numbers in a transaction of its own, so that nobody waits for another's submission.

    A submission that fails after its number was issued leaves a gap; no number is ever issued twice.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def issue(self, year: str) -> str:
        """The next number of the year, ``2018-19-000123``.

        :raises StoreUnavailable: the database is away.
        """
        with translated():
            last = await self._pool.fetchval(_NEXT, year)
        return f"{year}-{last:06d}"
