"""The testing windows that LEAs and schools have selected, as this service learned of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.appeals.read_model.tables import known_cases, testing_windows


@dataclass(frozen=True)
class HeardWindow:
    """A window as its newest event told it."""

    cds: str  # 7 digits of an LEA, or 14 of a school
    administration_year: str
    opens_on: date
    closes_on: date
    version: int


async def remember(connection: AsyncConnection, window: HeardWindow) -> None:
    """Know a window from now on; an older word about it than the one that is known changes nothing."""
    statement = insert(testing_windows).values(vars(window))
    newer = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["cds", "administration_year"],
            set_={"opens_on": newer.opens_on, "closes_on": newer.closes_on, "version": newer.version},
            where=testing_windows.c.version < newer.version,
        )
    )


def closes_on_for_case() -> sa.ScalarSelect[date]:
    """When the window of a known case ends: the school's own, else its LEA's; null where none is known."""
    places = (known_cases.c.school, known_cases.c.lea)
    return (
        sa.select(testing_windows.c.closes_on)
        .where(
            testing_windows.c.cds.in_(places),
            testing_windows.c.administration_year == known_cases.c.administration_year,
        )
        .order_by(sa.func.length(testing_windows.c.cds).desc())
        .limit(1)
        .correlate(known_cases)
        .scalar_subquery()
    )
