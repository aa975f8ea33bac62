"""``GET /v1/deadlines``: the ledger as callers see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.kernel.actor import Actor
from tests.support.http.tokens import (
    AUDITOR,
    LEA_COORDINATOR,
    NEIGHBOUR_SITE_COORDINATOR,
    OTHER_SITE_COORDINATOR,
    SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.incidents.bodies import charts_on_walls, instagram
from tests.support.incidents.service import Running, drafted, submitted
from tests.support.logbooks.ledger import of_incidents


async def ledger(service: Running, actor: Actor = LEA_COORDINATOR, **asked: str) -> dict[str, Any]:
    answer = await service.http.get("/v1/deadlines", params=asked, headers=bearer(actor))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def filled(service: Running) -> Running:
    """A submitted case, a draft that nobody submitted in time, and a breach whose call was not made."""
    await submitted(service, charts_on_walls())
    await drafted(service, charts_on_walls())
    hands = of_incidents(service)
    await hands.follow()
    service.clock.advance(timedelta(hours=22))
    await hands.look()  # the end of the day, and a warning
    await drafted(service, instagram(discovered_at="2019-04-13T10:00:00-07:00"))
    await hands.follow()
    return service


async def test_what_is_due_first_comes_first(filled: Running) -> None:
    found = await ledger(filled)
    dues = [item["due_at"] for item in found["items"]]
    assert (dues, len(dues), found["next_cursor"]) == (sorted(dues), 7, None)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "met"}, [("K3b", "met"), ("K3", "met")]),
        ({"state": "missed"}, [("K3b", "missed")]),
        ({"state": "waived"}, []),
        ({"clock": "K4"}, [("K4", "running")]),
        ({"case_number": "2018-19-000001"}, [("K3b", "met"), ("K3", "met")]),
        ({"state": "running", "due_before": "2019-04-13T17:45:00Z"}, [("K3b", "running"), ("K3", "running")]),
        ({"due_before": "2019-04-13T06:59:59Z"}, []),
    ],
)
async def test_it_answers_what_was_asked(
    filled: Running, asked: dict[str, str], found: list[tuple[str, str]]
) -> None:
    items = (await ledger(filled, LEA_COORDINATOR, **asked))["items"]
    assert [(item["clock"], item["state"]) for item in items] == found


async def test_a_deadline_says_when_by_what_rules_and_what_was_noticed(filled: Running) -> None:
    (item,) = (await ledger(filled, clock="K3", state="running", due_before="2019-04-13T19:00:00Z"))["items"]
    assert (item["due_at"], item["zone"]) == ("2019-04-13T17:30:00Z", "America/Los_Angeles")
    assert (item["rulebook"], item["calendar_version"], item["case_number"]) == ("2018-19", None, None)
    assert [(each["warning"], each["noticed_at"]) for each in item["warnings"]] == [
        ("PT4H", "2019-04-13T17:00:00Z"),
        ("PT1H", "2019-04-13T17:00:00Z"),
    ]


async def test_pages_follow_each_other(filled: Running) -> None:
    whole = [item["id"] for item in (await ledger(filled))["items"]]
    first = await ledger(filled, limit="3")
    second = await ledger(filled, limit="3", cursor=first["next_cursor"])
    third = await ledger(filled, limit="3", cursor=second["next_cursor"])
    assert [item["id"] for each in (first, second, third) for item in each["items"]] == whole
    assert third["next_cursor"] is None


@pytest.mark.parametrize(
    ("actor", "count"),
    [
        (SITE_COORDINATOR, 7),
        (AUDITOR, 7),
        (NEIGHBOUR_SITE_COORDINATOR, 0),
        (OTHER_SITE_COORDINATOR, 0),
    ],
    ids=["the school", "the state", "another school", "another LEA"],
)
async def test_everybody_sees_their_own(filled: Running, actor: Actor, count: int) -> None:
    assert len((await ledger(filled, actor))["items"]) == count


async def test_who_sees_no_cases_sees_no_clocks(service: Running) -> None:
    answer = await service.http.get("/v1/deadlines", headers=bearer(TEST_ADMINISTRATOR))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await service.http.get("/v1/deadlines")).status_code == 401


@pytest.mark.parametrize(
    "asked",
    [{"state": "late"}, {"colour": "red"}, {"due_before": "soon"}, {"cursor": "x"}],
    ids=lambda asked: next(iter(asked)),
)
async def test_what_cannot_be_asked_is_refused(service: Running, asked: dict[str, str]) -> None:
    answer = await service.http.get("/v1/deadlines", params=asked, headers=bearer(AUDITOR))
    assert answer.status_code == 422
