"""The dead letters of one database, for operators to read, replay and discard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.cloud_events import MalformedEvent, from_json, from_message
from shared.messaging.consuming.feed import Delivery, Failure, MessagePlace
from shared.messaging.dead_letters.parking import LONGEST_REASON, plain
from shared.messaging.kafka.client import Headers
from shared.persistence.faults import translated
from shared.persistence.tables import DEAD_LETTERS

COLUMNS = DEAD_LETTERS.c
WAITING = sa.and_(COLUMNS.replayed_at.is_(None), COLUMNS.discarded_at.is_(None))
"""The letters that are neither replayed nor discarded."""


@dataclass(frozen=True)
class DeadLetter:
    """One message that could not be handled."""

    number: int
    consumer: str
    place: MessagePlace
    headers: Headers
    value: bytes
    reason: str
    attempts: int
    parked_at: datetime
    replayed_at: datetime | None
    discarded_at: datetime | None
    discard_reason: str | None
    discarded_by: str | None

    @property
    def waits(self) -> bool:
        """Whether it is neither replayed nor discarded."""
        return self.replayed_at is None and self.discarded_at is None

    @property
    def came_by_kafka(self) -> bool:
        """Whether it came from a topic; a place in an HTTP feed begins with a ``ce_source``, so a slash."""
        return not self.place.stream.startswith("/")

    @property
    def type(self) -> str | None:
        """Its ``ce_type``, as far as it can be read."""
        told = dict(self.headers).get("ce_type")
        if told is not None:
            return told.decode()
        value = _json(self.value)
        return str(value["type"]) if isinstance(value, dict) and "type" in value else None

    def delivery(self) -> Delivery:
        """The message as a feed would bring it."""
        try:
            structured = not self.headers
            event = from_json(_json(self.value)) if structured else from_message(self.headers, self.value)
        except MalformedEvent as problem:
            return Delivery(self.place, None, str(problem), None, self.value, self.headers)
        return Delivery(self.place, event, None, event.key.encode(), self.value, self.headers)


class DeadLetterRegister:
    """Rows of ``dead_letters``. Every call raises ``StoreUnavailable`` while the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def waiting(self) -> list[DeadLetter]:
        """All that wait, oldest first."""
        return await self._letters(WAITING)

    async def discarded(self) -> list[DeadLetter]:
        """All that were discarded, oldest first."""
        return await self._letters(COLUMNS.discarded_at.is_not(None))

    async def numbered(self, number: int) -> DeadLetter | None:
        """The letter of this number, whatever became of it; None if there is none."""
        found = await self._letters(COLUMNS.id == number)
        return found[0] if found else None

    async def replayed(self, numbers: Sequence[int]) -> None:
        """Mark these as replayed: published again, or handled."""
        await self._update(COLUMNS.id.in_(numbers), replayed_at=sa.func.now())

    async def failed_again(self, number: int, failure: Failure) -> None:
        """Note that a replay failed: the letter goes on waiting, with the newest reason."""
        await self._update(
            COLUMNS.id == number,
            reason=plain(failure.reason)[:LONGEST_REASON],
            attempts=COLUMNS.attempts + failure.attempts,
        )

    async def discard(self, number: int, reason: str, by: str) -> bool:
        """Discard it; the row keeps when, by whom and why. False if it does not wait."""
        said = {"discard_reason": plain(reason)[:LONGEST_REASON], "discarded_by": plain(by)[:LONGEST_REASON]}
        return await self._update(COLUMNS.id == number, discarded_at=sa.func.now(), **said) == 1

    async def _letters(self, which: sa.ColumnElement[bool]) -> list[DeadLetter]:
        with translated():
            async with self._engine.connect() as connection:
                rows = await connection.execute(sa.select(DEAD_LETTERS).where(which).order_by(COLUMNS.id))
                return [_letter(row) for row in rows.mappings()]

    async def _update(self, which: sa.ColumnElement[bool], **values: object) -> int:
        with translated():
            async with self._engine.begin() as connection:
                done = await connection.execute(
                    sa.update(DEAD_LETTERS).where(which, WAITING).values(**values)
                )
        return done.rowcount


def _letter(row: sa.RowMapping) -> DeadLetter:
    stream, partition, offset = row["place"].rsplit(":", 2)
    return DeadLetter(
        number=row["id"],
        consumer=row["consumer"],
        place=MessagePlace(stream, int(partition), int(offset)),
        headers=tuple((name, text.encode()) for name, text in row["headers"].items()),
        value=row["value"],
        reason=row["reason"],
        attempts=row["attempts"],
        parked_at=row["parked_at"],
        replayed_at=row["replayed_at"],
        discarded_at=row["discarded_at"],
        discard_reason=row["discard_reason"],
        discarded_by=row["discarded_by"],
    )


def _json(value: bytes) -> object:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
