"""What would never work is said before anything is started: one line that names the setting and the remedy.

    preflight.database("INCIDENTS_DATABASE_URL", settings.database_url, "services.incidents")

A database that is merely away is no reason to end: the process says so, starts, and is unready for so long.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import NoReturn

import asyncpg
import structlog

from shared.persistence.engine import connect
from shared.persistence.migrations import heads
from shared.process.exit_codes import WRONG_SETTINGS

ONE_OFF_WAITS = 60.0  # seconds for a database that is away: nobody starts a migration again by itself
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,  # no such role, wrong password (its subclass)
    asyncpg.InvalidCatalogNameError,  # no such database
    asyncpg.InsufficientPrivilegeError,  # may not connect to it
)

WALL = "let another role own the tables: docs/operations.md, the database's own wall"
OWNER = "give the address of the database as its owner knows it (deploy/postgres/roles.sql makes the role)"

# every service has this list; a policy holds neither the owner of a table nor a superuser
_WALLED = "SELECT row_security_active(to_regclass('deadlines'))"
_OWNS = """
    SELECT has_schema_privilege(current_schema(), 'CREATE') AND NOT EXISTS (
        SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
          AND relname IN ('alembic_version', 'receipts') AND NOT pg_has_role(relowner, 'USAGE')
    )
"""

_log = structlog.get_logger(__name__)


def database(variable: str, url: str, package: str, *, migrated: bool = True) -> None:
    """End the process where the server will never let it in, or has not the tables that it was written for.

    :param variable: the setting that the address comes from.
    :param package: whose migrations count (``services.incidents``).
    :param migrated: whether the tables must be there: all verbs but ``migrate`` need them.
    :raises SystemExit: 78, after one line on standard error.
    """
    try:
        found, walled = asyncio.run(_looked(url, 0.0 if migrated else ONE_OFF_WAITS))
    except _REFUSED as error:
        reason = str(error).partition("\n")[0]
        _end(f"{variable} is refused by the server ({reason}): give the address and password of this service")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        _log.warning("database_away", setting=variable, reason=type(error).__name__, remedy="start it")
        return
    if migrated and found != heads(package):
        state = "other tables than this version's" if found else "no tables of ours"
        _end(f"{variable} names a database with {state}: run python -m {package} migrate")
    if migrated and not walled:
        _log.warning("database_without_wall", setting=variable, remedy=WALL)


def owner(variable: str, url: str) -> None:
    """End the process where this role may make no tables, or does not own those that are there.

    :param variable: the setting that names the database as its owner knows it.
    :raises SystemExit: 78, after one line on standard error.
    """
    try:
        owns = asyncio.run(_owns(url))
    except _REFUSED as error:
        reason = str(error).partition("\n")[0]
        _end(f"{variable} is refused by the server ({reason}): give the address and password of its owner")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        _log.warning("database_away", setting=variable, reason=type(error).__name__, remedy="start it")
        return
    if not owns:
        _end(f"{variable} is missing or names a role that does not own the tables: {OWNER}")


async def _looked(url: str, patience: float) -> tuple[frozenset[str], bool]:
    """Which migrations the database has, and whether its policies hold this role."""
    connection = await _connected(url, time.monotonic() + patience)
    try:
        rows = await connection.fetch("SELECT version_num FROM alembic_version")
        walled = await connection.fetchval(_WALLED)
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return frozenset(), False
    finally:
        await connection.close()
    return frozenset(row["version_num"] for row in rows), bool(walled)


async def _owns(url: str) -> bool:
    connection = await _connected(url, time.monotonic())
    try:
        return bool(await connection.fetchval(_OWNS))
    finally:
        await connection.close()


async def _connected(url: str, until: float) -> asyncpg.Connection[asyncpg.Record]:
    while True:
        try:
            return await connect(url)
        except _REFUSED:
            raise
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            if time.monotonic() > until:
                raise
        await asyncio.sleep(1)


def _end(line: str) -> NoReturn:
    sys.stderr.write(line + "\n")
    raise SystemExit(WRONG_SETTINGS)
