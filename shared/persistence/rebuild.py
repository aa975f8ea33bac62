"""Rebuilds a read model from all facts, while the old one stays in use and up to date.

    1  a shadow table with the same columns, indexes, policies and grants is made beside the live one
    2  all facts are folded into it, page by page; the live projector works on
    3  under the projection's lock: the last facts are folded, the shadow takes the live table's name,
       and the position is set; the live projector waits, then goes on

A rebuild that dies leaves the live table alone; the next one begins with a new shadow.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.persistence import positions
from shared.persistence.engine import kept_open
from shared.persistence.faults import StoreUnavailable, translated
from shared.persistence.folding import Fold, Projection
from shared.persistence.following import lock
from shared.persistence.projector import position_name
from shared.persistence.tail import Tail

PAGE = 5000  # facts in one transaction
SWAP_TIMEOUT = "2s"  # how long a swap waits for readers of the live table; others queue behind it meanwhile
SWAP_ATTEMPTS = 30

_log = structlog.get_logger(__name__)


class RebuildRunning(Exception):  # noqa: N818 - says what is so
    """Another process is rebuilding this projection."""


class RebuildLosesSomething(Exception):  # noqa: N818 - says what is so
    """The live table has triggers, foreign keys or grants on columns, which a copy would lack."""


async def rebuild(
    engine: AsyncEngine, tail: Tail, projection: Projection, *, progress: Callable[[int, int], None]
) -> int:
    """Fold all facts into a new table and put it in place of the old one; returns how many facts there were.

    :param progress: called after each page with the position reached and the newest position.
    :raises RebuildRunning: another process is rebuilding this projection.
    :raises RebuildLosesSomething: the table has triggers, foreign keys or grants on columns.
    :raises StoreUnavailable: the database is away; the live table is as it was.
    """
    with translated():
        async with _turn(engine, projection):
            shadow = await _new_shadow(engine, projection)
            return await _Rebuild(engine, tail, projection, shadow, progress).run()


class _Rebuild:
    def __init__(
        self,
        engine: AsyncEngine,
        tail: Tail,
        projection: Projection,
        shadow: str,
        progress: Callable[[int, int], None],
    ) -> None:
        self._engine, self._tail, self._progress = engine, tail, progress
        self._live, self._shadow = projection.table.name, shadow
        self._name = position_name(projection)
        self._fold = Fold(projection, shadow)
        self._position = self._folded = 0

    async def run(self) -> int:
        self._progress(0, await self._tail.head())
        await self._fill()
        async with self._engine.begin() as connection:
            await connection.execute(text(f"ANALYZE {self._shadow}"))
        for _ in range(SWAP_ATTEMPTS):
            try:
                await self._swap()
            except DBAPIError as error:
                if not isinstance(error.driver_exception, asyncpg.LockNotAvailableError):
                    raise
                _log.info("rebuild_swap_delayed", projection=self._name)
                # let the readers that queued behind our lock go first
                await asyncio.sleep(0.2)
                await self._fill()
            else:
                return self._folded
        raise StoreUnavailable(f"{self._live} is never free for the swap; it is as it was.")

    async def _fill(self) -> None:
        """Fold page after page, each its own transaction, until there are no more."""
        while True:
            async with self._engine.begin() as connection:
                # the shadow is made anew after a crash, so its commits need not be durable
                await connection.execute(text("SET LOCAL synchronous_commit = off"))
                position, folded = await self._page(connection, self._position)
            if not folded:
                return
            self._position, self._folded = position, self._folded + folded
            self._progress(position, max(position, await self._tail.head()))

    async def _page(self, connection: AsyncConnection, after: int) -> tuple[int, int]:
        page = await self._tail.page(after, PAGE)
        if not page:
            return after, 0
        await self._fold.page(connection, page)
        return page[-1].position, len(page)

    async def _swap(self) -> None:
        """Fold the last pages and rename the tables, in one transaction; a failure undoes all of it."""
        position, total = self._position, 0
        async with self._engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL lock_timeout = '{SWAP_TIMEOUT}'"))
            await lock(connection, self._name)
            # the new table must not lag behind the live one: fold everything that there is
            while True:
                position, folded = await self._page(connection, position)
                total += folded
                if folded < PAGE:
                    break
            await _take_place(connection, self._live, self._shadow)
            await positions.put(connection, self._name, position)
        self._position, self._folded = position, self._folded + total
        self._progress(position, position)


@asynccontextmanager
async def _turn(engine: AsyncEngine, projection: Projection) -> AsyncIterator[None]:
    name = {"name": f"rebuild:{projection.name}"}
    async with engine.connect() as connection:
        await kept_open(connection)
        mine = await connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), name)
        await connection.commit()  # the lock is the session's; an open transaction would be timed out
        try:
            if not mine:
                raise RebuildRunning(projection.name)
            yield
        finally:
            await connection.invalidate()  # ends the session and with it the lock


async def _new_shadow(engine: AsyncEngine, projection: Projection) -> str:
    live = projection.table.name
    shadow = f"{live}_rebuild"
    async with engine.begin() as connection:
        if await connection.scalar(text(_LOST), {"live": live}):
            raise RebuildLosesSomething(live)
        await connection.execute(text(f"DROP TABLE IF EXISTS {shadow}"))
        await connection.execute(text(f"CREATE TABLE {shadow} (LIKE {live} INCLUDING ALL)"))
        # who may do what, and who sees which rows, is no part of a table's form
        for statement in (await connection.scalars(text(_WALL), {"live": live, "shadow": shadow})).all():
            await connection.exec_driver_sql(statement)
    return shadow


async def _take_place(connection: AsyncConnection, live: str, shadow: str) -> None:
    """Drop the live table, give its name and the names of its indexes to the shadow's."""
    renames = [
        tuple(row) for row in await connection.execute(text(_INDEXES), {"live": live, "shadow": shadow})
    ]
    await connection.execute(text(f"DROP TABLE {live}"))
    await connection.execute(text(f"ALTER TABLE {shadow} RENAME TO {live}"))
    for old, new in renames:
        await connection.execute(text(f'ALTER INDEX "{old}" RENAME TO "{new}"'))


_LOST = """
    SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(:live) AND NOT tgisinternal)
        OR EXISTS (SELECT FROM pg_constraint
                   WHERE contype = 'f' AND to_regclass(:live) IN (conrelid, confrelid))
        OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(:live) AND attacl IS NOT NULL)
"""

# The statements that give the shadow the owner, the grants and the policies of the live table.
_WALL = """
    WITH live AS (SELECT * FROM pg_class WHERE oid = to_regclass(:live))
    SELECT format('ALTER TABLE %I OWNER TO %I', cast(:shadow AS text), rolname)
    FROM live JOIN pg_roles r ON r.oid = relowner
    UNION ALL
    SELECT format('GRANT %s ON %I TO %s%s', privilege_type, cast(:shadow AS text),
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE cast(cast(grantee AS regrole) AS text) END,
                  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM live, aclexplode(relacl) WHERE grantee <> relowner
    UNION ALL
    SELECT format('CREATE POLICY %I ON %I AS %s FOR %s TO %s%s%s', policyname, cast(:shadow AS text),
                  permissive, cmd,
                  (SELECT string_agg(CASE role WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(role) END, ', ')
                   FROM unnest(roles) AS r (role)),
                  ' USING (' || qual || ')', ' WITH CHECK (' || with_check || ')')
    FROM pg_policies, live WHERE schemaname = cast(cast(relnamespace AS regnamespace) AS text)
      AND tablename = relname
    UNION ALL
    SELECT format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', cast(:shadow AS text))
    FROM live WHERE relrowsecurity
    UNION ALL
    SELECT format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', cast(:shadow AS text))
    FROM live WHERE relforcerowsecurity
"""

# Pairs each index of the shadow with the index of the live table that has the same definition.
_INDEXES = """
    WITH defined AS (
        SELECT i.indrelid, c.relname,
               row(i.indisprimary, i.indisunique, i.indimmediate,
                   regexp_replace(pg_get_indexdef(c.oid), '^.*? USING ', ''))::text AS definition
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid IN (to_regclass(:live), to_regclass(:shadow))
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY indrelid, definition ORDER BY relname) AS twin FROM defined
    )
    SELECT s.relname, l.relname
    FROM ranked s JOIN ranked l USING (definition, twin)
    WHERE s.indrelid = to_regclass(:shadow) AND l.indrelid = to_regclass(:live)
"""
