"""Puts together what keeps one service's ledger: the follower of its facts and the poller."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.deadlines.follower import DeadlineReaction, Follower
from shared.deadlines.ledger import Ledger
from shared.deadlines.poller import Poller, Told
from shared.deadlines.streams import Streams
from shared.kernel.clock import Clock
from shared.persistence.codec import Codec
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitsOfWork


@dataclass(frozen=True)
class LedgerUpkeep:
    """A worker's part in the ledger; the list of deadlines has a projector like every other list."""

    ledger: Ledger
    follower: Follower
    poller: Poller

    def loops(self) -> Mapping[str, Callable[[asyncio.Event], Awaitable[None]]]:
        """The loops by name."""
        return {"deadlines": self.follower.run, "notices": self.poller.run}


@dataclass(frozen=True)
class FactSource:
    """Where a service's facts are stored."""

    engine: AsyncEngine
    tail: Tail
    table: str


def ledger_upkeep(
    service: str, facts: FactSource, keeper: DeadlineReaction, clock: Clock, told: Told | None = None
) -> LedgerUpkeep:
    """Everything that keeps a service's ledger.

    :param service: part of the identity of its deadlines.
    :param keeper: what its facts mean for its deadlines.
    :param told: called with every notice after it is stored.
    """
    codec = Codec()
    units, streams = UnitsOfWork(facts.engine, facts.table, codec), Streams(facts.table, codec)
    ledger = Ledger(service, facts.engine, facts.tail, units, streams)
    return LedgerUpkeep(ledger, Follower(ledger, keeper), Poller(ledger, clock, told=told))
