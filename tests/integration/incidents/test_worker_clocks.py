"""The real worker, and a sandbox clock that is moved by its file: from the draft to the missed 24 hours."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.incidents.bootstrap import CONSUMER, INCIDENTS
from services.incidents.settings import IncidentsSettings
from shared.chassis.definition import Foundation
from shared.chassis.foundation import foundation
from shared.chassis.worker import worker_loops
from shared.http.instants import as_text
from shared.kernel.clock import SystemClock
from shared.process.loops import Loop, run_loops
from tests.support.eventually import eventually
from tests.support.http.tokens import LEA_COORDINATOR, bearer
from tests.support.incidents.bodies import charts_on_walls
from tests.support.incidents.service import Running, drafted

HOUR = 3600


@pytest.mark.timeout(300)
async def test_a_moved_clock_brings_the_warning_and_then_the_miss(service: Running, tmp_path: Path) -> None:
    offset = tmp_path / "clock"
    ours = SystemClock().now()
    service.clock.advance(ours - service.clock.now())
    settings = service.settings.model_copy(update={"stairs_clock_file": offset})
    stop = asyncio.Event()
    async with foundation(INCIDENTS, settings) as base:
        work = asyncio.create_task(run_loops(without_appeals(base), stop=stop))
        now = ours.isoformat()
        await drafted(service, charts_on_walls(occurred_at=now, discovered_at=now))
        offset.write_text(str(21 * HOUR))
        warned = await eventually(lambda: warnings(service), within=90)
        offset.write_text(str(25 * HOUR))
        missed = await eventually(lambda: clocks(service, "missed"), within=90)
        stop.set()
        await work
    assert warned == ["PT4H"]
    assert [(item["clock"], item["due_at"]) for item in missed if item["clock"] == "K3"] == [
        ("K3", as_text(ours + timedelta(hours=24)))
    ]


def without_appeals(base: Foundation[IncidentsSettings]) -> dict[str, Loop]:
    """All but the one that follows the appeals service, which is not there."""
    return {name: loop for name, loop in worker_loops(base).items() if name != f"consumer:{CONSUMER}"}


async def clocks(service: Running, state: str) -> list[dict[str, Any]]:
    answer = await service.http.get("/v1/deadlines", params={"state": state}, headers=bearer(LEA_COORDINATOR))
    found: list[dict[str, Any]] = answer.json()["items"]
    return found if "K3" in {item["clock"] for item in found} else []


async def warnings(service: Running) -> list[str]:
    found = await clocks(service, "running")
    return [each["warning"] for item in found for each in item["warnings"] if each["noticed_at"]]
