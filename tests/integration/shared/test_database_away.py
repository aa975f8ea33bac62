"""Whoever asks a database that is away hears of it in the one word that the doors turn into a 503."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.providers.appeal_numbers import CountedNumbers
from services.appeals.read_model import queries as appeals
from services.appeals.read_model.known_cases import KnownCaseTable
from services.notifications.read_model import queries as notifications
from shared.persistence.engine import async_engine
from shared.persistence.faults import StoreUnavailable
from tests.support.http.tokens import CDE_REVIEWER
from tests.support.servers.ports import free_port

Question = Callable[[AsyncEngine], Awaitable[object]]

QUESTIONS: dict[str, Question] = {
    "appeals": lambda engine: appeals.AppealQueries(engine).search(
        CDE_REVIEWER,
        appeals.AppealCriteria(),
        now=datetime.now(UTC),
        order=appeals.AppealOrder.NEWEST,
        limit=1,
        after=None,
    ),
    "known case": lambda engine: KnownCaseTable(engine).find("2018-19-000123"),
    "appeal numbers": lambda engine: CountedNumbers(engine).reserve("2018-19-000123", 1),
    "messages": lambda engine: notifications.MessageQueries(engine).page(
        CDE_REVIEWER, notifications.MessageCriteria(), limit=1
    ),
}


@pytest.fixture
async def engine() -> AsyncIterator[AsyncEngine]:
    made = async_engine(f"postgresql://nobody:x@127.0.0.1:{free_port()}/nothing")
    yield made
    await made.dispose()


@pytest.mark.parametrize("question", QUESTIONS)
async def test_it_is_said_to_be_away(question: str, engine: AsyncEngine) -> None:
    with pytest.raises(StoreUnavailable):
        await QUESTIONS[question](engine)
