"""The ledger as a table: its DDL, and one row per deadline folded from its facts (``stairs rebuild`` too)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from eventsourcing.domain import DomainEvent
from sqlalchemy.dialects.postgresql import JSONB

from shared.deadlines.deadline import Deadline, after_retiming
from shared.deadlines.terms import DeadlineState, PlannedWarning
from shared.persistence.plumbing import Operations

DeadlineRow = dict[str, Any]  # a row of ``deadlines`` by column
_INSTANT = sa.DateTime(timezone=True)

DEADLINES = sa.Table(
    "deadlines",
    sa.MetaData(),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("clock", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", _INSTANT, nullable=False),
    sa.Column("next_look_at", _INSTANT),  # when something is to be noticed next; null: nothing is
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("rulebook", sa.Text, nullable=False),
    sa.Column("rulebook_version", sa.Text, nullable=False),
    sa.Column("calendar_version", sa.Text),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("warnings", JSONB, nullable=False),  # planned, with the instant at which each was noticed
    sa.Column("retimings", JSONB, nullable=False),
    sa.Column("about", JSONB, nullable=False),
    sa.Column("case_number", sa.Text),
    sa.Column("lea", sa.Text),
    sa.Column("school", sa.Text),
    sa.Column("set_at", _INSTANT, nullable=False),
    sa.Column("noticed_at", _INSTANT),  # when it was noticed that it was missed
    sa.Column("met_at", _INSTANT),
    sa.Column("late_by_seconds", sa.Integer),
    sa.Column("waived_at", _INSTANT),
    sa.Column("waived_because", sa.Text),
)

_TABLE = """
    CREATE TABLE deadlines (
        id uuid PRIMARY KEY,
        version integer NOT NULL,
        clock text NOT NULL,
        title text NOT NULL,
        subject text NOT NULL,
        state text NOT NULL,
        due_at timestamptz NOT NULL,
        next_look_at timestamptz,
        zone text NOT NULL,
        rulebook text NOT NULL,
        rulebook_version text NOT NULL,
        calendar_version text,
        published boolean NOT NULL,
        warnings jsonb NOT NULL,
        retimings jsonb NOT NULL,
        about jsonb NOT NULL,
        case_number text,
        lea text,
        school text,
        set_at timestamptz NOT NULL,
        noticed_at timestamptz,
        met_at timestamptz,
        late_by_seconds integer,
        waived_at timestamptz,
        waived_because text
    )
"""


def create(op: Operations) -> None:
    """Make the ledger's table; for a migration of a service that has deadlines."""
    op.execute(_TABLE)
    op.execute("CREATE INDEX deadlines_look_idx ON deadlines (next_look_at) WHERE next_look_at IS NOT NULL")
    op.execute("CREATE INDEX deadlines_due_idx ON deadlines (due_at, id)")
    op.execute("CREATE INDEX deadlines_lea_idx ON deadlines (lea, due_at, id)")
    op.execute("CREATE INDEX deadlines_school_idx ON deadlines (school, due_at, id)")
    op.execute("CREATE INDEX deadlines_case_idx ON deadlines (case_number) WHERE case_number IS NOT NULL")


def drop(op: Operations) -> None:
    """Undo ``create``; the facts stay."""
    op.execute("DROP TABLE deadlines")


class DeadlineList:
    """One row per deadline, whatever became of it."""

    name = "deadlines"
    table: sa.Table = DEADLINES

    def fold(self, row: dict[str, object] | None, fact: DomainEvent) -> dict[str, object] | None:
        """The row after the fact; other facts have no row, and one that is folded already changes nothing."""
        if isinstance(fact, Deadline.Set):
            return row or _looked(_set(fact))
        if not isinstance(fact, Deadline.Event):
            return row
        if row is None:
            raise LookupError(f"{type(fact).__name__} of a deadline that was never set")
        before: DeadlineRow = row
        if before["version"] >= fact.originator_version:
            return row
        return _looked({**before, **_described(fact), **_changed(before, fact)})


def _set(fact: Deadline.Set) -> DeadlineRow:
    return {
        "id": fact.originator_id,
        "subject": fact.subject,
        "state": DeadlineState.RUNNING.value,
        "warnings": _unnoticed(fact.warnings),
        "retimings": [],
        "set_at": fact.occurred_at,
        **dict.fromkeys(("noticed_at", "met_at", "late_by_seconds", "waived_at", "waived_because")),
        **_described(fact),
    }


def _described(fact: Deadline.Event) -> DeadlineRow:
    """The columns that every fact sets anew."""
    terms = {name: value for name, value in fact.terms.items() if name in DEADLINES.c}
    place = {name: fact.about.get(name) for name in ("case_number", "lea", "school")}
    return {
        **terms,
        **place,
        "about": _plain(fact.about),
        "due_at": fact.due_at,
        "version": fact.originator_version,
    }


def _changed(row: DeadlineRow, fact: Deadline.Event) -> DeadlineRow:
    match fact:
        case Deadline.Retimed():
            return _retimed(row, fact)
        case Deadline.AtRisk() | Deadline.Missed():
            return _noticed(row, fact)
        case Deadline.Met():
            return {"state": DeadlineState.MET.value, "met_at": fact.met_at, "noticed_at": None}
        case Deadline.MetLate():
            return {"met_at": fact.met_at, "late_by_seconds": fact.late_by_seconds}
        case Deadline.Waived():
            waived = {"waived_at": fact.occurred_at, "waived_because": fact.why}
            return {"state": DeadlineState.WAIVED.value, **waived}
        case _:
            return {}


def _retimed(row: DeadlineRow, fact: Deadline.Retimed) -> DeadlineRow:
    state = after_retiming(DeadlineState(row["state"]), fact.due_at, fact.occurred_at)
    moved = {
        "at": fact.occurred_at.isoformat(),
        "old_due_at": fact.old_due_at.isoformat(),
        "new_due_at": fact.due_at.isoformat(),
        "why": fact.why,
    }
    return {
        "state": state.value,
        "warnings": _unnoticed(fact.warnings),
        "retimings": [*row["retimings"], moved],
        "noticed_at": row["noticed_at"] if state is DeadlineState.MISSED else None,
        "waived_at": None,
        "waived_because": None,
    }


def _unnoticed(warnings: list[dict[str, Any]]) -> list[DeadlineRow]:
    planned = sorted(map(PlannedWarning.from_fact, warnings), key=lambda each: each.at)
    return [{"warning": each.warning, "at": each.at.isoformat(), "noticed_at": None} for each in planned]


def _noticed(row: DeadlineRow, fact: Deadline.AtRisk | Deadline.Missed) -> DeadlineRow:
    missed = isinstance(fact, Deadline.Missed)
    names = {*fact.passed_over} if isinstance(fact, Deadline.Missed) else {*fact.passed_over, fact.warning}
    at = {"noticed_at": fact.noticed_at.isoformat()}
    warnings = [{**each, **(at if each["warning"] in names else {})} for each in row["warnings"]]
    return {
        "warnings": warnings,
        **({"state": DeadlineState.MISSED.value, "noticed_at": fact.noticed_at} if missed else {}),
    }


def _looked(row: DeadlineRow) -> DeadlineRow:
    """The row with the next instant at which a warning or the missed deadline is to be noticed."""
    if row["state"] != DeadlineState.RUNNING.value:
        return {**row, "next_look_at": None}
    waiting = (each["at"] for each in row["warnings"] if each["noticed_at"] is None)
    return {**row, "next_look_at": min([*map(datetime.fromisoformat, waiting), row["due_at"]])}


def _plain(about: dict[str, Any]) -> DeadlineRow:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in about.items()
    }
