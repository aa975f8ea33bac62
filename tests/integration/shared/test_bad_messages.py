"""The table of docs/events/README.md, shown: what becomes of each message that is not as it should be.

Real handlers on a real database, over Kafka and over a feed. After each such message comes a good one, and it
is handled: none stops the others.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.bootstrap import APPEALS
from services.appeals.messaging import inbound
from services.incidents.bootstrap import INCIDENTS
from services.incidents.domain.case import Case
from services.incidents.messaging.inbound import of_appeals
from shared.contracts import appeals_v1, incidents_v1
from shared.contracts.envelope import CloudEvent, Person
from shared.contracts.incidents_v1 import TestingWindowSet as WindowSet
from shared.messaging.consuming.consumer import Consumer, Handler
from shared.messaging.dead_letters.register import DeadLetterRegister
from shared.messaging.dead_letters.replay import DeadLetterReplay
from shared.persistence.appender import Appender
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, open_pool
from shared.persistence.store import PostgresStore
from shared.persistence.tables import DEAD_LETTERS
from shared.persistence.unit_of_work import UnitsOfWork
from tests.support.appeals.live import submitted
from tests.support.appeals.states import CHEATING, FRIDAY, ILLNESS
from tests.support.contracts.event_schemas import EVENTS
from tests.support.contracts.published import appeal_requested
from tests.support.eventually import eventually
from tests.support.incidents.bodies import cheating
from tests.support.incidents.states import CASE_ID, a_submitted_case
from tests.support.messaging.readers import QUICK
from tests.support.messaging.wire import Line, Spoil, Wire, feed_line, kafka_line
from tests.support.servers.kafka import new_name
from tests.support.servers.postgres import migrate

LONG = 60.0  # seconds
GOOD, NEXT = Wire.of(submitted(CHEATING)), Wire.of(submitted(ILLNESS))
PLACE = "1964733"


def a_window(version: int, closes_on: date) -> Wire:
    data = WindowSet(
        cds=PLACE,
        administration_year="2018-19",
        opens_on=date(2019, 3, 1),
        closes_on=closes_on,
        set_at=FRIDAY,
        set_by=Person(sub="lea-1", name="Lena", email="lea-1@example.org", role="lea_coordinator"),
        version=version,
    )
    told = data.model_dump(mode="json")
    return Wire.of(
        CloudEvent(f"{uuid4()}.{version}", incidents_v1.SOURCE, data.TYPE, FRIDAY, PLACE, PLACE, 1, told)
    )


BAD: Mapping[str, tuple[Spoil, str]] = {  # rows of the table that end in a dead letter, and its reason
    "an attribute is missing": (lambda wire: wire.saying(time=None), "time is missing"),
    "an attribute is not what it should be": (
        lambda wire: wire.saying(time="yesterday"),
        "time is not an instant of RFC 3339 with an offset",
    ),
    "data that are no object": (lambda wire: replace(wire, data=["a", "list"]), "not a"),
    "data that are not what the contract says": (lambda wire: wire.telling(case_number=None), "case_number"),
    "another CloudEvents version": (lambda wire: wire.saying(specversion="2.0"), "specversion is not 1.0"),
    "another major version of a known type": (
        lambda wire: wire.saying(type="stairs.incident.submitted.v2"),
        "version 2 of its type; understood are [1]",
    ),
    "a key that is not the case's id": (
        lambda wire: replace(wire.saying(partitionkey=str(UUID(int=9))), key=str(UUID(int=9))),
        "the partitionkey is not what the event is about",
    ),
    "larger than we ever send": (
        lambda wire: wire.telling(of_tomorrow="x" * 1_010_000),
        "the largest that is handled are 1000000",
    ),
}
IGNORED: Mapping[str, Spoil] = {
    "a type nobody asked for": lambda wire: wire.saying(type="stairs.incident.reopened.v1"),
}
APPLIED: Mapping[str, Spoil] = {
    "from the future": lambda wire: wire.saying(time="2099-01-01T00:00:00Z"),
    "a field that is not known": lambda wire: wire.telling(of_tomorrow=1),
}
ELSEWHERE = {  # rows with a test of their own
    "a record's key that is not its partitionkey": "dead letter",
    "a duplicate": "ignored",
    "an older version of a testing window": "ignored",
    "news of an appeal before its case": "dead letter",
}
OUTCOMES = (
    dict.fromkeys(BAD, "dead letter")
    | dict.fromkeys(IGNORED, "ignored")
    | dict.fromkeys(APPLIED, "applied")
    | ELSEWHERE
)


@dataclass
class Follower:
    """A consumer of a service at work, with what it has done so far."""

    line: Line
    engine: AsyncEngine
    units: UnitsOfWork
    consumer: str
    handlers: Mapping[str, Handler]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        feed = self.line.feed(self.engine, self.consumer)
        consumer = Consumer(self.consumer, feed, self.units, self.handlers, back_off=QUICK)
        task = asyncio.create_task(consumer.run(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def rows(self, query: str) -> list[Any]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(sa.text(query))]

    async def cases(self) -> list[str]:
        return sorted(row[0] for row in await self.rows("SELECT case_number FROM known_cases"))

    async def parked(self) -> int:
        async with self.engine.connect() as connection:
            return len((await connection.execute(sa.select(DEAD_LETTERS.c.id))).all())

    async def knows(self, *cases: str) -> bool:
        assert await self.cases() == sorted(cases), await self.rows("SELECT reason FROM dead_letters")
        return True


@pytest.fixture(params=["kafka", "changes"])
async def line(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Line]:
    if request.param == "kafka":
        async with kafka_line(request.getfixturevalue("kafka_bootstrap")) as kafka:
            yield kafka
    else:
        async with feed_line(tmp_path, incidents_v1.SOURCE) as feed:
            yield feed


@pytest.fixture
async def follower(database: str, line: Line) -> AsyncIterator[Follower]:
    """The appeals service\'s consumer of what incidents publishes."""
    migrate(database, APPEALS.package)
    engine = async_engine(database)
    units = UnitsOfWork(engine, APPEALS.table, Codec())
    yield Follower(line, engine, units, new_name("appeals"), inbound.handlers())
    await engine.dispose()


def test_every_row_of_the_table_is_shown_here() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| \*\*([a-z ]+)\*\*", (EVENTS / "README.md").read_text("utf-8"), re.M)
    assert dict(rows) == OUTCOMES


@pytest.mark.parametrize("what", [*BAD, *IGNORED, *APPLIED])
async def test_a_message_ends_as_the_table_says_and_the_next_is_handled(
    follower: Follower, what: str
) -> None:
    spoil, reason = BAD[what] if what in BAD else ({**IGNORED, **APPLIED}[what], "")
    async with follower.at_work():
        await follower.line.send(spoil(GOOD), NEXT)
        known = [ILLNESS.case_number, *([CHEATING.case_number] if what in APPLIED else [])]
        await eventually(lambda: follower.knows(*known), within=LONG)
        await eventually(lambda: _is(follower, what in BAD), within=LONG)
    assert all(reason in told for (told,) in await follower.rows("SELECT reason FROM dead_letters"))


async def _is(follower: Follower, parked: bool) -> bool:
    return await follower.parked() == int(parked)


async def test_a_duplicate_takes_effect_once(follower: Follower) -> None:
    async with follower.at_work():
        await follower.line.send(GOOD, GOOD, NEXT, GOOD)
        await eventually(lambda: follower.knows(CHEATING.case_number, ILLNESS.case_number), within=LONG)
        assert await follower.parked() == 0
    assert len(await follower.rows("SELECT 1 FROM inbox")) == 2


async def test_an_older_version_of_a_testing_window_changes_nothing(follower: Follower) -> None:
    async with follower.at_work():
        await follower.line.send(a_window(2, date(2019, 5, 31)), a_window(1, date(2019, 4, 30)), NEXT)
        await eventually(lambda: follower.knows(ILLNESS.case_number), within=LONG)
        await eventually(lambda: _both_windows_seen(follower), within=LONG)
    assert await follower.rows("SELECT version, closes_on FROM testing_windows") == [(2, date(2019, 5, 31))]
    assert await follower.parked() == 0


async def _both_windows_seen(follower: Follower) -> bool:
    return len(await follower.rows("SELECT 1 FROM inbox")) == 3


@pytest.mark.parametrize("line", ["kafka"], indirect=True)
async def test_a_record_under_another_key_than_its_own_is_parked(follower: Follower) -> None:
    async with follower.at_work():
        await follower.line.send(replace(GOOD, key="another"), NEXT)
        await eventually(lambda: follower.knows(ILLNESS.case_number), within=LONG)
        await eventually(lambda: _is(follower, parked=True), within=LONG)


async def test_news_of_an_appeal_before_its_case_waits_as_a_dead_letter_and_can_be_replayed(
    database: str, line: Line
) -> None:
    migrate(database, INCIDENTS.package)
    engine, pool = async_engine(database), await open_pool(database)
    units = UnitsOfWork(engine, INCIDENTS.table, Codec())
    appender = Appender(database, INCIDENTS.table)
    await appender.start()
    store = PostgresStore(appender, pool, INCIDENTS.table, Codec())
    follower = Follower(line, engine, units, new_name("incidents"), of_appeals())
    news = appeal_requested(incident_id=CASE_ID)
    assert news.source == appeals_v1.SOURCE
    async with follower.at_work():
        await line.send(Wire.of(news))
        await eventually(lambda: _is(follower, parked=True), within=LONG)
    await store.save(a_submitted_case(cheating()))
    box = DeadLetterRegister(engine)
    replay = DeadLetterReplay(box, units, {follower.consumer: of_appeals()}, None)
    assert [each.outcome async for each in replay.of(await box.waiting())] == ["handled"]
    assert list((await store.load(Case, CASE_ID)).appeals) == [news.subject]
    await appender.drain()
    await pool.close()
    await engine.dispose()
