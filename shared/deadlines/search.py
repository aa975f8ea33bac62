"""Queries on the ledger; each is limited to the caller's scope (HR-29)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.deadlines.table import DEADLINES
from shared.kernel.actor import Actor
from shared.persistence.faults import translated
from shared.persistence.scope import in_scope, seen_by

C = DEADLINES.c
LastSeen = tuple[datetime, UUID]
"""A place in the list, which is ordered by due instant, then by id."""

DeadlineRow = dict[str, Any]  # a row of ``deadlines`` by column

EQUALS = ("state", "clock", "case_number")


@dataclass(frozen=True)
class DeadlineCriteria:
    """What is looked for; a None does not limit the search."""

    state: str | None = None
    clock: str | None = None
    case_number: str | None = None
    due_before: datetime | None = None  # excluded


class DeadlineSearch:
    """Answers from the table ``deadlines``, which is a moment behind the facts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(
        self, wanted: DeadlineCriteria, actor: Actor, *, after: LastSeen | None, limit: int
    ) -> Sequence[DeadlineRow]:
        """Up to ``limit`` rows in the caller's scope after a place in the list, the earliest due first.

        :raises StoreUnavailable: the database is away.
        """
        query = sa.select(DEADLINES).where(in_scope(actor, lea=C.lea, school=C.school), *_asked(wanted))
        if after is not None:
            query = query.where(sa.tuple_(C.due_at, C.id) > after)
        query = query.order_by(C.due_at, C.id).limit(limit)
        with translated():
            async with seen_by(self._engine, actor) as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]


def _asked(wanted: DeadlineCriteria) -> Iterator[sa.ColumnElement[bool]]:
    for name in EQUALS:
        value = getattr(wanted, name)
        if value is not None:
            yield C[name] == value
    if wanted.due_before is not None:
        yield C.due_at < wanted.due_before
