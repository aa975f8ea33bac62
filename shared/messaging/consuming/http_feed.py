"""The producer's ``GET /v1/changes`` as a feed, where there is no broker (ADR 0006)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import orjson
import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import MalformedEvent, from_json
from shared.messaging.consuming.cursor import Cursor
from shared.messaging.consuming.feed import Delivery, Failure, MessagePlace
from shared.messaging.dead_letters.parking import DeadLetterParking
from shared.persistence.back_off import FailureStreak

PAGE = 200  # events asked for at once
LOOK_EVERY = 15.0  # seconds between two questions how much is still to come
PATIENCE = 10.0  # seconds for an answer, on top of the wait that was asked for

log = structlog.get_logger(__name__)


class _Page(BaseModel):
    items: list[object]
    next_after: int
    head: int | None = None


class HttpFeed:
    """Long-polls one producer and keeps its position in the consumer's ``positions``.

    While the producer is down or answers nonsense, ``poll`` returns nothing; the log says so once, and the
    waits between requests grow. The token's file is read for each request, so that a renewed token is used
    at once.
    """

    def __init__(
        self, base_url: str, token_file: Path | None, engine: AsyncEngine, consumer: str, *, source: str
    ) -> None:
        """:param source: the producer's ``ce_source`` (``/incidents``); its position is kept under it."""
        self._client = httpx.AsyncClient(base_url=base_url, trust_env=False)
        self._token_file, self._source = token_file, source
        self._cursor = Cursor(engine, consumer, source)
        self._dead_letters = DeadLetterParking(engine, consumer)
        self._streak = FailureStreak()
        self._behind: dict[str, int] = {}
        self._looked_at = float("-inf")

    async def poll(self, wait: float) -> Sequence[Delivery]:
        """The next events in order; empty after ``wait`` seconds, or if the next facts are not public."""
        after = await self._cursor.read_to()
        try:
            page = await self._ask(after, wait)
        except (httpx.HTTPError, OSError, ValidationError) as error:
            await self._be_patient(error, wait)
            return ()
        self._answered()
        deliveries = self._deliveries(page, after)
        if page.next_after > after:
            await self._cursor.took(deliveries, page.next_after)
        return deliveries

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Move the position forward."""
        await self._cursor.done(deliveries)

    async def park(self, delivery: Delivery, failure: Failure) -> None:
        """Keep it in ``dead_letters``."""
        await self._dead_letters.keep(delivery, failure)

    async def behind(self) -> Mapping[str, int]:
        """Positions between the last one read and the producer's newest; the last answer while it is down."""
        if time.monotonic() - self._looked_at > LOOK_EVERY:
            self._looked_at = time.monotonic()
            after = await self._cursor.read_to()
            with contextlib.suppress(httpx.HTTPError, OSError, ValidationError):
                page = await self._ask(after, 0.0, limit=1)
                newest = max(page.next_after, page.head or 0)
                self._behind = {self._source: max(0, newest - after)}
        return self._behind

    async def close(self) -> None:
        """Close the connection to the producer."""
        await self._client.aclose()

    async def _ask(self, after: int, wait: float, limit: int = PAGE) -> _Page:
        answer = await self._client.get(
            "/v1/changes",
            params={"after": after, "limit": limit, "wait": wait},
            headers={"Authorization": f"Bearer {self._token_file.read_text().strip()}"}
            if self._token_file
            else {},
            timeout=httpx.Timeout(PATIENCE, read=wait + PATIENCE),
        )
        answer.raise_for_status()
        return _Page.model_validate_json(answer.content)

    def _deliveries(self, page: _Page, after: int) -> list[Delivery]:
        deliveries: list[Delivery] = []
        for item in page.items:
            event, problem = _read(item)
            after = max(after, event.sequence) if event else after
            # a malformed event has no position of its own: it takes that of the event before it
            place = MessagePlace(self._source, 0, after)
            key = event.key.encode() if event else None
            deliveries.append(Delivery(place, event, problem, key, orjson.dumps(item), ()))
        return deliveries

    async def _be_patient(self, error: Exception, wait: float) -> None:
        if self._streak.failed():
            log.warning("producer_unreachable", source=self._source, error=_words(error))
        await self._streak.wait(most=wait)

    def _answered(self) -> None:
        if failures := self._streak.succeeded():
            log.info("producer_reached_again", source=self._source, failures=failures)


def _read(item: object) -> tuple[CloudEvent | None, str | None]:
    try:
        return from_json(item), None
    except MalformedEvent as problem:
        return None, str(problem)


def _words(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return type(error).__name__
