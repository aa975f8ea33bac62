"""Says, and does nothing more, when decision clocks run by another calendar than the rulebooks name now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.domain.deadlines import DECISIONS
from services.appeals.domain.values import PENDING
from services.appeals.read_model.tables import appeal_list
from shared.deadlines.table import DEADLINES
from shared.deadlines.terms import DeadlineState
from shared.observability.metrics import gauge
from shared.persistence.faults import translated
from shared.persistence.following import every

EVERY = 3600.0  # seconds between looks

D = DEADLINES.c
_log = structlog.get_logger(__name__)
_others = gauge("deadlines_other_calendar", "Decision clocks that run by another calendar than the present.")
_RUNNING = (
    sa.select(D.rulebook, D.calendar_version, sa.func.count())
    .where(D.state == DeadlineState.RUNNING.value, D.clock.in_(DECISIONS))
    .group_by(D.rulebook, D.calendar_version)
)


async def other_calendars(engine: AsyncEngine, present: Callable[[str], str]) -> int:
    """How many running decision clocks another calendar computed; their due dates stand (ADR 0014).

    :param present: the version of the calendar of a year.
    :raises StoreUnavailable: the database is away.
    """
    with translated():
        async with engine.connect() as connection:
            rows = (await connection.execute(_RUNNING)).all()
    count = sum(int(row[2]) for row in rows if row[1] != present(row[0]))
    _others.set(count)
    if count:
        _log.warning("other_calendar", clocks=count, remedy="python -m services.appeals adopt-calendar")
    return count


async def watch_calendars(engine: AsyncEngine, present: Callable[[str], str], stop: asyncio.Event) -> None:
    """Look now and every hour, until told to stop."""
    await every(EVERY, "calendars", lambda: other_calendars(engine, present), stop)


async def undecided(engine: AsyncEngine) -> list[UUID]:
    """The appeals that wait for a decision, the earliest due first."""
    waiting = [status.value for status in PENDING]
    query = sa.select(appeal_list.c.id).where(appeal_list.c.status.in_(waiting))
    with translated():
        async with engine.connect() as connection:
            return list((await connection.scalars(query.order_by(appeal_list.c.due, appeal_list.c.id))).all())
