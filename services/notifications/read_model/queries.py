"""Answers from the read model, always within the caller's scope (HR-29)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifications.read_model.tables import message_list
from shared.kernel.actor import Actor
from shared.persistence.scope import in_scope, seen_by


@dataclass(frozen=True)
class MessageCriteria:
    """What a caller may ask for; None asks for any."""

    case_number: str | None = None
    status: str | None = None
    kind: str | None = None
    recipient: str | None = None  # an address, in any case


@dataclass(frozen=True)
class LastSeen:
    """The last item of the page before: newest first, so the next is older."""

    created_at: datetime
    id: UUID


class MessageQueries:
    """Reads of the list of messages."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(
        self, actor: Actor, filters: MessageCriteria, *, limit: int, after: LastSeen | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Up to ``limit`` messages in the caller's scope, newest first."""
        rows = message_list.c
        statement = (
            sa.select(message_list)
            .where(in_scope(actor, lea=rows.lea, school=rows.school), *_matching(filters))
            .order_by(rows.created_at.desc(), rows.id.desc())
            .limit(limit)
        )
        if after is not None:
            older = sa.tuple_(rows.created_at, rows.id) < sa.tuple_(
                sa.literal(after.created_at), sa.literal(after.id)
            )
            statement = statement.where(older)
        async with seen_by(self._engine, actor) as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]


def _matching(filters: MessageCriteria) -> list[sa.ColumnElement[bool]]:
    rows = message_list.c
    conditions = []
    if filters.case_number is not None:
        conditions.append(rows.case_number == filters.case_number)
    if filters.status is not None:
        conditions.append(rows.status == filters.status)
    if filters.kind is not None:
        conditions.append(rows.kind == filters.kind)
    if filters.recipient is not None:
        # by a function that has the index: behind a policy the operator of arrays may not go first
        written = sa.select(sa.func.messages_to(filters.recipient.casefold()))
        conditions.append(rows.id.in_(written))
    return conditions
