"""What the role of a service may do in its database; granted anew by every ``migrate`` (ADR 0028).

Without the owner's rights it makes, changes and drops no table. Of the tables that are there it may read and
write all but those that are named here: facts only grow, and by the append function alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

ORDINARY = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"
NOTHING = ""

_OF_EVERY_SERVICE = {"alembic_version": READ, "receipts": "SELECT, DELETE"}


@dataclass(frozen=True)
class Privileges:
    """The rights of one service's role."""

    role: str
    events: str  # the table of its facts
    guarded: Mapping[str, str] = field(default_factory=dict)
    """By table what the role may do there, where that is less than the ordinary."""

    def of(self, table: str) -> str:
        """The rights on a table, as ``GRANT`` words them; empty: none."""
        return {self.events: READ, **_OF_EVERY_SERVICE, **self.guarded}.get(table, ORDINARY)


def grant(connection: Connection, privileges: Privileges) -> bool:
    """Give the role these rights on all that the present role owns, and no others; one transaction.

    False, and nothing is done, if both are the same role: an owner may do everything anyway.
    """
    role = privileges.role
    with connection.begin():
        if connection.scalar(text("SELECT current_user")) == role:
            return False
        asked = {"role": role}
        name, schema = connection.execute(text(_NAMES), asked).one()
        tables = connection.execute(text(_TABLES)).all()
        statements = [
            f"REVOKE ALL ON SCHEMA {schema} FROM {name}",
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            *(f"REVOKE ALL ON {quoted} FROM PUBLIC, {name}" for _, quoted in tables),
            *(
                f"GRANT {rights} ON {quoted} TO {name}"
                for table, quoted in tables
                if (rights := privileges.of(table))
            ),
        ]
        for function in connection.scalars(text(_FUNCTIONS)):
            statements += [
                f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC, {name}",
                f"GRANT EXECUTE ON FUNCTION {function} TO {name}",
            ]
        for statement in statements:
            connection.exec_driver_sql(statement)
    return True


_NAMES = "SELECT quote_ident(:role), quote_ident(current_schema())"
_TABLES = """
    SELECT relname, quote_ident(relname) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
      AND relowner = current_user::regrole
    ORDER BY relname
"""
_FUNCTIONS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole
      AND prorettype <> 'trigger'::regtype
    ORDER BY 1
"""
