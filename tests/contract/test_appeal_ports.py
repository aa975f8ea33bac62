"""One suite per port of the appeals service: what holds in memory holds on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.application.ports import AppealNumbers
from services.appeals.bootstrap import APPEALS
from services.appeals.domain.values import KnownCase
from services.appeals.providers.appeal_numbers import CountedNumbers
from services.appeals.read_model.known_cases import KnownCaseTable, remember
from shared.persistence.engine import async_engine
from tests.support.appeals.service import CasesInMemory, NumbersInMemory
from tests.support.appeals.states import CHEATING, FIRE_DRILL
from tests.support.servers.postgres import migrate


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    migrate(database, APPEALS.package)
    engine = async_engine(database)
    yield engine
    await engine.dispose()


@pytest.fixture(params=["memory", "postgres"])
def numbers(request: pytest.FixtureRequest) -> AppealNumbers:
    if request.param == "memory":
        return NumbersInMemory()
    return CountedNumbers(request.getfixturevalue("engine"))


async def test_numbers_are_new_each_time_and_tell_their_case(numbers: AppealNumbers) -> None:
    first = await numbers.reserve("2018-19-000001", 2)
    second = await numbers.reserve("2018-19-000001", 1)
    other = await numbers.reserve("2018-19-000002", 1)
    assert [*first, *second, *other] == [
        "2018-19-000001-A001",
        "2018-19-000001-A002",
        "2018-19-000001-A003",
        "2018-19-000002-A001",
    ]


async def test_no_number_is_given_out_twice_however_many_ask_at_once(numbers: AppealNumbers) -> None:
    found = await asyncio.gather(*(numbers.reserve("2018-19-000001", 3) for _ in range(20)))
    assert len({number for some in found for number in some}) == 60


async def known_in_memory(*cases: KnownCase) -> CasesInMemory:
    return CasesInMemory(*cases)


@pytest.fixture(params=["memory", "postgres"])
def knowing(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a way to make either adapter know cases
    if request.param == "memory":
        return known_in_memory
    engine: AsyncEngine = request.getfixturevalue("engine")

    async def known_in_postgres(*cases: KnownCase) -> KnownCaseTable:
        async with engine.begin() as connection:
            for case in (*cases, *cases):
                await remember(connection, case)
        return KnownCaseTable(engine)

    return known_in_postgres


async def test_a_case_is_found_as_it_was_told(knowing: Any) -> None:  # noqa: ANN401 - see the fixture
    cases = await knowing(CHEATING, FIRE_DRILL)
    assert await cases.find(FIRE_DRILL.case_number) == FIRE_DRILL
    assert await cases.find("2018-19-999999") is None


async def test_a_case_of_five_hundred_students_is_found_whole(knowing: Any) -> None:  # noqa: ANN401 - see the fixture
    many = replace(CHEATING, student_refs=frozenset(f"stu_{n}" for n in range(500)))
    assert await (await knowing(many)).find(many.case_number) == many
