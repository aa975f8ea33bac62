"""What a feed has read is handed on, or read again: a position that cannot be kept loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.messaging.consuming.cursor import Cursor
from shared.messaging.consuming.feed import Delivery, MessagePlace
from shared.persistence.faults import StoreUnavailable


class Kept:
    """The table of positions, and an engine in front of it that may be away."""

    def __init__(self) -> None:
        self.position = 0
        self.away = False

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[None]:
        if self.away:
            raise ConnectionResetError
        yield

    begin = connect

    async def get(self, _connection: AsyncConnection, _name: str) -> int:
        return self.position

    async def put(self, _connection: AsyncConnection, _name: str, position: int) -> None:
        self.position = position


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    made = Kept()
    monkeypatch.setattr("shared.messaging.consuming.cursor.positions", made)
    return made


@pytest.fixture
def cursor(kept: Kept) -> Cursor:
    return Cursor(cast("AsyncEngine", kept), "mailer", "/incidents")


def deliveries(*positions: int) -> list[Delivery]:
    return [Delivery(MessagePlace("/incidents", 0, at), None, None, None, b"", ()) for at in positions]


async def test_what_was_read_while_the_database_was_away_is_read_again(cursor: Cursor, kept: Kept) -> None:
    assert await cursor.read_to() == 0
    kept.away = True
    with pytest.raises(StoreUnavailable):
        await cursor.took(deliveries(3, 4), 4)  # 1 and 2 are not public: there is something to keep
    kept.away = False
    assert await cursor.read_to() == 0


async def test_later_news_do_not_cover_what_nobody_got(cursor: Cursor, kept: Kept) -> None:
    await cursor.read_to()
    kept.away = True
    with pytest.raises(StoreUnavailable):
        await cursor.took(deliveries(3), 3)
    kept.away = False
    behind = await cursor.read_to()
    read_on = [at for at in (3, 5) if at > behind]
    await cursor.took(deliveries(*read_on), 5)
    await cursor.done(deliveries(*read_on))
    assert (read_on, kept.position) == ([3, 5], 5)


async def test_what_is_done_and_cannot_be_kept_may_be_said_again(cursor: Cursor, kept: Kept) -> None:
    await cursor.read_to()
    await cursor.took(deliveries(1), 1)
    kept.away = True
    with pytest.raises(StoreUnavailable):
        await cursor.done(deliveries(1))
    kept.away = False
    await cursor.done(deliveries(1))
    assert kept.position == 1
