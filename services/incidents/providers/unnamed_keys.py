"""Removes the keys of students whom no fact names: they were made for a report that was refused afterwards.

    facts, in their order --mark--> ``named``        a page at a time, from where the last run ended
    keys that are not named, a day old --delete-->   the student is unknown again, not erased

A key is made moments before the fact that names it. ``student_keys_for`` renews the day of an unnamed key
that is asked for again, so none is removed while a report that needs it is on its way. Both are functions of
the database (migration 0010): the service's role may delete no key, and cannot say which are named.
"""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence.faults import translated
from shared.persistence.following import every

NAME = "student_keys"
EVERY = 3600.0  # seconds between two runs of a worker
PAGE = 2000  # facts in one transaction

_MARK = text("SELECT name_student_keys(:most)")  # false: there was no fact left
_REMOVE = text("SELECT remove_unnamed_keys()")

log = structlog.get_logger(__name__)


async def remove_unnamed_keys(engine: AsyncEngine) -> int:
    """Remove the keys that no fact names and nobody has asked for in a day; returns how many.

    :raises StoreUnavailable: the database is away.
    """
    with translated():
        while await _marked(engine):
            pass
        async with engine.begin() as connection:
            removed = int(await connection.scalar(_REMOVE) or 0)
    log.info("unnamed_keys_removed", count=removed)
    return removed


async def keep_removed(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """A worker's loop: remove them, and again every hour."""
    await every(EVERY, NAME, lambda: remove_unnamed_keys(engine), stop)


async def _marked(engine: AsyncEngine) -> bool:
    """Mark the keys that the next page of facts names; False at the end."""
    async with engine.begin() as connection:
        return bool(await connection.scalar(_MARK, {"most": PAGE}))
