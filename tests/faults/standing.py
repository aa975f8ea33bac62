"""One cell of the fault table: cases are filed, something breaks, and what must hold is looked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.faults.cells import Cell, Seen, notebook, write_down
from tests.faults.injections import INJECTIONS
from tests.support.eventually import eventually
from tests.support.system.filings import Clients, Journal
from tests.support.system.listing import all_of, every_message_is_delivered
from tests.support.system.wired import Wired, wired
from tests.support.terminal import report

PER_SECOND = 3.0  # filings
BEFORE, AFTER = 1.5, 2.0  # seconds of filing before the fault and after it
PATIENT, HASTY = 90.0, 5.0  # seconds until a client gives an attempt up; hasty where only that helps


@dataclass(frozen=True)
class Standing:
    """The system that lives through all cells of a transport, and all that was ever acknowledged there."""

    wired: Wired
    journal: Journal


@contextmanager
def standing_on(transport: str) -> Iterator[Standing]:
    """Run it for as long as the block."""
    with wired(transport) as made:
        yield Standing(made, Journal())


async def run_cell(standing: Standing, cell: Cell, config: pytest.Config) -> None:
    """File, let the fault happen, file on; then all that must hold does, within the cell's time."""
    system, repeated = standing.wired, standing.wired.mailroom.repeats()
    journal, healed, ready = await file_through(cell, system)
    standing.journal.acknowledged |= journal.acknowledged
    await concluded_and_mailed(system, journal, cell.within)
    mailed = time.monotonic() - healed
    at_rest = partial(
        every_message_is_delivered, system.system
    )  # a mail whose 250 was lost comes again, later
    await eventually(at_rest, within=cell.within, every=1.0)
    repeats = system.mailroom.repeats() - repeated
    seen = Seen(
        filings=len(journal.acknowledged),
        failures=dict(sorted(journal.failures.items())),
        slowest=round(journal.slowest, 1),
        ready_after=round(ready, 1),
        mailed_after=round(mailed, 1),
        repeats=repeats,
    )
    write_down(cell, seen, notebook())
    report(config, f"{cell.name}: {seen}")
    assert not journal.unexplained
    assert cell.clients == "repeat" or not journal.failures
    assert repeats <= cell.repeats
    assert not system.mailroom.said_twice()
    if cell.name == "clock-latency":
        late = [case["late"] for case in listed_of(system, journal)]
        assert set(late) == {True, False}, "those filed two days ahead are late, and only those"


async def file_through(cell: Cell, system: Wired) -> tuple[Journal, float, float]:
    """File before, while and after; what was acknowledged, when the fault was over, and all ready again."""
    journal, over = Journal(), asyncio.Event()
    timeout = HASTY if cell.name == "api-half-open" else PATIENT
    clients = Clients(system.system, journal, PER_SECOND, door=system.door, timeout=timeout)
    filing = asyncio.create_task(clients.file_until(over.is_set))
    try:
        await asyncio.sleep(BEFORE)
        await INJECTIONS[cell.name](system)
        healed = time.monotonic()
        ready, _ = await asyncio.gather(all_ready(system, cell, healed), asyncio.sleep(AFTER))
    finally:
        over.set()
        await filing
    return journal, healed, ready


async def all_ready(system: Wired, cell: Cell, healed: float) -> float:
    """Seconds from the end of the fault until every door says that it is ready."""

    async def ready() -> bool:
        assert await asyncio.to_thread(system.not_ready) == []
        return True

    await eventually(ready, within=healed + cell.within - time.monotonic(), every=0.2)
    return time.monotonic() - healed


async def concluded_and_mailed(system: Wired, journal: Journal, within: float) -> None:
    """Each filing in the journal is there once and concluded, and its confirmation is in the mailbox once."""

    async def mailed() -> bool:
        await asyncio.to_thread(system.mailroom.look)
        assert journal.acknowledged.keys() - system.mailroom.confirmed().keys() == set()
        return True

    async def concluded() -> bool:
        cases = await asyncio.to_thread(listed_of, system, journal)
        assert [case["status"] for case in cases] == ["processed"] * len(journal.acknowledged)
        return True

    await eventually(mailed, within=within, every=0.25)
    await eventually(concluded, within=within, every=0.5)
    confirmed = system.mailroom.confirmed()
    assert {number: confirmed[number] for number in journal.acknowledged} == dict.fromkeys(
        journal.acknowledged, 1
    )


def listed_of(system: Wired, journal: Journal) -> list[dict[str, Any]]:
    """The cases in the journal, as the list has them."""
    ours = set(journal.acknowledged.values())
    return [case for case in all_of(system.system, "incidents", "/v1/incidents") if case["id"] in ours]
