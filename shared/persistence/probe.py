"""What ``/readyz`` asks: can this process use its database, and is it the schema it was written for."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence.faults import StoreUnavailable, transient, translated
from shared.persistence.migrations import heads

_log = structlog.get_logger(__name__)


async def store_usable(engine: AsyncEngine, package: str, *, within: float = 2.0) -> bool:
    """Whether the database of a service (``services.incidents``) answers in time, migrated to our head."""
    try:
        async with asyncio.timeout(within):
            return await _revisions(engine) == heads(package)
    except (StoreUnavailable, TimeoutError, ProgrammingError) as error:
        _log.warning("store_unusable", reason=repr(error.__cause__ or error), passing=transient(error))
        return False


async def _revisions(engine: AsyncEngine) -> frozenset[str]:
    with translated():
        async with engine.connect() as connection:
            return frozenset(await connection.scalars(text("SELECT version_num FROM alembic_version")))
