"""Session locks of PostgreSQL that let one process at a time publish a service's facts.

The relay holds the lock ``relay`` as long as it runs. A process that republishes takes ``republish`` first:
the relay sees this and gives up its own lock, so that old and new facts never mix. A lock ends with its
session, so the next process can take over from one that died.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

RELAY = "relay"
REPUBLISH = "republish"

_KEY = "hashtextextended(:name, 0)"
_TAKE = sa.text(f"SELECT pg_try_advisory_lock({_KEY})")
_FREE = sa.text(
    f"SELECT CASE WHEN pg_try_advisory_lock_shared({_KEY})"
    f" THEN pg_advisory_unlock_shared({_KEY}) ELSE false END"
)


async def take(connection: AsyncConnection, name: str) -> bool:
    """Take this lock for the connection's session; False while another holds it."""
    return bool(await connection.scalar(_TAKE, {"name": name}))


async def is_free(connection: AsyncConnection, name: str) -> bool:
    """Whether nobody holds it now."""
    return bool(await connection.scalar(_FREE, {"name": name}))
