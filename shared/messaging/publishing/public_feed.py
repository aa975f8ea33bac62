"""The ordered, gap-free feed of a service's public events, as ``GET /v1/changes`` answers it."""

from __future__ import annotations

import time
from typing import NotRequired, TypedDict

from shared.messaging.cloud_events import to_json
from shared.messaging.publishing.outgoing import Outbound, published_event
from shared.persistence.tail import Tail

MOST = 500  # events on a page
LONGEST_WAIT = 30.0  # seconds
READ_AT_ONCE = 500  # facts, public or not


class PublicPage(TypedDict):
    """Structured CloudEvents in order, and the position to continue after."""

    items: list[dict[str, object]]
    next_after: int
    head: NotRequired[int]  # the newest position, where the page does not reach it


class PublicFeed:
    """The same events and positions as in the Kafka topic, read from the event table."""

    def __init__(self, tail: Tail, outbound: Outbound, source: str) -> None:
        self._tail, self._outbound, self._source = tail, outbound, source

    async def page(self, after: int, limit: int = 100, wait: float = 0.0) -> PublicPage:
        """The public events after a position; if there are none, wait for them up to ``wait`` seconds.

        ``next_after`` passes over facts that are not public, so it may grow although the page is empty.
        """
        limit = max(1, min(limit, MOST))
        deadline = time.monotonic() + max(0.0, min(wait, LONGEST_WAIT))
        while True:
            items, after, more = await self._read(after, limit)
            left = deadline - time.monotonic()
            if items or (left <= 0 and not more):
                page: PublicPage = {"items": items, "next_after": after}
                return {**page, "head": await self._tail.head()} if more else page
            if not more:
                await self._tail.wait(left, after=after)

    async def _read(self, after: int, limit: int) -> tuple[list[dict[str, object]], int, bool]:
        """Public events of the next facts, the last position read, and whether there may be more facts."""
        facts = await self._tail.page(after, READ_AT_ONCE)
        items: list[dict[str, object]] = []
        for recorded in facts:
            event = published_event(recorded, self._outbound, self._source)
            after = recorded.position
            if event is not None:
                items.append(to_json(event))
            if len(items) == limit:
                break
        more = len(facts) == READ_AT_ONCE or (bool(facts) and after < facts[-1].position)
        return items, after, more
