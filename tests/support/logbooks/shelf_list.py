"""A read model of logbooks: one row per book that is not burned."""

from __future__ import annotations

import sqlalchemy as sa
from eventsourcing.domain import DomainEvent
from sqlalchemy.dialects.postgresql import JSONB

from shared.persistence.folding import Row
from tests.support.logbooks.logbook import Logbook

SHELF_LIST = sa.Table(
    "shelf_list",
    sa.MetaData(),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("lines", JSONB, nullable=False),
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("shout", sa.Text, sa.Computed("upper(title)", persisted=True)),
    sa.Index("ix_shelf_list_title", "title"),
    sa.Index("shelf_list_open", "opened_at", postgresql_where=sa.text("version < 100")),
)


class ShelfList:
    """Counts nothing, remembers everything."""

    name = "shelf_list"
    table = SHELF_LIST

    def fold(self, row: Row | None, fact: DomainEvent) -> Row | None:
        match fact:
            case Logbook.Opened():
                return {"title": fact.title, "lines": [], "opened_at": fact.occurred_at, "version": 1}
            case Logbook.Written() if row is not None:
                lines = row["lines"]
                assert isinstance(lines, list)
                lines.append(fact.line)  # in place, as a fold may
                row["version"] = fact.originator_version
                return row
            case Logbook.Burned():
                return None
        return row
