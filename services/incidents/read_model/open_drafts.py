"""Which drafts a testing window concerns, and how many a caller or an LEA has, from the list of cases."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.incidents.domain.values import CaseStatus
from services.incidents.read_model.tables import CASE_LIST
from shared.persistence.faults import translated
from shared.persistence.scope import seeing_every_row

C = CASE_LIST.c


async def open_drafts(connection: AsyncConnection, cds: str, year: str) -> list[UUID]:
    """The drafts of a year at a school, or at any school of an LEA, as far as the list is folded."""
    place = sa.or_(C.school == cds, C.lea == cds)
    query = sa.select(C.id).where(C.status == CaseStatus.DRAFT.value, C.administration_year == year, place)
    return list((await connection.scalars(query.order_by(C.id))).all())


class OpenDrafts:
    """Counts drafts, as far as the list is folded."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_caller(self, sub: str, most: int) -> int:
        """Those that somebody began, ``most`` at most.

        :raises StoreUnavailable: the database is away.
        """
        return await self._count(C.drafted_by == sub, most)

    async def of_lea(self, lea: str, most: int) -> int:
        """Those at the schools of an LEA, ``most`` at most.

        :raises StoreUnavailable: the database is away.
        """
        return await self._count(C.lea == lea, most)

    async def _count(self, whose: sa.ColumnElement[bool], most: int) -> int:
        drafts = sa.select(sa.literal(1)).where(whose, C.status == CaseStatus.DRAFT.value).limit(most)
        counted = sa.select(sa.func.count()).select_from(drafts.subquery())
        with translated():
            async with seeing_every_row(self._engine) as connection:
                return int((await connection.execute(counted)).scalar_one())
