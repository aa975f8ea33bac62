"""Throwing away what has served its time. Events never have."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence.tables import RECEIPTS

RECEIPTS_ARE_KEPT = timedelta(days=7)  # after that an Idempotency-Key may be used anew


async def prune_receipts(engine: AsyncEngine, *, older_than: timedelta = RECEIPTS_ARE_KEPT) -> int:
    """Delete the answers kept under idempotency keys once they are old; how many. By the database's clock."""
    old = RECEIPTS.c.created_at < sa.func.now() - sa.literal(older_than, sa.Interval)
    async with engine.begin() as connection:
        return (await connection.execute(sa.delete(RECEIPTS).where(old))).rowcount
