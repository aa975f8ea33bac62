"""The clocks of cases, from the form to the ledger and the feed, by a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.http.tokens import LEA_COORDINATOR, SYSTEM, bearer
from tests.support.incidents.bodies import charts_on_walls
from tests.support.incidents.service import Running, drafted
from tests.support.logbooks.ledger import Hands, of_incidents

MINE = bearer(LEA_COORDINATOR)
DUE = datetime(2019, 4, 13, 17, 30, tzinfo=UTC)  # 24 h after the bodies' discovered_at
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def hands(service: Running) -> Hands:
    return of_incidents(service)


async def told(service: Running, kind: str) -> list[dict[str, Any]]:
    """What was published of a kind, as others read it."""
    answer = await service.http.get("/v1/changes", params={"limit": 500}, headers=bearer(SYSTEM))
    items = answer.json()["items"]
    return [each["data"] for each in items if each["type"] == f"stairs.incident.{kind}.v1"]


async def look_at(service: Running, hands: Hands, instant: datetime) -> None:
    service.clock.advance(instant - service.clock.now())
    await hands.look()


@pytest.mark.shows("K3")
async def test_k3_warns_with_four_hours_and_with_one_hour_left_and_is_missed(
    service: Running, hands: Hands
) -> None:
    await drafted(service, charts_on_walls())
    await look_at(service, hands, DUE - 5 * HOUR)
    assert await told(service, "deadline_at_risk") == []
    await look_at(service, hands, DUE - 4 * HOUR + MINUTE)
    await look_at(service, hands, DUE - HOUR + MINUTE)
    risks = await told(service, "deadline_at_risk")
    assert [(risk["clock"], risk["warning"]) for risk in risks] == [("K3", "PT4H"), ("K3", "PT1H")]
    await look_at(service, hands, DUE + HOUR)
    (missed,) = await told(service, "deadline_missed")
    assert (missed["clock"], missed["due_at"]) == ("K3", "2019-04-13T17:30:00Z")
    assert (missed["noticed_at"], missed["case_number"]) == ("2019-04-13T18:30:00Z", None)
    assert missed["filed_by"]["sub"] == LEA_COORDINATOR.sub


async def test_a_late_report_is_taken_and_the_ledger_shows_by_how_much(
    service: Running, hands: Hands
) -> None:
    url = await drafted(service, charts_on_walls())
    await look_at(service, hands, DUE + HOUR)
    service.clock.advance(15 * MINUTE)
    answer = await service.http.post(f"{url}/submit", headers=MINE)
    assert (answer.status_code, answer.json()["late"]) == (200, True)
    (row,) = await hands.rows("K3")
    assert (row["state"], row["due_at"], row["case_number"]) == ("missed", DUE, "2018-19-000001")
    assert (row["met_at"], row["late_by_seconds"]) == (DUE + 75 * MINUTE, 75 * 60)
    assert len(await told(service, "deadline_missed")) == 1


async def test_who_reports_late_at_once_is_told_of_with_the_case_number(
    service: Running, hands: Hands
) -> None:
    late = charts_on_walls(occurred_at="2019-04-11T08:00:00-07:00", discovered_at="2019-04-11T09:00:00-07:00")
    url = await drafted(service, late)
    await service.http.post(f"{url}/submit", headers=MINE)
    (row,) = await hands.rows("K3")
    assert (row["state"], row["late_by_seconds"]) == ("missed", 3 * 3600)
    (missed,) = await told(service, "deadline_missed")
    assert (missed["case_number"], missed["due_at"]) == ("2018-19-000001", "2019-04-12T16:00:00Z")


async def test_what_is_submitted_in_time_is_met_and_nobody_is_told(service: Running, hands: Hands) -> None:
    url = await drafted(service, charts_on_walls())
    await service.http.post(f"{url}/submit", headers=MINE)
    await look_at(service, hands, DUE + HOUR)
    assert {row["clock"]: row["state"] for row in await hands.rows()} == {"K3": "met", "K3b": "met"}
    assert await told(service, "deadline_at_risk") + await told(service, "deadline_missed") == []


async def test_a_draft_that_was_discovered_at_another_time_is_due_at_another_time(
    service: Running, hands: Hands
) -> None:
    url = await drafted(service, charts_on_walls())
    await hands.follow()
    change = {"discovered_at": "2019-04-12T11:30:00-07:00"}
    assert (await service.http.patch(url, json=change, headers=MINE)).status_code == 200
    (row,) = await hands.rows("K3")
    assert (row["due_at"], [each["new_due_at"] for each in row["retimings"]]) == (
        DUE + HOUR,
        [(DUE + HOUR).isoformat()],
    )


async def test_discovered_at_cannot_change_after_submission(service: Running, hands: Hands) -> None:
    url = await drafted(service, charts_on_walls())
    await service.http.post(f"{url}/submit", headers=MINE)
    answer = await service.http.patch(url, json={"discovered_at": "2019-04-12T11:30:00-07:00"}, headers=MINE)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_draft")
    (row,) = await hands.rows("K3")
    assert (row["due_at"], row["retimings"]) == (DUE, [])


async def test_a_deleted_draft_has_nothing_due(service: Running, hands: Hands) -> None:
    url = await drafted(service, charts_on_walls())
    await service.http.delete(url, headers=MINE)
    await look_at(service, hands, DUE + HOUR)
    rows = await hands.rows()
    assert {(row["clock"], row["state"], row["waived_because"]) for row in rows} == {
        ("K3", "waived", "the draft was deleted"),
        ("K3b", "waived", "the draft was deleted"),
    }
    assert await told(service, "deadline_missed") == []
