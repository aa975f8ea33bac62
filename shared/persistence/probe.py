"""The database check of ``/readyz``: whether it can be used, and has the schema that the code expects."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence.faults import StoreUnavailable, transient, translated
from shared.persistence.migrations import heads

_log = structlog.get_logger(__name__)


async def store_trouble(engine: AsyncEngine, package: str, *, within: float = 2.0) -> str | None:
    """Why the database of a service (``services.incidents``) cannot be used, if so, and what to do."""
    setting = f"{package.rpartition('.')[2].upper()}_DATABASE_URL"
    try:
        async with asyncio.timeout(within):
            current = await _revisions(engine) == heads(package)
    except ProgrammingError:  # no table of ours
        current = False
    except (StoreUnavailable, TimeoutError) as error:
        _log.warning("store_unusable", reason=repr(error.__cause__ or error), passing=transient(error))
        return f"no database answers at {setting}: start it"
    return None if current else f"the database is not migrated: run python -m {package} migrate"


async def _revisions(engine: AsyncEngine) -> frozenset[str]:
    with translated():
        async with engine.connect() as connection:
            return frozenset(await connection.scalars(text("SELECT version_num FROM alembic_version")))
