"""Folds facts into the rows of a read model: a page at a time, in memory, with few statements per page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson
import sqlalchemy as sa
from eventsourcing.domain import DomainEvent
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.persistence.codec import Recorded

Row = dict[str, object]


class Projection(Protocol):
    """A read model: one row per aggregate, made of its facts and of nothing else."""

    name: str
    table: sa.Table  # with a primary key ``id`` of type uuid: the aggregate's id

    def fold(self, row: Row | None, fact: DomainEvent) -> Row | None:
        """The row after the fact; None if there is to be none. Without clock, chance or IO.

        :param row: the row before (it may be changed and returned), None if there is none yet.
        """
        ...


@dataclass(frozen=True)
class RowChanges:
    """What a page of facts does to a table."""

    written: list[Row]
    deleted: list[UUID]


class ColumnUnknown(TypeError):  # noqa: N818 - says what is so
    """A fold returned a key that the projection's table does not have."""


def fold(projection: Projection, before: dict[UUID, Row], page: Iterable[Recorded]) -> RowChanges:
    """Fold a page over the rows that were there before it (and may be changed in place).

    :raises ColumnUnknown: the projection returned something that is not in its table.
    """
    after: dict[UUID, Row | None] = {}
    for recorded in page:
        fact = recorded.fact
        aggregate_id = fact.originator_id
        row = after[aggregate_id] if aggregate_id in after else before.get(aggregate_id)
        after[aggregate_id] = projection.fold(row, fact)
    columns = frozenset(projection.table.columns.keys())
    changes = RowChanges([], [])
    for aggregate_id, row in after.items():
        if row is not None:
            row["id"] = aggregate_id
            if not row.keys() <= columns:
                raise ColumnUnknown(f"{projection.name}: {sorted(row.keys() - columns)}")
            changes.written.append(row)
        elif aggregate_id in before:
            changes.deleted.append(aggregate_id)
    return changes


class Fold:
    """Folds pages into one table: the projection's own, or one of the same form under another name."""

    def __init__(self, projection: Projection, table: str | None = None) -> None:
        self._projection = projection
        model = projection.table
        if table is not None:
            model = model.to_metadata(sa.MetaData(), name=table)
        ids = sa.bindparam("ids", type_=ARRAY(sa.Uuid))
        self._names = [str(name) for name in model.columns.keys()]  # noqa: SIM118 - a collection, not a dict
        self._select = sa.select(model).where(model.c.id == sa.any_(ids))
        self._delete = sa.delete(model).where(model.c.id == sa.any_(ids))
        self._upsert = sa.text(_upsert_sql(model))

    async def page(self, connection: AsyncConnection, page: Sequence[Recorded]) -> None:
        """Fold a page in the connection's transaction: at most one select, one upsert and one delete."""
        changes = fold(self._projection, await self._before(connection, page), page)
        if changes.written:
            rows = orjson.dumps(changes.written, default=_plain).decode()
            await connection.execute(self._upsert, {"rows": rows})
        if changes.deleted:
            await connection.execute(self._delete, {"ids": changes.deleted})

    async def _before(self, connection: AsyncConnection, page: Sequence[Recorded]) -> dict[UUID, Row]:
        born = {each.fact.originator_id for each in page if each.fact.originator_version == 1}
        wanted = {each.fact.originator_id for each in page} - born  # who is born in this page has no row yet
        if not wanted:
            return {}
        found = await connection.execute(self._select, {"ids": list(wanted)})
        rows = [dict(zip(self._names, row, strict=True)) for row in found]
        return {row["id"]: row for row in rows}


def _upsert_sql(table: sa.Table) -> str:
    name = table.name
    columns = [f'"{column.name}"' for column in table.columns if column.computed is None]
    kept = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns if column != '"id"')
    listed = ", ".join(columns)
    return (
        f"INSERT INTO {name} ({listed}) SELECT {listed}"  # noqa: S608 - names of our own table
        f" FROM json_populate_recordset(NULL\\:\\:{name}, cast(:rows AS json))"
        f" ON CONFLICT (id) DO {f'UPDATE SET {kept}' if kept else 'NOTHING'}"
    )


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever orjson does not know
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return str(value)
