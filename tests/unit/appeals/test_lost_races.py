"""Somebody else changed an appeal or a student's record between the look at it and the save."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from services.appeals.application.commands import (
    DecideMany,
    Deed,
    DoToAppeal,
    RequestAppeals,
    StudentAsked,
)
from services.appeals.domain.values import Act, AppealStatus, AppealType
from shared.kernel.errors import Conflict
from shared.kernel.store import ATTEMPTS
from tests.support.appeals.service import Service
from tests.support.appeals.states import (
    CDE,
    CHEATING,
    FRIDAY,
    SITE_COORDINATOR,
    STARTED,
    STUDENT,
    TUESDAY,
)

FILED = UUID(int=1)
REQUEST = RequestAppeals(
    SITE_COORDINATOR,
    FRIDAY,
    CHEATING.case_number,
    AppealType.INVALIDATE,
    (StudentAsked(FILED, STUDENT, STARTED),),
    None,
)


async def ask(service: Service) -> object:
    return await service.requests.request(REQUEST)


async def approve(service: Service) -> object:
    return await service.appeals.do(DoToAppeal(Deed.APPROVE, FILED, Act(CDE, TUESDAY)))


async def approve_many(service: Service) -> object:
    return await service.appeals.decide_many(DecideMany(Deed.APPROVE, (FILED,), Act(CDE, TUESDAY)))


async def filed() -> Service:
    service = Service(CHEATING)
    await ask(service)
    return service


async def nothing_filed() -> Service:
    return Service(CHEATING)


ACTS = pytest.mark.parametrize(
    ("given", "act", "then"),
    [
        (nothing_filed, ask, AppealStatus.PENDING_CDE),
        (filed, approve, AppealStatus.APPROVED),
        (filed, approve_many, AppealStatus.APPROVED),
    ],
    ids=["a request", "a decision", "a decision on many"],
)


@ACTS
async def test_a_lost_race_is_run_again_from_what_is_stored_now(
    given: Callable[[], Awaitable[Service]],
    act: Callable[[Service], Awaitable[object]],
    then: AppealStatus,
) -> None:
    service = await given()
    service.store.races_to_lose = ATTEMPTS - 1
    await act(service)
    assert (await service.appeals.get(FILED, CDE)).status is then


@ACTS
async def test_who_loses_every_race_is_asked_to_come_back_soon_and_nothing_is_stored(
    given: Callable[[], Awaitable[Service]],
    act: Callable[[Service], Awaitable[object]],
    then: AppealStatus,
) -> None:
    service = await given()
    stored = len(service.store.rows)
    service.store.races_to_lose = ATTEMPTS
    with pytest.raises(Conflict) as refused:
        await act(service)
    assert (refused.value.retry_after, len(service.store.rows)) == (1, stored)


async def test_a_request_that_lost_a_race_keeps_the_number_that_it_reserved() -> None:
    service = Service(CHEATING)
    service.store.races_to_lose = 1
    (appeal,) = await service.requests.request(REQUEST)
    assert appeal.identity.appeal_number == f"{CHEATING.case_number}-A001"


async def test_a_decision_on_many_that_all_refuse_stores_nothing() -> None:
    service = Service(CHEATING)
    (result,) = await service.appeals.decide_many(DecideMany(Deed.APPROVE, (FILED,), Act(CDE, TUESDAY)))
    assert (result.appeal, service.store.rows) == (None, [])
    assert result.refusal is not None
