"""How far a follower of an ordered log has come: a name and a number that only grows.

Names say who follows: ``relay``, ``projection:case_list``, ``feed:incidents``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.persistence.tables import POSITIONS

_GET = sa.select(POSITIONS.c.position).where(POSITIONS.c.name == sa.bindparam("name"))
_NEW = insert(POSITIONS)
_PUT = _NEW.on_conflict_do_update(
    index_elements=[POSITIONS.c.name],
    set_={"position": _NEW.excluded.position},
    where=POSITIONS.c.position < _NEW.excluded.position,
)


async def get(connection: AsyncConnection, name: str) -> int:
    """The last position that this follower has processed; 0 before the first."""
    return await connection.scalar(_GET, {"name": name}) or 0


async def put(connection: AsyncConnection, name: str, position: int) -> bool:
    """Move the position forward in the caller's transaction; False if it was there or further already."""
    result = await connection.execute(_PUT, {"name": name, "position": position})
    return result.rowcount == 1
