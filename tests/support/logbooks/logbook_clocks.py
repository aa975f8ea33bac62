"""Logbooks with a deadline: each is to be burned within a day of being opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from shared.deadlines import table
from shared.deadlines.follower import Follower
from shared.deadlines.ledger import Ledger
from shared.deadlines.streams import Streams
from shared.deadlines.terms import DeadlineChange, DeadlineRule, Done, Due, deadline_id
from shared.persistence.codec import Codec, Recorded
from shared.persistence.unit_of_work import UnitOfWork, UnitsOfWork
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import ACTOR, Logbook

DAY = timedelta(days=1)
RULE = DeadlineRule("K3", "burning", DAY, ("PT4H", "PT1H"), published=True)
SERVICE = "logbooks"


class LogbookClocks:
    """The keeper of logbooks."""

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """Nothing else is looked at."""

    async def changes(self, page: Sequence[Recorded], unit: UnitOfWork) -> list[DeadlineChange]:  # noqa: ARG002 - the port's
        return [change for each in page if (change := _change(each.fact)) is not None]


def _change(fact: object) -> DeadlineChange | None:
    if isinstance(fact, Logbook.Opened):
        due_at = fact.occurred_at + DAY
        warnings = RULE.warned(due_at, fact.occurred_at)
        terms = RULE.terms("2018-19", "0")
        return Due(str(fact.originator_id), terms, due_at, fact.occurred_at, warnings)
    if isinstance(fact, Logbook.Burned):
        return Done("K3", str(fact.originator_id), fact.occurred_at)
    return None


def opened(at: datetime, number: int = 0) -> Logbook:
    return Logbook(logbook_id=UUID(int=number + 1), title=f"{number}", actor=ACTOR, occurred_at=at)


def burned(logbook: Logbook, at: datetime) -> Logbook:
    logbook._apply_burned(actor=ACTOR, occurred_at=at)
    return logbook


def deadline_of(logbook: Logbook) -> UUID:
    return deadline_id(SERVICE, "K3", str(logbook.id))


@dataclass(frozen=True)
class House:
    """One process of a worker: its own connections, the ledger of logbooks."""

    ledger: Ledger
    follower: Follower


@asynccontextmanager
async def house(event_store: EventStore) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(event_store.engine(size=6))
        tail = await stack.enter_async_context(event_store.tail())
        units = UnitsOfWork(engine, event_store.table, Codec())
        ledger = Ledger(SERVICE, engine, tail, units, Streams(event_store.table, Codec()))
        yield House(ledger, Follower(ledger, LogbookClocks()))


class _Statements:
    def __init__(self, event_store: EventStore) -> None:
        self._event_store = event_store

    def execute(self, sqltext: str, /) -> None:
        self._event_store.run(sqltext)


@pytest.fixture
def ledger_store(event_store: EventStore) -> EventStore:
    """An event store with the ledger's table beside it."""
    table.create(_Statements(event_store))
    return event_store
