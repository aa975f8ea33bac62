"""K21: a mail within two hours of its trigger, as the ledger keeps it, on real PostgreSQL and real SMTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from deploy.console.local.mailbox import serving
from services.notifications.bootstrap import dispatch, messages_in
from services.notifications.messaging import inbound
from services.notifications.reactions.delivery_deadline import triggered_at, with_deadlines
from shared.chassis.worker import deadlines
from shared.contracts.envelope import CloudEvent
from shared.kernel.clock import FixedClock
from shared.process.clock import clock_for
from tests.support.contracts.published import LEA, SCHOOL, incident_submitted
from tests.support.eventually import eventually
from tests.support.logbooks.ledger import Hands, Row
from tests.support.notifications.world import World, settings_for, world
from tests.support.servers.ports import free_port

HOURS_2 = timedelta(hours=2)


def just_now() -> CloudEvent:
    return replace(incident_submitted(), time=datetime.now(UTC))


def hands_of(there: World, clock: FixedClock) -> Hands:
    works = deadlines(there.base, clock)
    hands = Hands(works, clock, there.settings.database_url)
    hands.poller = works.poller
    return hands


async def happened(there: World, event: CloudEvent) -> None:
    """The reactions of the worker to an event, once."""
    react = with_deadlines(inbound.handlers(messages_in(there.settings), clock_for(None)))
    async with there.base.units.once(event.source, event.id, inbound.CONSUMER) as unit:
        if unit is not None:
            await react[event.type](event, unit)


@asynccontextmanager
async def sending(there: World) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(dispatch(there.base).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.mark.shows("K21")
async def test_k21_runs_from_the_trigger_and_is_met_by_delivery(database: str, tmp_path: Path) -> None:
    async with serving(tmp_path) as port, world(settings_for(database, port)) as there:
        event, hands = just_now(), hands_of(there, FixedClock(datetime.now(UTC)))
        await happened(there, event)
        await happened(there, event)
        rows = await hands.rows("K21")
        assert [(row["state"], row["due_at"]) for row in rows] == [("running", event.time + HOURS_2)] * len(
            rows
        )
        assert {(row["lea"], row["school"], row["case_number"]) for row in rows} == {
            (LEA, SCHOOL, event.data["case_number"])
        }

        async def all_met() -> list[Row]:
            found = await hands.rows("K21")
            return found if {row["state"] for row in found} == {"met"} else []

        async with sending(there):
            assert len(await eventually(all_met, within=60)) == len(rows) == 2


async def test_a_mail_that_is_late_is_an_error_in_the_log_and_no_mail(database: str) -> None:
    async with world(settings_for(database, free_port())) as there:
        event = just_now()
        hands = hands_of(there, FixedClock(event.time + HOURS_2 + timedelta(minutes=1)))
        await happened(there, event)
        with capture_logs() as logs:
            await hands.look()
        rows = await hands.rows()
        assert {row["state"] for row in rows} == {"missed"}
        late = [entry for entry in logs if entry["event"] == "mail_overdue"]
        assert sorted(entry["kind"] for entry in late) == ["case_submitted", "cde_copy"]
        assert {entry["log_level"] for entry in late} == {"error"}
        assert {message async for message in messages(there)} == {row["subject"] for row in rows}


async def messages(there: World) -> AsyncIterator[str]:
    """Every message that was ever written."""
    for recorded in await there.base.tail.page(0, 1000):
        if getattr(recorded.fact, "TOPIC", "") == "notifications.message.composed":
            yield str(recorded.fact.originator_id)


def test_of_a_deadline_the_trigger_is_that_it_was_noticed() -> None:
    event = just_now()
    noticed = replace(event, data={**event.data, "noticed_at": "2019-04-15T19:00:00Z"})
    assert (triggered_at(event), triggered_at(noticed)) == (
        event.time,
        datetime(2019, 4, 15, 19, 0, tzinfo=UTC),
    )
