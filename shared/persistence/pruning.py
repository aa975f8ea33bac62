"""Deletes old rows that are no longer needed. Events are never deleted."""

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
# how long answers are kept; after that an Idempotency-Key may be used again
RECEIPTS_ARE_KEPT = timedelta(days=7)

log = structlog.get_logger(__name__)


async def prune_receipts(engine: AsyncEngine, *, older_than: timedelta = RECEIPTS_ARE_KEPT) -> int:
    """Delete old answers kept under idempotency keys, by the database's clock; returns how many.

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
