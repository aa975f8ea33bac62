"""`kill -9` at random while cases are filed, and what is left of it: `make chaos CYCLES=2000 [SEED=…]`.

A cycle is one kill of a process that runs: first of each process once, then of a random one of a random kind
(API, worker, relay, PostgreSQL, Kafka), half a second to three seconds after the one before, whether or not
that one is back. The seed names the order.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from deploy.console.local.postgres_process import postmaster
from deploy.console.ports import SERVICES
from tests.support.eventually import eventually
from tests.support.system.filings import Clients, Journal
from tests.support.system.killing import pids
from tests.support.system.listing import all_of, every_message_is_delivered
from tests.support.system.wired import Wired, wired

PER_SECOND = 4.0  # filings
BREATH = (0.5, 3.0)  # seconds between two kills
BACK_WITHIN = 120.0  # seconds until a killed process must run again, on a busy machine
SETTLED_WITHIN = 300.0
REPEATING = ("notifications-worker", "postgres")  # whose death may make a mail come twice

Tell = Callable[[int, str], None]
"""Called with the number of a cycle and the name of its victim."""


def kinds(transport: str) -> dict[str, tuple[str, ...]]:
    """Who may be killed, by kind."""
    found = {verb: tuple(f"{service}-{verb}" for service in SERVICES) for verb in ("api", "worker")}
    if transport == "kafka":
        found["relay"] = tuple(f"{service}-relay" for service in SERVICES)
        found["kafka"] = ("kafka",)
    return found | {"postgres": ("postgres",)}


def order(transport: str, cycles: int, seed: int) -> Iterator[str]:
    """The victims, one after the other."""
    chance = random.Random(f"{seed}/{transport}")
    by_kind = kinds(transport)
    first = [name for names in by_kind.values() for name in names]
    chance.shuffle(first)
    for number in range(cycles):
        yield first[number] if number < len(first) else chance.choice(by_kind[chance.choice(list(by_kind))])


@dataclass
class Kill:
    """One death."""

    name: str
    pid: int
    at: float
    back_after: float | None = None  # seconds


@dataclass
class Killing:
    """Kills in the order of the seed, and notes when each victim is back."""

    wired: Wired
    kills: list[Kill] = field(default_factory=list)

    async def run(self, transport: str, cycles: int, seed: int, tell: Tell) -> None:
        chance = random.Random(seed)
        watching = asyncio.create_task(self._watch())
        for number, name in enumerate(order(transport, cycles, seed), start=1):
            await asyncio.sleep(chance.uniform(*BREATH))
            await eventually(partial(self._kill, name), within=BACK_WITHIN, every=0.1)
            tell(number, name)
        await eventually(self._all_back, within=BACK_WITHIN, every=0.2)
        watching.cancel()

    async def _kill(self, name: str) -> bool:
        alive = await asyncio.to_thread(self._alive)
        if name not in alive or not await asyncio.to_thread(self.wired.kill, name):
            return False
        self.kills.append(Kill(name, alive[name], time.monotonic()))
        return True

    async def _all_back(self) -> bool:
        return all(kill.back_after is not None for kill in self.kills)

    async def _watch(self) -> None:
        while True:
            alive = await asyncio.to_thread(self._alive)
            for kill in self.kills:
                if kill.back_after is None and alive.get(kill.name, kill.pid) != kill.pid:
                    kill.back_after = time.monotonic() - kill.at
            await asyncio.sleep(0.25)

    def _alive(self) -> dict[str, int]:
        place = self.wired.system.place
        apart = {"postgres": postmaster(place.postgres), "kafka": self.wired.broker_pid}
        return pids(place) | {name: pid for name, pid in apart.items() if pid is not None}


@dataclass(frozen=True)
class Aftermath:
    """What is left when the stream has ended and everything has come to rest."""

    transport: str
    seed: int
    wired: Wired
    journal: Journal
    kills: list[Kill]
    seconds: float

    @property
    def summary(self) -> str:
        slowest = max(self.kills, key=lambda kill: kill.back_after or 0.0)
        deaths = Counter(kill.name.rpartition("-")[2] for kill in self.kills).most_common()
        by_kind = ", ".join(f"{count} {kind}" for kind, count in deaths)
        return (
            f"{self.transport}, seed {self.seed}: {len(self.kills)} kills "
            f"({by_kind}) in {self.seconds:.0f} s; "
            f"{len(self.journal.acknowledged)} filings by {self.journal.attempts} requests, "
            f"{len(self.wired.mailroom.mails)} mails, {self.wired.mailroom.repeats()} of them repeated; "
            f"back after at most {slowest.back_after or 0:.1f} s ({slowest.name})"
        )


@contextmanager
def chaos(transport: str, cycles: int, seed: int, tell: Tell) -> Iterator[Aftermath]:
    """A system that has lived through it, and runs on as long as the block."""
    with wired(transport) as system:
        began = time.monotonic()
        journal, kills = asyncio.run(_file_while_killing(system, transport, cycles, seed, tell))
        seconds = time.monotonic() - began
        asyncio.run(_come_to_rest(system, journal))
        yield Aftermath(transport, seed, system, journal, kills, seconds)


async def _file_while_killing(
    system: Wired, transport: str, cycles: int, seed: int, tell: Tell
) -> tuple[Journal, list[Kill]]:
    journal, over, killing = Journal(), asyncio.Event(), Killing(system)
    filing = asyncio.create_task(Clients(system.system, journal, PER_SECOND).file_until(over.is_set))
    try:
        await killing.run(transport, cycles, seed, tell)
    finally:
        over.set()
        await filing
    return journal, killing.kills


async def _come_to_rest(system: Wired, journal: Journal) -> None:
    """Until the last mail is delivered: what a killed sender had in hand is taken up after its lease."""

    async def mailed() -> bool:
        system.mailroom.look()
        missing = journal.acknowledged.keys() - system.mailroom.confirmed().keys()
        assert not missing, f"{len(missing)} of {len(journal.acknowledged)} confirmations are not mailed"
        return True

    await eventually(mailed, within=SETTLED_WITHIN, every=0.5)
    await eventually(partial(_concluded, system), within=SETTLED_WITHIN, every=1.0)
    await eventually(partial(every_message_is_delivered, system.system), within=SETTLED_WITHIN, every=1.0)
    system.mailroom.look()


async def _concluded(system: Wired) -> bool:
    listed = await asyncio.to_thread(all_of, system.system, "incidents", "/v1/incidents")
    open_ones = Counter(str(case["status"]) for case in listed) - Counter({"processed": len(listed)})
    assert not open_ones, f"of {len(listed)} cases are not concluded: {open_ones}"
    return True
