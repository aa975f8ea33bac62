"""Reads a service's facts in their order, and wakes followers when there are more."""

from __future__ import annotations

import asyncio

import asyncpg

from shared.persistence.codec import Codec, Recorded
from shared.persistence.engine import connect
from shared.persistence.faults import translated, unanswered


class Tail:
    """Follows one event table; several followers of one process may share it.

    Pages are complete whether or not a notification arrived; notifications only shorten the wait. A
    connection that is lost is opened anew by the next call.
    """

    def __init__(self, url: str, table: str, codec: Codec) -> None:
        self._url, self._table, self._codec = url, table, codec
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._busy = asyncio.Lock()  # the driver does one thing at a time
        self._sleepers: set[asyncio.Future[None]] = set()
        self._heard = 0  # notifications so far
        self._settled = 0  # notifications whose events somebody has read
        self._highest = 0  # position that anybody has read

    async def page(self, after: int, limit: int = 1000) -> list[Recorded]:
        """The next facts after a position, in order, ``limit`` at most; gaps between positions are permanent.

        :raises StoreUnavailable: the database is away.
        """
        heard = self._heard
        rows = await self._fetch(
            "SELECT notification_id, topic, state, originator_id, originator_version"  # noqa: S608 - our table's name, checked when it was made
            f" FROM {self._table} WHERE notification_id > $1 ORDER BY notification_id LIMIT $2",
            after,
            limit,
        )
        if rows:
            self._highest = max(self._highest, rows[-1][0])
        if len(rows) < limit:
            self._settled = max(self._settled, heard)
        recorded = self._codec.recorded
        return [recorded(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    async def next_page(self, after: int, limit: int, seconds: float) -> list[Recorded]:
        """The next facts; where there are none yet, wait for them, so many seconds at most.

        :raises StoreUnavailable: the database is away.
        """
        facts = await self.page(after, limit)
        if facts:
            return facts
        await self.wait(seconds, after=after)
        return await self.page(after, limit)

    async def head(self) -> int:
        """The newest position; 0 if nothing ever happened.

        :raises StoreUnavailable: the database is away.
        """
        rows = await self._fetch(f"SELECT coalesce(max(notification_id), 0) FROM {self._table}")  # noqa: S608 - as above
        return int(rows[0][0])

    async def wait(self, seconds: float, *, after: int | None = None) -> None:
        """Wait until facts may have been appended, or the time is over; then read a page.

        :param after: the position that the caller has read to; facts beyond it that another follower has
            read already end the wait at once.
        """
        if self._heard > self._settled or (after is not None and after < self._highest):
            return
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.add(sleeper)
        try:
            await asyncio.wait_for(sleeper, seconds)
        except TimeoutError:
            return
        finally:
            self._sleepers.discard(sleeper)

    async def close(self) -> None:
        """Let the connection go; idempotent."""
        async with self._busy:
            self._hang_up()

    async def _fetch(self, query: str, *arguments: int) -> list[asyncpg.Record]:
        async with self._busy:
            with translated():
                try:
                    connection = await self._connected()
                    return await connection.fetch(query, *arguments)
                except Exception as error:
                    if unanswered(error):
                        self._hang_up()
                    raise

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, application_name="stairs tail")
            self._connection.add_termination_listener(self._wake)
            await self._connection.add_listener(self._table, self._wake)
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _wake(self, *_: object) -> None:
        self._heard += 1
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)
