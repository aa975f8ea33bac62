"""The worker's loops over a producer's changes feed: it learns, it parks what it cannot read, it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from services.appeals.read_model.known_cases import KnownCaseTable
from services.appeals.read_model.tables import appeal_list
from shared.chassis.worker import worker_loops
from shared.messaging.cloud_events import to_json
from shared.persistence.tables import DEAD_LETTERS
from shared.process.loops import run_loops
from tests.support.appeals.live import Live, live_appeals, settings_for, submitted
from tests.support.appeals.states import CHEATING, FIRE_DRILL, ILLNESS, SITE_COORDINATOR, STUDENT
from tests.support.eventually import eventually
from tests.support.logbooks.chronicle import TOKEN, ChangesDoor, served
from tests.support.servers.ports import free_port

Json = dict[str, Any]

PERSON = ("sub", "name", "email", "role")
AS_HEARD = replace(CHEATING, submitted_by={name: CHEATING.submitted_by[name] for name in PERSON})


class IncidentsDoor(ChangesDoor):
    """The incidents service's feed, as far as a consumer sees it."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.garbage: list[object] = []
        self.broken = False

    def publish(self, event: Json) -> None:
        self.events.append({**event, "sequence": str(len(self.events) + 1)})

    async def _page(self, asked: dict[str, list[str]]) -> Json:
        after = int(asked["after"][0])
        if len(self.events) <= after:
            await asyncio.sleep(0.05)
        return {"items": self.events[after:], "next_after": max(after, len(self.events))}


@pytest.fixture
def door() -> IncidentsDoor:
    return IncidentsDoor()


@pytest_asyncio.fixture
async def live(database: str, door: IncidentsDoor, tmp_path: Path) -> AsyncIterator[Live]:
    """An API and a worker that follows the door."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    stop = asyncio.Event()
    async with live_appeals(database) as service, served(door, free_port()) as url:
        more = {"incidents_url": url, "system_token_file": str(token)}
        loops = worker_loops(replace(service.parts, settings=settings_for(database, **more)))
        worker = asyncio.create_task(run_loops(loops, stop=stop))
        yield service
        stop.set()
        await worker


async def dead_letters(live: Live) -> list[str]:
    async with live.parts.engine.connect() as connection:
        return list(await connection.scalars(sa.select(DEAD_LETTERS.c.reason)))


async def test_the_worker_learns_of_cases_and_keeps_the_list(live: Live, door: IncidentsDoor) -> None:
    door.publish(to_json(submitted(CHEATING)))
    cases = KnownCaseTable(live.parts.engine)
    assert await eventually(lambda: cases.find(CHEATING.case_number)) == AS_HEARD
    student = {"student_ref": STUDENT, "event_state": "started"}
    body = {"case_number": CHEATING.case_number, "appeal_type": "invalidate", "students": [student]}
    assert (await live.post("/v1/appeals", SITE_COORDINATOR, body)).status_code == 201

    async def listed() -> int:
        async with live.parts.engine.connect() as connection:
            count = await connection.scalar(sa.select(sa.func.count()).select_from(appeal_list))
        return count or 0

    assert await eventually(listed) == 1


async def test_a_poison_message_is_parked_with_its_reason_and_the_next_is_handled(
    live: Live, door: IncidentsDoor
) -> None:
    poison = to_json(submitted(FIRE_DRILL))
    door.publish({**poison, "data": {"case_number": FIRE_DRILL.case_number}})
    door.publish(to_json(submitted(ILLNESS)))
    cases = KnownCaseTable(live.parts.engine)
    assert await eventually(lambda: cases.find(ILLNESS.case_number), within=30)
    assert len(await dead_letters(live)) == 1
    assert await cases.find(FIRE_DRILL.case_number) is None


async def test_events_that_nobody_asked_for_are_passed_over(live: Live, door: IncidentsDoor) -> None:
    door.publish({**to_json(submitted(FIRE_DRILL)), "type": "stairs.incident.processed.v1"})
    door.publish(to_json(submitted(ILLNESS)))
    cases = KnownCaseTable(live.parts.engine)
    assert await eventually(lambda: cases.find(ILLNESS.case_number))
    assert await dead_letters(live) == []


async def test_a_submission_published_anew_under_another_id_changes_nothing(
    live: Live, door: IncidentsDoor
) -> None:
    door.publish(to_json(submitted(CHEATING)))
    door.publish({**to_json(submitted(CHEATING)), "id": "another"})
    door.publish(to_json(submitted(ILLNESS)))
    cases = KnownCaseTable(live.parts.engine)
    await eventually(lambda: cases.find(ILLNESS.case_number))
    assert await cases.find(CHEATING.case_number) == AS_HEARD
