"""A ledger in a test's hands: what a worker's loops would do, done when the test says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

from shared.chassis.worker import deadlines
from shared.deadlines.poller import Poller
from shared.deadlines.table import DeadlineList
from shared.deadlines.upkeep import LedgerUpkeep
from shared.kernel.clock import Clock
from shared.persistence.engine import driver_url
from shared.persistence.projector import Projector
from tests.support.appeals.live import Live
from tests.support.incidents.service import Running

Row = dict[str, Any]


class Hands:
    """Follow, fold, look; and read the ledger's rows."""

    def __init__(self, works: LedgerUpkeep, clock: Clock, url: str) -> None:
        self.ledger, self.follower, self.url = works.ledger, works.follower, url
        self.projector = Projector(works.ledger.engine, works.ledger.tail, DeadlineList())
        self.poller = Poller(works.ledger, clock, grace=timedelta(seconds=1))

    async def follow(self) -> None:
        """The ledger knows all facts so far, its own included."""
        while await self.follower.catch_up() + await self.projector.catch_up():
            pass

    async def look(self) -> int:
        """How many notices there were, with the ledger up to date before and after."""
        await self.follow()
        noticed = await self.poller.look()
        await self.follow()
        return noticed

    async def rows(self, clock: str | None = None) -> list[Row]:
        """The rows of the table, the earliest due first, with the ledger up to date."""
        await self.follow()
        return rows_of(self.url, clock)


def rows_of(url: str, clock: str | None = None) -> list[Row]:
    """The rows of a database's table, the earliest due first."""
    query = "SELECT * FROM deadlines WHERE coalesce(%s, clock) = clock ORDER BY due_at, id"
    with psycopg.connect(driver_url(url), autocommit=True) as connection:
        cursor = connection.execute(query, (clock,))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def of_incidents(service: Running) -> Hands:
    return Hands(deadlines(service.base, service.clock), service.clock, service.settings.database_url)


def of_appeals(live: Live) -> Hands:
    return Hands(deadlines(live.parts, live.clock), live.clock, live.parts.settings.database_url)
