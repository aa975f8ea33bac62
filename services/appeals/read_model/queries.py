"""Answers from the list of appeals, always within the caller's scope (HR-29)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.domain.values import PENDING
from services.appeals.read_model.tables import appeal_list
from shared.kernel.actor import Actor
from shared.persistence.scope import in_scope, seen_by

rows = appeal_list.c


class AppealOrder(StrEnum):
    """How a list is sorted: the newest request first, or what is due first."""

    NEWEST = "newest"
    DUE = "due"


@dataclass(frozen=True)
class AppealCriteria:
    """What a caller may ask for; None asks for any."""

    status: str | None = None
    appeal_type: str | None = None
    case_number: str | None = None
    decider: str | None = None
    overdue: bool | None = None


@dataclass(frozen=True)
class LastSeen:
    """The last item of the page before: its place in the order, and its id."""

    at: datetime
    id: UUID


class AppealQueries:
    """Reads of the list of appeals."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def search(
        self,
        actor: Actor,
        filters: AppealCriteria,
        *,
        now: datetime,
        order: AppealOrder,
        limit: int,
        after: LastSeen | None,
    ) -> Sequence[dict[str, Any]]:
        """Up to ``limit`` appeals in the caller's scope.

        :param now: by which it is judged whether a decision is overdue.
        """
        statement = (
            _sorted(order, after).where(
                in_scope(actor, lea=rows.lea, school=rows.school),
                *_matching(filters),
                *_late(filters.overdue, now),
            )
        ).limit(limit)
        async with seen_by(self._engine, actor) as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]


def _sorted(order: AppealOrder, after: LastSeen | None) -> sa.Select[tuple[object, ...]]:
    statement = sa.select(appeal_list)
    last = sa.tuple_(sa.literal(after.at), sa.literal(after.id)) if after else None
    if order is AppealOrder.DUE:
        statement = statement.order_by(rows.due, rows.id)
        return statement if last is None else statement.where(sa.tuple_(rows.due, rows.id) > last)
    statement = statement.order_by(rows.received_at.desc(), rows.id.desc())
    return statement if last is None else statement.where(sa.tuple_(rows.received_at, rows.id) < last)


def _matching(filters: AppealCriteria) -> list[sa.ColumnElement[bool]]:
    wanted = {
        rows.status: filters.status,
        rows.appeal_type: filters.appeal_type,
        rows.case_number: filters.case_number,
        rows.decider: filters.decider,
    }
    return [column == value for column, value in wanted.items() if value is not None]


def _late(overdue: bool | None, now: datetime) -> list[sa.ColumnElement[bool]]:
    late = sa.and_(rows.status.in_([status.value for status in PENDING]), rows.due < now)
    if overdue is None:
        return []
    return [late if overdue else sa.not_(late)]
