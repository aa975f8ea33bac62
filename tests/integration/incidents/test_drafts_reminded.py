"""K8, N9: drafts are reminded of before their testing window ends, and the window may move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.http.tokens import LEA, LEA_COORDINATOR, SCHOOL, SYSTEM, bearer
from tests.support.incidents.bodies import charts_on_walls, instagram
from tests.support.incidents.service import Running, drafted
from tests.support.logbooks.ledger import Hands, of_incidents

MINE = bearer(LEA_COORDINATOR)
A_WEEK_BEFORE = datetime(2019, 5, 25, 12, tzinfo=UTC)  # the window of these tests ends on May 31


@pytest.fixture
def hands(service: Running) -> Hands:
    return of_incidents(service)


async def window(service: Running, closes_on: str, cds: str = LEA) -> None:
    body = {"opens_on": "2019-03-11", "closes_on": closes_on}
    answer = await service.http.put(f"/v1/testing-windows/{cds}/2018-19", json=body, headers=MINE)
    assert answer.is_success, answer.text


async def reminders(service: Running) -> list[dict[str, Any]]:
    answer = await service.http.get("/v1/changes", params={"limit": 500}, headers=bearer(SYSTEM))
    kind = "stairs.incident.draft_reminder.v1"
    return [each["data"] for each in answer.json()["items"] if each["type"] == kind]


async def closings(hands: Hands) -> list[str]:
    return [f"{row['due_at']:%Y-%m-%d}" for row in await hands.rows("K8")]


async def test_n9_an_unsent_draft_is_reminded_of_a_week_and_a_day_before_the_window_ends(
    service: Running, hands: Hands
) -> None:
    await window(service, "2019-05-31")
    url = await drafted(service, charts_on_walls())
    await hands.look()
    assert await reminders(service) == []
    for wait in (timedelta(), timedelta(days=6)):
        service.clock.advance(A_WEEK_BEFORE + wait - service.clock.now())
        await hands.look()
    first, second = await reminders(service)
    assert first["incident_id"] == second["incident_id"] == url.rsplit("/", 1)[1]
    assert (first["window_closes_on"], first["reporting_closes_on"]) == ("2019-05-31", "2019-06-07")
    assert (first["drafted_by"]["sub"], first["rulebook"]) == (LEA_COORDINATOR.sub, "2018-19")


async def test_a_window_that_is_set_after_the_draft_concerns_it(service: Running, hands: Hands) -> None:
    await drafted(service, charts_on_walls())
    assert await closings(hands) == []
    await window(service, "2019-05-31")
    assert await closings(hands) == ["2019-06-08"]  # the last moment of June 7 in California


async def test_a_window_that_moves_takes_the_end_of_reporting_along(service: Running, hands: Hands) -> None:
    await window(service, "2019-05-31")
    await drafted(service, charts_on_walls())
    await hands.follow()
    await window(service, "2019-05-24")
    assert await closings(hands) == ["2019-06-01"]
    (row,) = await hands.rows("K8")
    assert [each["why"] for each in row["retimings"]] == [f"the testing window of {LEA} ends on 2019-05-24"]


async def test_a_school_keeps_to_its_own_window(service: Running, hands: Hands) -> None:
    await window(service, "2019-05-24", SCHOOL)
    await drafted(service, charts_on_walls())
    await window(service, "2019-05-31")
    assert await closings(hands) == ["2019-06-01"]


async def test_all_in_one_page_comes_to_the_same(service: Running, hands: Hands) -> None:
    url = await drafted(service, charts_on_walls())
    await window(service, "2019-05-31")
    await window(service, "2019-05-24")
    await service.http.post(f"{url}/submit", headers=MINE)
    assert await closings(hands) == ["2019-06-01"]
    assert {row["state"] for row in await hands.rows()} == {"met"}


async def test_a_breach_is_taken_always(service: Running, hands: Hands) -> None:
    await window(service, "2019-05-31")
    await drafted(service, instagram())
    assert await closings(hands) == []


async def test_nobody_is_reminded_of_what_is_submitted(service: Running, hands: Hands) -> None:
    await window(service, "2019-05-31")
    url = await drafted(service, charts_on_walls())
    await service.http.post(f"{url}/submit", headers=MINE)
    service.clock.advance(A_WEEK_BEFORE - service.clock.now())
    await hands.look()
    assert (await reminders(service), [row["state"] for row in await hands.rows("K8")]) == ([], ["met"])


async def test_nobody_is_reminded_of_the_end_of_a_window_that_is_not_the_drafts_any_more(
    service: Running, hands: Hands
) -> None:
    await window(service, "2019-05-31")
    url = await drafted(service, charts_on_walls())
    await hands.follow()
    await service.http.patch(url, json={"administration_year": "2019-20"}, headers=MINE)
    assert [row["state"] for row in await hands.rows("K8")] == ["waived"]
    service.clock.advance(A_WEEK_BEFORE - service.clock.now())
    await hands.look()
    assert await reminders(service) == []
    await service.http.patch(url, json={"administration_year": None}, headers=MINE)
    assert [row["state"] for row in await hands.rows("K8")] == ["running"]
