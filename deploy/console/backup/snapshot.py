"""One moment of three databases: a backup in which no consumer is ahead of its producer.

Each service records how far it has read another's events. Databases that are dumped one after the other would
hold positions of events that the other's dump does not have, and these would never be read. So: lock all
event tables for a few milliseconds, take a snapshot of each database, let go, and dump the snapshots.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from deploy.console.errors import CommandError

PATIENCE = 60.0  # seconds to lock all event tables while services append
LOCK_TIMEOUT = "2s"  # less than appenders wait for the table: they wait out a try of ours


@dataclass(frozen=True)
class Snapshot:
    """A database at that moment; good for as long as the cut is held."""

    name: str  # for pg_dump --snapshot
    position: int  # of the newest event


@contextmanager
def consistent_snapshots(urls: Mapping[str, str]) -> Iterator[dict[str, Snapshot]]:
    """Hold a snapshot per service, all of one moment; others go on writing.

    :raises CommandError: a database is away, has no tables, or is too busy to be locked.
    """
    with ExitStack() as held:
        try:
            snapshots = {name: held.enter_context(psycopg.connect(url)) for name, url in urls.items()}
            with ExitStack() as locked:
                locks = {name: locked.enter_context(psycopg.connect(url)) for name, url in urls.items()}
                _lock_all(locks)
                taken = {name: _snapshot(name, connection) for name, connection in snapshots.items()}
        except errors.UndefinedTable as error:
            raise CommandError("there are no tables yet, and nothing to back up: stairs run") from error
        except psycopg.Error as error:
            raise CommandError(f"the databases cannot be read: {str(error).strip()}") from error
        yield taken


def _lock_all(connections: Mapping[str, psycopg.Connection]) -> None:
    """Every event table at once, or none: whoever holds one must not wait long for another."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            for service, connection in connections.items():
                connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                connection.execute(
                    sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(f"{service}_events"))
                )
        except errors.LockNotAvailable as error:
            if time.monotonic() > until:
                raise CommandError(f"the event tables are busy for {PATIENCE:.0f} s: try again") from error
            for connection in connections.values():
                connection.rollback()
        else:
            return


def _snapshot(service: str, connection: psycopg.Connection) -> Snapshot:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    newest = sql.SQL("SELECT pg_export_snapshot(), coalesce(max(notification_id), 0) FROM {}")
    ((name, position),) = connection.execute(newest.format(sql.Identifier(f"{service}_events"))).fetchall()
    return Snapshot(name, position)
