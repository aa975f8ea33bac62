"""Removes the keys of students whom no fact names: they were made for a report that was refused afterwards.

    facts, in their order --mark--> ``named``        a page at a time, from where the last run ended
    keys that are not named, a day old --delete-->   the student is unknown again, not erased

A key is made moments before the fact that names it. ``student_keys_for`` renews the day of an unnamed key
that is asked for again, so none is removed while a report that needs it is on its way.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import Interval, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence import positions
from shared.persistence.faults import translated
from shared.persistence.following import every, lock

NAME = "student_keys"
EVERY = 3600.0  # seconds between two runs of a worker
PAGE = 2000  # facts in one transaction
UNNAMED_ARE_KEPT = timedelta(days=1)
COUNTS_ARE_KEPT = timedelta(days=7)  # how many new students each caller named, by day

_MARK = text(
    """
    WITH page AS (
        SELECT notification_id, state FROM incidents_events
        WHERE notification_id > :after ORDER BY notification_id LIMIT :most
    ), found AS (
        SELECT DISTINCT (regexp_matches(encode(state, 'escape'), 'stu_[a-z0-9]{26}', 'g'))[1] AS ref FROM page
    ), marked AS (
        UPDATE student_keys SET named = true FROM found WHERE student_ref = found.ref AND NOT named
    )
    SELECT max(notification_id) FROM page
    """
)
_NOT_ERASED = text("SELECT set_config('stairs.unnamed', 'on', true)")  # for the trigger; until the commit
_REMOVE = text("DELETE FROM student_keys WHERE NOT named AND asked_at < now() - :kept").bindparams(
    bindparam("kept", type_=Interval)
)
_FORGET = text("DELETE FROM new_students WHERE day < now() - :kept").bindparams(
    bindparam("kept", type_=Interval)
)

log = structlog.get_logger(__name__)


async def remove_unnamed_keys(engine: AsyncEngine, *, kept: timedelta = UNNAMED_ARE_KEPT) -> int:
    """Remove the keys that no fact names and nobody has asked for of late; returns how many.

    :raises StoreUnavailable: the database is away.
    """
    with translated():
        while await _marked(engine):
            pass
        async with engine.begin() as connection:
            await connection.execute(_NOT_ERASED)
            removed = (await connection.execute(_REMOVE, {"kept": kept})).rowcount
            await connection.execute(_FORGET, {"kept": COUNTS_ARE_KEPT})
    log.info("unnamed_keys_removed", count=removed)
    return removed


async def keep_removed(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """A worker's loop: remove them, and again every hour."""
    await every(EVERY, NAME, lambda: remove_unnamed_keys(engine), stop)


async def _marked(engine: AsyncEngine) -> bool:
    """Mark the keys that the next page of facts names; False at the end."""
    async with engine.begin() as connection:
        await lock(connection, NAME)
        after = await positions.get(connection, NAME)
        last = await connection.scalar(_MARK, {"after": after, "most": PAGE})
        if last is None:
            return False
        await positions.put(connection, NAME, last)
    return True
