"""Runs Alembic from the ``migrate`` verb: one migrator at a time, with bounded waits, always to the head.

Each service keeps ``migrations/versions/0001_….py`` and a ``migrations/env.py`` of one call::

    from shared.persistence.migrations import run_in_context

    run_in_context()

Migrations are written by hand; autogenerate would want to drop the event table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text

from shared.persistence.engine import CONNECT_TIMEOUT, driver_url
from shared.persistence.faults import translated
from shared.persistence.privileges import Privileges, grant

TURN_TIMEOUT = "120s"  # how long one migrator waits for another
LOCK_TIMEOUT = "10s"  # how long a migration waits for a table that is in use; then it fails, and is run again


def migrate(url: str, package: str, privileges: Privileges | None = None) -> None:
    """Bring the database of a service (``services.incidents``) to the newest schema, if it is not there yet.

    Several at once take turns. Each migration is one transaction, and so is the grant of privileges.

    :param url: the database as its owner knows it.
    :param privileges: of the role that the service's processes log in as; None: only one role is used.
    :raises StoreUnavailable: the database is away, or a table stayed in use for too long.
    """
    with translated(), _connected(url) as connection:
        connection.execute(text(f"SET lock_timeout = '{TURN_TIMEOUT}'"))
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended('migrate', 0))"))
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()  # the lock is the session's, and ends with it
        config = alembic_config(package)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        if privileges is not None:
            grant(connection, privileges)


def role_of(url: str) -> str:
    """The role that the server takes whoever uses this address for.

    :raises StoreUnavailable: the database is away.
    """
    with translated(), _connected(url) as connection:
        return str(connection.scalar(text("SELECT current_user")))


def is_current(url: str, package: str) -> bool:
    """Whether the database of a service has the schema that this code was written for.

    :raises StoreUnavailable: the database is away.
    """
    with translated(), _connected(url) as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads(package)


@cache
def heads(package: str) -> frozenset[str]:
    """The newest migrations of a service, as its files say."""
    return frozenset(ScriptDirectory.from_config(alembic_config(package)).get_heads())


def run_in_context() -> None:
    """What a service's ``migrations/env.py`` does: run on the connection that ``migrate`` holds."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(
        driver_url(url, "psycopg"),
        poolclass=NullPool,
        connect_args={"connect_timeout": int(CONNECT_TIMEOUT), "application_name": "stairs migrate"},
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def alembic_config(package: str) -> Config:
    """Where the migrations of a service are."""
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    return config
