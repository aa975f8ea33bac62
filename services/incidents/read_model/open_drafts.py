"""Which drafts a testing window concerns, from the list of cases."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.incidents.domain.values import CaseStatus
from services.incidents.read_model.tables import CASE_LIST

C = CASE_LIST.c


async def open_drafts(connection: AsyncConnection, cds: str, year: str) -> list[UUID]:
    """The drafts of a year at a school, or at any school of an LEA, as far as the list is folded."""
    place = sa.or_(C.school == cds, C.lea == cds)
    query = sa.select(C.id).where(C.status == CaseStatus.DRAFT.value, C.administration_year == year, place)
    return list((await connection.scalars(query.order_by(C.id))).all())
