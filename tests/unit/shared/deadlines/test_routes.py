"""``GET /v1/deadlines`` over rows folded from real facts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from eventsourcing.domain import DomainEvent
from fastapi import FastAPI

from shared.deadlines.deadline import Deadline
from shared.deadlines.routes import router
from shared.deadlines.search import DeadlineCriteria, DeadlineRow, LastSeen
from shared.deadlines.table import DeadlineList
from shared.http.app import build_app
from shared.http.readiness import Readiness
from shared.kernel.actor import Actor
from tests.support.http.tokens import LEA_COORDINATOR, authenticator, bearer
from tests.support.logbooks.deadline_states import DUE, HOUR, due, met, missed, running, waived


class Rows:
    """Finds the same rows whatever is asked."""

    def __init__(self, *deadlines: Deadline) -> None:
        self.rows = [_row(deadline) for deadline in deadlines]

    async def find(
        self, _wanted: DeadlineCriteria, _actor: Actor, *, after: LastSeen | None, limit: int
    ) -> Sequence[DeadlineRow]:
        return self.rows[:limit] if after is None else []


def _row(deadline: Deadline) -> DeadlineRow:
    row: DeadlineRow | None = None
    for fact in deadline.collect_events():
        assert isinstance(fact, DomainEvent)
        row = DeadlineList().fold(row, fact)
    assert row is not None
    return row


async def listed(rows: Rows, **asked: object) -> httpx.Response:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = build_app(
        title="Ledger",
        version="1",
        lifespan=lifespan,
        routers=[router],
        auth=authenticator(),
        readiness=Readiness(),
    )
    app.state.deadlines = rows
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ledger") as http:
        query = {name: str(value) for name, value in asked.items()}
        return await http.get("/v1/deadlines", params=query, headers=bearer(LEA_COORDINATOR))


@pytest.mark.parametrize("deadline", [running(), missed(), met(), waived()])
async def test_a_deadline_is_answered_in_every_state(deadline: Deadline) -> None:
    answer = await listed(Rows(deadline))
    (item,) = answer.json()["items"]
    assert (item["id"], item["version"]) == (str(deadline.id), deadline.version)
    assert (item["clock"], item["due_at"], item["school"]) == ("K3", "2019-04-13T17:30:00Z", "19647336012345")


async def test_instants_within_a_deadline_are_in_utc_with_z() -> None:
    deadline = running()
    deadline.notice(DUE - 4 * HOUR + timedelta(microseconds=5))
    deadline.require(due(DUE + HOUR, at=DUE - 3 * HOUR))
    (item,) = (await listed(Rows(deadline))).json()["items"]
    assert [warning["at"] for warning in item["warnings"]] == ["2019-04-13T17:30:00Z"]
    (change,) = item["retimings"]
    assert (change["old_due_at"], change["new_due_at"]) == ("2019-04-13T17:30:00Z", "2019-04-13T18:30:00Z")


async def test_a_warning_says_when_it_was_noticed() -> None:
    deadline = running()
    deadline.notice(DUE - 4 * HOUR + timedelta(microseconds=5))
    (item,) = (await listed(Rows(deadline))).json()["items"]
    assert [warning["noticed_at"] for warning in item["warnings"]] == ["2019-04-13T13:30:00.000005Z", None]


async def test_a_page_says_where_the_next_one_begins() -> None:
    first = (await listed(Rows(running(), running(subject="other")), limit=1)).json()
    assert (len(first["items"]), first["next_cursor"] is None) == (1, False)
