"""The DDL of every service's first migration: the event table, its append function, and the shared tables.

    def upgrade() -> None:
        plumbing.create(op, "incidents_events")

The event table, its composite type and its index are word for word what the library makes (held to it by
``tests/integration/shared/test_plumbing.py``), so that the library's own recorder reads and writes it too.
The library's insert function is left out: it takes no lock, and readers would miss events behind a gap.
"""

from __future__ import annotations

import re
from typing import Protocol

LOCK_TIMEOUT = "5s"  # how long an append waits for the table; the appender then tries again


class Operations(Protocol):
    """The one thing needed of Alembic's ``op``."""

    def execute(self, sqltext: str, /) -> None:
        """Run a statement."""
        ...


def create(op: Operations, table: str) -> None:
    """Make the plumbing of the service whose events are kept in ``table`` (``incidents_events``)."""
    for statement in (*_event_table(table), _append_function(table), *_guard(table), *_BESIDE):
        op.execute(statement)


def let_dead_letters_be_discarded(op: Operations) -> None:
    """Let a dead letter be discarded with a reason; its row stays. A later migration of every service."""
    for statement in _DISCARD:
        op.execute(statement)


def record_who_discards(op: Operations) -> None:
    """Record who discards a dead letter; earlier rows lack it. A later migration of every service."""
    op.execute(
        "ALTER TABLE dead_letters ADD COLUMN discarded_by text, ADD CONSTRAINT discarded_by_somebody"
        " CHECK (discarded_by IS NULL OR discarded_at IS NOT NULL)"
    )


def drop(op: Operations, table: str) -> None:
    """Undo ``create``, with everything in it."""
    _check(table)
    for name in (table, "receipts", "inbox", "positions", "dead_letters"):
        op.execute(f"DROP TABLE {name}")
    op.execute(f"DROP FUNCTION {table}_append, {table}_refuse")
    op.execute("DROP TYPE stored_event_uuid")


def _check(table: str) -> str:
    if not re.fullmatch(r"[a-z][a-z_]{0,40}", table):
        raise ValueError(f"not a plain table name: {table!r}")
    return table


def _event_table(table: str) -> tuple[str, ...]:
    return (
        f"""
        CREATE TABLE {_check(table)} (
            originator_id uuid NOT NULL,
            originator_version bigint NOT NULL,
            topic text,
            state bytea,
            notification_id bigserial,
            PRIMARY KEY (originator_id, originator_version)
        ) WITH (
            autovacuum_enabled = true,
            autovacuum_vacuum_threshold = 100000000,
            autovacuum_vacuum_scale_factor = 0.5,
            autovacuum_analyze_threshold = 1000,
            autovacuum_analyze_scale_factor = 0.01
        )
        """,
        """
        CREATE TYPE stored_event_uuid AS (
            originator_id uuid, originator_version bigint, topic text, state bytea
        )
        """,
        f"CREATE UNIQUE INDEX {table}_notification_id_idx ON {table} (notification_id ASC)",
    )


def _append_function(table: str) -> str:
    """The function stores all waiting saves in one round trip; a violated key undoes the whole call.

    The lock is what makes positions visible in their order: a reader that has seen position n will never
    find a smaller one later. Receipts are inserted first, so that a used key is reported before a moved
    stream.
    """
    return f"""
        CREATE FUNCTION {table}_append(
            ids uuid[], versions bigint[], topics text[], states bytea[],
            callers text[], keys text[], fingerprints bytea[],
            statuses integer[], headers text[], bodies bytea[]
        ) RETURNS SETOF bigint LANGUAGE plpgsql SET lock_timeout = '{LOCK_TIMEOUT}' AS $body$
        BEGIN
            LOCK TABLE {table} IN EXCLUSIVE MODE;
            NOTIFY {table};
            IF cardinality(callers) > 0 THEN
                INSERT INTO receipts (caller, key, fingerprint, status, headers, body)
                SELECT r.caller, r.key, r.fingerprint, r.status, r.headers::jsonb, r.body
                FROM unnest(callers, keys, fingerprints, statuses, headers, bodies)
                  AS r (caller, key, fingerprint, status, headers, body);
            END IF;
            RETURN QUERY
            INSERT INTO {table} AS e (originator_id, originator_version, topic, state)
            SELECT * FROM unnest(ids, versions, topics, states)
            RETURNING e.notification_id;
        END
        $body$
        """  # noqa: S608 - our table's name, checked


def _guard(table: str) -> tuple[str, ...]:
    """Facts are kept for ever: the table accepts inserts and nothing else, from anybody."""
    return (
        f"""
        CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            RAISE EXCEPTION '% on {table}: events are for ever', TG_OP
                USING ERRCODE = 'restrict_violation';
        END
        $body$
        """,
        f"""
        CREATE TRIGGER {table}_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()
        """,
    )


_BESIDE = (
    """
    CREATE TABLE receipts (
        caller text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        status integer NOT NULL,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (caller, key)
    )
    """,
    "CREATE INDEX receipts_created_at_idx ON receipts (created_at)",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        source text NOT NULL,
        event_id text NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, source, event_id)
    )
    """,
    "CREATE TABLE positions (name text PRIMARY KEY, position bigint NOT NULL)",
    """
    CREATE TABLE dead_letters (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        consumer text NOT NULL,
        source text NOT NULL,
        event_id text,
        place text NOT NULL,
        headers jsonb NOT NULL,
        value bytea NOT NULL,
        reason text NOT NULL,
        attempts integer NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        replayed_at timestamptz
    )
    """,
    "CREATE INDEX dead_letters_waiting_idx ON dead_letters (consumer, id) WHERE replayed_at IS NULL",
)

_DISCARD = (
    "ALTER TABLE dead_letters ADD COLUMN discarded_at timestamptz, ADD COLUMN discard_reason text,"
    " ADD CONSTRAINT discarded_with_a_reason CHECK ((discarded_at IS NULL) = (discard_reason IS NULL))",
    "DROP INDEX dead_letters_waiting_idx",
    "CREATE INDEX dead_letters_waiting_idx ON dead_letters (consumer, id)"
    " WHERE replayed_at IS NULL AND discarded_at IS NULL",
)
