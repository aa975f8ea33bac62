"""The whole service as the role that owns nothing (ADR 0028): filing, lists, deadlines, erasure, rebuild."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.incidents.bootstrap import INCIDENTS
from services.incidents.providers.unnamed_keys import remove_unnamed_keys
from shared.chassis.foundation import foundation
from shared.chassis.rebuild import rebuild
from shared.persistence.migrations import migrate
from shared.persistence.privileges import Privileges
from shared.persistence.pruning import prune_receipts
from tests.support.http.tokens import (
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.incidents.bodies import FIRST, SECOND, cheating
from tests.support.incidents.service import Running, items, running, submitted
from tests.support.logbooks.ledger import of_incidents
from tests.support.servers.two_roles import TwoRoles, two_roles

MINE = bearer(LEA_COORDINATOR)


@pytest.fixture
def database(postgres_server: str) -> Iterator[TwoRoles]:
    with two_roles(postgres_server) as made:
        privileges = Privileges(made.role, INCIDENTS.table, INCIDENTS.guarded)
        migrate(made.owner, INCIDENTS.package, privileges)
        yield made


@pytest.fixture
async def service(database: TwoRoles, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(database.service, tmp_path, migrated=True) as service:
        yield service


async def test_a_case_goes_its_way(service: Running, database: TwoRoles) -> None:
    url = await submitted(service, cheating())
    await service.http.post("/v1/concerns", json={"text": "Seen."}, headers=bearer(TEST_ADMINISTRATOR))
    hands = of_incidents(service)
    await hands.follow()
    await hands.look()
    seen = await everything(service)
    counts = [len(answer) for answer in seen]
    assert seen == await everything(service, rebuilt_as=database.owner)
    assert counts[:2] + counts[4:] == [1, 1, 0, 0]
    assert min(counts[2:4]) > 0
    full = await service.http.get(f"{url}/students", headers=MINE)
    assert full.json()["ssids"] == [FIRST, SECOND]
    assert await remove_unnamed_keys(service.base.engine) == 0
    assert await prune_receipts(service.base.engine) == 0
    ((ref,), *_) = database.as_service(
        "SELECT student_ref FROM student_keys ORDER BY created_at, student_ref"
    )
    await asyncio.to_thread(database.as_service, "SELECT erase_student(%s, 'asked for')", ref)
    assert len((await service.http.get(f"{url}/students", headers=MINE)).json()["ssids"]) == 1


async def everything(service: Running, rebuilt_as: str | None = None) -> list[list[object]]:
    """What the lists answer, to those who see something and to those who do not."""
    if rebuilt_as is not None:
        settings = service.settings.model_copy(update={"owner_database_url": rebuilt_as})
        async with foundation(INCIDENTS, settings.as_owner(), every_row=True) as base:
            await rebuild(base, lambda *_: None)
    found: list[list[object]] = [
        list(await items(service)),
        list(await items(service, SITE_COORDINATOR, ssid=FIRST)),
    ]
    for path in ("concerns", "deadlines"):
        answer = await service.http.get(f"/v1/{path}", headers=MINE)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
    return [
        *found,
        list(await items(service, OTHER_LEA_COORDINATOR)),
        list(await items(service, OTHER_LEA_COORDINATOR, ssid=FIRST)),
    ]
