"""Reads many deadlines by one select: a page of facts, or of due rows, concerns hundreds of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.domain import DomainEvent
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.deadlines.deadline import Deadline
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec


class Streams:
    """Reads deadlines inside a transaction."""

    def __init__(self, table: str, codec: Codec) -> None:
        """:param table: the service's event table."""
        self._codec = codec
        self._select = sa.text(
            "SELECT originator_id, topic, state, originator_version"  # noqa: S608 - our table's name, checked when it was made
            f" FROM {table} WHERE originator_id = ANY(:ids) ORDER BY originator_id, originator_version"
        ).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid)))

    async def facts(
        self, connection: AsyncConnection, ids: Collection[UUID]
    ) -> dict[UUID, list[DomainEvent]]:
        """Everything stored of these streams, each in order; an unknown id is absent."""
        found: dict[UUID, list[DomainEvent]] = defaultdict(list)
        if ids:
            for row in await connection.execute(self._select, {"ids": list(ids)}):
                found[row[0]].append(self._codec.decode(row[1], row[2], row[0], row[3]))
        return dict(found)


def deadlines(facts: dict[UUID, list[DomainEvent]]) -> dict[UUID, Deadline]:
    """The deadlines that these facts make."""
    return {each: aggregate_of(Deadline, each, stream, None) for each, stream in facts.items()}
