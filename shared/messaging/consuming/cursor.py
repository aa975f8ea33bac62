"""The position of a feed without a broker: read up to (in memory) and done up to (in ``positions``)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.consuming.feed import Delivery
from shared.persistence import positions
from shared.persistence.faults import translated


class Cursor:
    """The position of one consumer in one producer's ordered events.

    A crash loses nothing: reading starts again at the last position that is done, and the inbox knows which
    messages were handled.
    """

    def __init__(self, engine: AsyncEngine, consumer: str, source: str) -> None:
        self._engine = engine
        self._name = f"feed:{consumer}:{source}"
        self._read_to: int | None = None
        self._kept = 0
        self._waiting: deque[int] = deque()  # offsets of deliveries that are not done

    async def read_to(self) -> int:
        """The position after which to read on.

        :raises StoreUnavailable: the database is away.
        """
        if self._read_to is None:
            with translated():
                async with self._engine.connect() as connection:
                    self._read_to = self._kept = await positions.get(connection, self._name)
        return self._read_to

    async def took(self, deliveries: Sequence[Delivery], read_to: int) -> None:
        """Note that these were read, and that nothing else up to ``read_to`` is public.

        :raises StoreUnavailable: the database is away; do not deliver these, they are read again.
        """
        self._waiting.extend(delivery.place.offset for delivery in deliveries)
        self._read_to = max(read_to, self._read_to or 0)
        try:
            await self._keep()
        except BaseException:
            # as after a crash, reading starts again at the last position that is done
            self._read_to = None
            self._waiting.clear()
            raise

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these, and all before them, are handled.

        :raises StoreUnavailable: the database is away; call it again.
        """
        last = max(delivery.place.offset for delivery in deliveries)
        while self._waiting and self._waiting[0] <= last:
            self._waiting.popleft()
        await self._keep()

    async def _keep(self) -> None:
        reached = self._waiting[0] - 1 if self._waiting else self._read_to or 0
        if reached <= self._kept:
            return
        with translated():
            async with self._engine.begin() as connection:
                await positions.put(connection, self._name, reached)
        self._kept = reached
