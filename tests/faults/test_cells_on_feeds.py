"""The cells of the fault table where feeds carry the events, one after the other on one system."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults import outages, verdict
from tests.faults.cells import Cell, cells
from tests.faults.standing import Standing, concluded_and_mailed, run_cell, standing_on
from tests.support.system.filings import Clients, Journal
from tests.support.terminal import report

HERE = [cell for cell in cells() if cell.transport == "feeds"]

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def standing() -> Iterator[Standing]:
    with standing_on("feeds") as made:
        yield made


@pytest.mark.parametrize("cell", HERE, ids=[cell.name for cell in HERE])
async def test_what_is_expected_of_a_fault_is_seen(
    standing: Standing, cell: Cell, pytestconfig: pytest.Config
) -> None:
    await run_cell(standing, cell, pytestconfig)


async def test_postgres_restarted_under_load_is_said_with_503_and_loses_nothing(
    standing: Standing, pytestconfig: pytest.Config
) -> None:
    system, journal, over = standing.wired, Journal(), asyncio.Event()
    clients = Clients(system.system, journal, 6.0, timeout=90.0)
    filing = asyncio.create_task(clients.file_until(over.is_set))
    reading = asyncio.create_task(outages.read_until(system, over.is_set))
    try:
        for _ in range(3):
            await outages.restart_postgres(system)
    finally:
        over.set()
        await filing
    answers = await reading
    standing.journal.acknowledged |= journal.acknowledged
    report(
        pytestconfig, f"PostgreSQL restarted 3 times: readers got {dict(answers)}, filers {journal.failures}"
    )
    assert set(answers) == {"200", "503, Retry-After"}
    assert not journal.unexplained
    await concluded_and_mailed(system, journal, within=180)


def test_after_all_of_them_nothing_is_lost(standing: Standing) -> None:
    assert not verdict.lost_or_doubled(standing.wired.system, standing.journal)


def test_after_all_of_them_every_read_model_is_right(standing: Standing) -> None:
    assert not verdict.unlike_rebuilt(standing.wired.system)
