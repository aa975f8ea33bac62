"""The list on real PostgreSQL: scope, filters, order, pages, rebuild (contract §2, §5; HR-29)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from services.notifications.read_model.message_list import MessageList
from services.notifications.read_model.tables import message_list, metadata
from shared.chassis.rebuild import rebuild
from shared.kernel.actor import Actor
from shared.persistence.projector import Projector
from tests.support.contracts.published import appeal_denied, case_number, incident_submitted
from tests.support.http.tokens import (
    AUDITOR,
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA_COORDINATOR,
    NEIGHBOUR_SCHOOL,
    NEIGHBOUR_SITE_COORDINATOR,
    OTHER_LEA,
    OTHER_LEA_COORDINATOR,
    OTHER_SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
)
from tests.support.notifications.world import World, settings_for, world

OURS, NEIGHBOURS, OTHERS = case_number(1), case_number(2), case_number(3)

STATEWIDE = (CALTAC_AGENT, CDE_REVIEWER, AUDITOR, SYSTEM)


@asynccontextmanager
async def filled(database: str) -> AsyncIterator[World]:
    """Messages of our school (1), of the neighbour school (2) and of another LEA (3)."""
    async with world(settings_for(database, 1)) as there:
        await there.happened(
            incident_submitted(1),
            appeal_denied(1),
            incident_submitted(2, school=NEIGHBOUR_SCHOOL, cde_copy=False),
            incident_submitted(3, lea=OTHER_LEA, school=OTHER_SCHOOL, cde_copy=False),
        )
        await Projector(there.base.engine, there.base.tail, MessageList()).catch_up()
        yield there


async def cases_listed(there: World, actor: Actor, **query: str) -> list[str]:
    answer = await there.get("/v1/notifications", actor, **query)
    assert answer.status_code == 200, answer.text
    return sorted(item["case_number"] for item in answer.json()["items"])


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (SITE_COORDINATOR, [OURS] * 3),
        (NEIGHBOUR_SITE_COORDINATOR, [NEIGHBOURS]),
        (LEA_COORDINATOR, [OURS] * 3 + [NEIGHBOURS]),
        (OTHER_LEA_COORDINATOR, [OTHERS]),
        *(
            (actor, [OURS] * 3 + [NEIGHBOURS, OTHERS])
            for actor in (CALTAC_AGENT, CDE_REVIEWER, AUDITOR, SYSTEM)
        ),
    ],
    ids=lambda part: getattr(part, "sub", ""),
)
async def test_everybody_sees_the_messages_of_their_cases(
    database: str, actor: Actor, expected: list[str]
) -> None:
    async with filled(database) as there:
        assert await cases_listed(there, actor) == expected


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"case_number": OURS}, 3),
        ({"case_number": OTHERS}, 1),
        ({"case_number": "2018-19-999999"}, 0),
        ({"status": "created"}, 5),
        ({"status": "delivered"}, 0),
        ({"kind": "cde_copy"}, 1),
        ({"kind": "case_submitted"}, 3),
        ({"kind": "note_added"}, 0),
        ({"recipient": "desk@cde.example.org"}, 1),
        ({"recipient": "SITE-1@Example.org"}, 4),
        ({"kind": "appeal_decided", "case_number": OURS}, 1),
    ],
    ids=str,
)
async def test_the_list_is_filtered(database: str, query: dict[str, str], count: int) -> None:
    async with filled(database) as there:
        assert len(await cases_listed(there, AUDITOR, **query)) == count


async def test_pages_hold_everything_once_newest_first(database: str) -> None:
    async with filled(database) as there:
        seen: list[dict[str, str]] = []
        query = {"limit": "2"}
        while True:
            answer = (await there.get("/v1/notifications", AUDITOR, **query)).json()
            seen += answer["items"]
            if answer["next_cursor"] is None:
                break
            query["cursor"] = answer["next_cursor"]
        assert len({item["id"] for item in seen}) == len(seen) == 5
        assert [item["created_at"] for item in seen] == sorted(
            (item["created_at"] for item in seen), reverse=True
        )


async def test_a_rebuild_gives_the_same_list(database: str) -> None:
    async with filled(database) as there:
        before = (await there.get("/v1/notifications", AUDITOR)).json()
        said: list[tuple[str, int, int]] = []
        await rebuild(there.base, lambda *told: said.append(told))
        after = (await there.get("/v1/notifications", AUDITOR)).json()
    assert before == after
    assert len(before["items"]) == 5
    assert {name for name, _, _ in said} == {"message_list", "deadlines"}
    assert said[-1][1] == said[-1][2]


def columns_of(connection: sa.Connection, table: str) -> dict[str, tuple[str, bool]]:
    return {
        column["name"]: (column["type"].compile(dialect=connection.dialect), column["nullable"])
        for column in sa.inspect(connection).get_columns(table)
    }


async def test_the_tables_are_what_the_code_says(database: str) -> None:
    async with filled(database) as there, there.base.engine.connect() as connection:
        for table in metadata.sorted_tables:
            assert await connection.run_sync(columns_of, table.name) == {
                column.name: (column.type.compile(dialect=connection.dialect), column.nullable)
                for column in table.columns
            }
    assert message_list.primary_key.columns.keys() == ["id"]


async def test_the_process_is_ready_once_the_database_is_migrated(database: str) -> None:
    async with filled(database) as there:
        answer = await there.api.get("/readyz")
    assert answer.status_code == 200, answer.text
