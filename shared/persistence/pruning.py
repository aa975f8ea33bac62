"""Throwing away what has served its time. Events never have."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence.faults import translated
from shared.persistence.following import every
from shared.persistence.tables import RECEIPTS

EVERY = 3600.0  # seconds between two prunings of a worker
RECEIPTS_ARE_KEPT = timedelta(days=7)  # after that an Idempotency-Key may be used anew

log = structlog.get_logger(__name__)


async def prune_receipts(engine: AsyncEngine, *, older_than: timedelta = RECEIPTS_ARE_KEPT) -> int:
    """Delete the answers kept under idempotency keys once they are old; how many. By the database's clock.

    :raises StoreUnavailable: the database is away.
    """
    old = RECEIPTS.c.created_at < sa.func.now() - sa.literal(older_than, sa.Interval)
    with translated():
        async with engine.begin() as connection:
            count = (await connection.execute(sa.delete(RECEIPTS).where(old))).rowcount
    log.info("receipts_pruned", count=count)
    return count


async def keep_pruned(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """A worker's loop: prune, and again every hour."""
    await every(EVERY, "pruning", lambda: prune_receipts(engine), stop)
