"""The list of concerns: a row per concern, and the question to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from eventsourcing.domain import DomainEvent
from sqlalchemy.ext.asyncio import AsyncEngine

from services.incidents.domain.concern import Concern
from services.incidents.domain.values import CDS_OF_LEA
from services.incidents.read_model.queries import LastSeen
from services.incidents.read_model.tables import CONCERN_LIST
from shared.kernel.actor import Actor
from shared.persistence.faults import translated
from shared.persistence.scope import in_scope, seen_by

ConcernRow = dict[str, Any]  # a row of ``concern_list`` by column
C = CONCERN_LIST.c


class ConcernList:
    """Folds concerns."""

    name = "concern_list"
    table: sa.Table = CONCERN_LIST

    def fold(self, row: dict[str, object] | None, fact: DomainEvent) -> dict[str, object] | None:
        """The row after the fact; what is no concern has none."""
        if not isinstance(fact, Concern.Recorded):
            return row
        return {
            "id": fact.originator_id,
            "version": fact.originator_version,
            "lea": fact.school[:CDS_OF_LEA],
            "school": fact.school,
            "text": fact.text,
            "severity_guess": fact.severity_guess,
            "observed_at": fact.observed_at,
            "recorded_at": fact.occurred_at,
            "recorded_by": {name: fact.actor[name] for name in ("sub", "name", "email", "role")},
        }


class ConcernSearch:
    """Answers from ``concern_list``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(
        self, actor: Actor, *, told_by: str | None, after: LastSeen | None, limit: int
    ) -> Sequence[ConcernRow]:
        """Up to ``limit`` rows in the caller's scope behind a place, newest first.

        :param told_by: the ``sub`` of who told them; None: anybody.
        :raises StoreUnavailable: the database is away.
        """
        query = sa.select(CONCERN_LIST).where(in_scope(actor, lea=C.lea, school=C.school))
        if told_by is not None:
            query = query.where(C.recorded_by["sub"].astext == told_by)
        if after is not None:
            query = query.where(sa.tuple_(C.recorded_at, C.id) < after)
        query = query.order_by(C.recorded_at.desc(), C.id.desc()).limit(limit)
        with translated():
            async with seen_by(self._engine, actor) as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]
