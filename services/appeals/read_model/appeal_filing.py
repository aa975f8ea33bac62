"""Cases that lead to appeals and have none yet: for them the end of appeal filing is a deadline (K9)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.appeals.domain.values import KnownCase
from services.appeals.read_model.known_cases import case_of
from services.appeals.read_model.tables import known_cases
from services.appeals.read_model.testing_windows import closes_on_for_case

C = known_cases.c


async def note_appealed(connection: AsyncConnection, case_number: str, at: datetime) -> None:
    """From now on the case has an appeal; the first one counts.

    Whoever sets the case's deadline holds its row until then, so that it is met after it is set.
    """
    change = sa.update(known_cases).where(C.case_number == case_number, C.appealed_at.is_(None))
    await connection.execute(change.values(appealed_at=at))


async def without_appeal(
    connection: AsyncConnection, *, case_number: str | None = None, cds: str = "", year: str = ""
) -> list[KnownCase]:
    """Cases with a known window that lead to appeals and have none: one, or all of a place and year.

    Their rows are held until the transaction ends.
    """
    there = sa.and_(sa.or_(C.school == cds, C.lea == cds), C.administration_year == year)
    query = (
        sa.select(known_cases, closes_on_for_case().label("window_closes_on"))
        .where(C.case_number == case_number if case_number is not None else there)
        .where(C.appealed_at.is_(None), sa.func.cardinality(C.appeal_types) > 0)
        .order_by(C.case_number)
        .with_for_update()
    )
    cases = [case_of(row) for row in (await connection.execute(query)).mappings()]
    return [case for case in cases if case.window_closes_on is not None]
