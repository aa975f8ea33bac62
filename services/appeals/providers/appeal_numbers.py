"""Appeal numbers: a counter per case, as people read them out over the telephone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.read_model.tables import appeal_numbers


class CountedNumbers:
    """``2018-19-000123-A001`` and on: requests under one case queue for one row, others never wait."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def reserve(self, case_number: str, count: int) -> Sequence[str]:
        """The next numbers under a case; what is not used leaves a gap."""
        first = insert(appeal_numbers).values(case_number=case_number, last=count)
        statement = first.on_conflict_do_update(
            index_elements=[appeal_numbers.c.case_number],
            set_={"last": appeal_numbers.c.last + count},
        ).returning(appeal_numbers.c.last)
        async with self._engine.begin() as connection:
            last: int = (await connection.execute(statement)).scalar_one()
        return [f"{case_number}-A{n:03d}" for n in range(last - count + 1, last + 1)]
