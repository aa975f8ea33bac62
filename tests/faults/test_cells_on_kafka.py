"""The cells of the fault table where Apache Kafka carries the events, one after the other on one system."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.faults import outages, verdict
from tests.faults.cells import Cell, cells
from tests.faults.standing import Standing, concluded_and_mailed, run_cell, standing_on
from tests.support.eventually import eventually
from tests.support.system.filings import Clients, Journal
from tests.support.terminal import report

HERE = [cell for cell in cells() if cell.transport == "kafka"]
OUTAGE = 300.0  # seconds from its end until nothing is left of it; for a busy machine

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def standing() -> Iterator[Standing]:
    with standing_on("kafka") as made:
        yield made


@pytest.mark.parametrize("cell", HERE, ids=[cell.name for cell in HERE])
async def test_what_is_expected_of_a_fault_is_seen(
    standing: Standing, cell: Cell, pytestconfig: pytest.Config
) -> None:
    await run_cell(standing, cell, pytestconfig)


async def test_a_flipped_bit_is_found_and_the_batch_sent_again(standing: Standing) -> None:
    system, journal = standing.wired, Journal()
    system.kafka.corrupt(3, those=outages.a_whole_produce_request)
    await Clients(system.system, journal, 0.0).file(20)
    standing.journal.acknowledged |= journal.acknowledged

    async def flipped() -> bool:
        return system.kafka.still_to_corrupt == 0

    await eventually(flipped, within=OUTAGE)
    system.heal()
    await concluded_and_mailed(system, journal, OUTAGE)
    assert outages.published(system) == outages.recorded(system)


async def test_a_day_without_kafka_fails_no_filing_and_drains_in_order(
    standing: Standing, pytestconfig: pytest.Config
) -> None:
    system = standing.wired
    journal, unready = await outages.file_for_a_day_without_kafka(system)
    standing.journal.acknowledged |= journal.acknowledged
    assert len(journal.acknowledged) == outages.HOURS * outages.AN_HOURS_FILINGS
    assert not journal.failures
    assert "incidents" in unready, "whoever watches /readyz is told that Kafka is away"
    began = time.monotonic()

    async def drained() -> bool:
        there = await asyncio.to_thread(outages.published, system)
        assert there == await asyncio.to_thread(outages.recorded, system)
        return True

    await eventually(drained, within=OUTAGE, every=2.0)
    await concluded_and_mailed(system, journal, OUTAGE)
    seconds = time.monotonic() - began
    system.system.place.clock.unlink()
    words = f"{len(journal.acknowledged)} filings in {outages.HOURS} h without Kafka, none failed"
    report(pytestconfig, f"{words}; all mailed {seconds:.1f} s after it was back")


def test_after_all_of_them_nothing_is_lost(standing: Standing) -> None:
    assert not verdict.lost_or_doubled(standing.wired.system, standing.journal)


def test_after_all_of_them_every_read_model_is_right(standing: Standing) -> None:
    assert not verdict.unlike_rebuilt(standing.wired.system)
