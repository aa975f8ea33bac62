"""The database's own wall, as DDL for migrations (ADR 0028).

    def upgrade() -> None:
        wall.run_as_owner(op, f"incidents_events_append({wall.APPEND})")
        wall.show_by_caller(op, "case_list")

The owner of the tables is a role that only ``migrate`` and ``rebuild`` use. A service's role has the rights
that ``privileges`` gives it, calls functions for what it may not do by hand, and sees of each list the rows
of the caller whom the transaction names (``scope.seen_by``).
"""

from __future__ import annotations

from shared.persistence.append_function import ARGUMENTS
from shared.persistence.plumbing import Operations

APPEND = ", ".join(f"{kind}[]" for _, kind in ARGUMENTS)  # the types of the append function's arguments

_CALLER = "current_setting('stairs.{}', true)"
_ROLE, _LEA, _SCHOOL, _SUB = (_CALLER.format(name) for name in ("role", "lea", "school", "sub"))

OWN_WORDS = f"""
        WHEN 'test_administrator' THEN school = {_SCHOOL} AND recorded_by ->> 'sub' = {_SUB}
        WHEN 'test_examiner' THEN school = {_SCHOOL} AND recorded_by ->> 'sub' = {_SUB}
"""
"""Who is no coordinator sees what they said themselves; for a table with ``recorded_by``."""


def run_as_owner(op: Operations, function: str) -> None:
    """Let a function do what its owner may, whoever calls it; it finds no tables but those of its own schema.

    :param function: its name and the types of its arguments.
    """
    op.execute(
        "DO $do$ BEGIN EXECUTE format("
        f"'ALTER FUNCTION {function} SECURITY DEFINER SET search_path = %I, pg_temp', current_schema());"
        " END $do$"
    )


def run_as_caller(op: Operations, function: str) -> None:
    """Undo ``run_as_owner``."""
    op.execute(f"ALTER FUNCTION {function} SECURITY INVOKER RESET search_path")


def show_by_caller(op: Operations, table: str, also: str = "") -> None:
    """Show of a list only what its caller sees (HR-29), and nothing to a transaction that names no caller.

    A ``CASE``, so that the planner does not take it for something that an index answers: the question itself
    says the same once more, with an index. The owner of the table sees all: ``pg_dump`` and ``rebuild``.

    :param table: with columns ``lea`` and ``school``; a place is never the beginning of another.
    :param also: further roles and what they see, as branches of the ``CASE``.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"""
        CREATE POLICY seen_by_caller ON {table} USING (CASE {_ROLE}
            WHEN 'lea_coordinator' THEN lea = {_LEA}
            WHEN 'site_coordinator' THEN school = {_SCHOOL}
            {also}
            ELSE {_ROLE} IN ('caltac_agent', 'cde_reviewer', 'auditor', 'system')
        END)
        """
    )


def show_all(op: Operations, table: str) -> None:
    """Undo ``show_by_caller``."""
    op.execute(f"DROP POLICY seen_by_caller ON {table}")
    op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
