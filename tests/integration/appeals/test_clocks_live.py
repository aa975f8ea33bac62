"""Decision clocks, the end of appeal filing and re-opened tests, by a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.appeals.domain.values import KnownCase
from shared.contracts import incidents_v1
from shared.contracts.envelope import CloudEvent, Person
from shared.kernel.actor import Actor
from tests.support.appeals.live import Live, live_appeals, submitted
from tests.support.appeals.states import (
    CALTAC,
    CDE,
    CHEATING,
    FIRE_DRILL,
    FOREIGN_COORDINATOR,
    FRIDAY,
    ILLNESS,
    LEA,
    LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    STUDENT,
    WRONG_SETTINGS,
)
from tests.support.http.tokens import SYSTEM
from tests.support.logbooks.ledger import Hands, Row, of_appeals

Json = dict[str, Any]
MINUTE = timedelta(minutes=1)
K5_DUE = datetime(2019, 4, 19, 0, 0, tzinfo=UTC)  # Thursday 17:00 Pacific, four business days after Friday
A_DAY_LEFT = datetime(2019, 4, 18, 0, 0, tzinfo=UTC)


@pytest_asyncio.fixture
async def live(database: str) -> AsyncIterator[Live]:
    async with live_appeals(database) as service:
        yield service


@pytest.fixture
def hands(live: Live) -> Hands:
    return of_appeals(live)


async def asked(live: Live, case: KnownCase, appeal_type: str, **state: object) -> str:
    """The address of a new appeal."""
    await live.hear(submitted(case))
    student = {"student_ref": STUDENT, **(state or {"event_state": "started"})}
    body = {"case_number": case.case_number, "appeal_type": appeal_type, "students": [student]}
    answer = await live.post("/v1/appeals", SITE_COORDINATOR, body)
    assert answer.status_code == 201, answer.text
    return f"/v1/appeals/{answer.json()['appeals'][0]['id']}"


async def window(live: Live, closes_on: date, version: int = 1, cds: str = LEA) -> None:
    told = incidents_v1.TestingWindowSet(
        cds=cds,
        administration_year="2018-19",
        opens_on=date(2019, 3, 11),
        closes_on=closes_on,
        set_at=FRIDAY,
        set_by=Person.model_validate(LEA_COORDINATOR.as_fact()),
        version=version,
    )
    event = CloudEvent(
        id=f"{cds}.{version}",
        source="/incidents",
        type=told.TYPE,
        time=FRIDAY,
        subject=cds,
        key=told.key,
        sequence=version,
        data=told.model_dump(mode="json"),
    )
    assert await live.hear(event)


async def told(live: Live, kind: str) -> list[Json]:
    items = (await live.get("/v1/changes?limit=500", SYSTEM)).json()["items"]
    return [each["data"] for each in items if each["type"] == f"stairs.appeal.{kind}.v1"]


async def look_at(live: Live, hands: Hands, instant: datetime) -> None:
    live.clock.advance(instant - live.clock.now())
    await hands.look()


async def only(hands: Hands, clock: str) -> Row:
    (row,) = await hands.rows(clock)
    return row


@pytest.mark.shows("K5")
async def test_k5_warns_with_a_business_day_left_and_is_overdue(live: Live, hands: Hands) -> None:
    url = await asked(live, CHEATING, "invalidate")
    await look_at(live, hands, A_DAY_LEFT - MINUTE)
    assert await told(live, "decision_at_risk") == []
    await look_at(live, hands, A_DAY_LEFT + MINUTE)
    (risk,) = await told(live, "decision_at_risk")
    assert (risk["clock"], risk["warning"], risk["decide_by"]) == ("K5", "P1BD", "2019-04-19T00:00:00Z")
    await look_at(live, hands, K5_DUE + MINUTE)
    (overdue,) = await told(live, "decision_overdue")
    assert (overdue["status"], overdue["appeal_id"]) == ("pending_cde", url.rsplit("/", 1)[1])
    assert (overdue["decide_by"], overdue["noticed_at"]) == ("2019-04-19T00:00:00Z", "2019-04-19T00:01:00Z")


async def test_the_appeal_and_the_ledger_agree(live: Live, hands: Hands) -> None:
    url = await asked(live, CHEATING, "invalidate")
    for instant, late in ((K5_DUE, False), (K5_DUE + MINUTE, True)):
        await look_at(live, hands, instant)
        row, appeal = await only(hands, "K5"), (await live.get(url, CDE)).json()
        assert (row["state"] == "missed", appeal["overdue"]) == (late, late)
        assert f"{row['due_at']:%Y-%m-%dT%H:%M:%SZ}" == appeal["decide_by"]
        assert row["calendar_version"]


async def test_a_late_decision_stays_missed_by_how_much_and_urges_nobody(live: Live, hands: Hands) -> None:
    url = await asked(live, CHEATING, "invalidate")
    await hands.follow()
    live.clock.advance(K5_DUE + timedelta(hours=2) - live.clock.now())
    assert (await live.post(f"{url}/approve", CDE, {})).status_code == 200
    row = await only(hands, "K5")
    assert (row["state"], row["late_by_seconds"]) == ("missed", 7200)
    assert await told(live, "decision_overdue") == []


async def test_k6_decided_in_time_is_met_and_withdrawn_is_waived(live: Live, hands: Hands) -> None:
    reset = await asked(live, WRONG_SETTINGS, "reset")
    extension = await asked(
        live, FIRE_DRILL, "grace_period_extension", event_state="paused", minutes_paused=35, part="cat"
    )
    await live.post(f"{reset}/deny", CDE, {"reason": "The settings were right."})
    await live.post(f"{extension}/withdraw", SITE_COORDINATOR, {})
    assert {(row["clock"], row["state"]) for row in await hands.rows()} == {("K6", "met"), ("K5", "waived")}


@pytest.mark.shows("K20")
async def test_k20_ends_by_itself_with_the_last_day_of_the_re_opened_test(live: Live, hands: Hands) -> None:
    url = await asked(live, ILLNESS, "re_open", event_state="expired")
    approved = await live.post(f"{url}/approve", CALTAC, {})
    row = await only(hands, "K20")
    assert approved.json()["reopened_until"] == "2019-04-22"
    assert (row["state"], f"{row['due_at']:%Y-%m-%dT%H:%M}") == ("running", "2019-04-23T06:59")
    await look_at(live, hands, row["due_at"] + MINUTE)
    row = await only(hands, "K20")
    assert (row["state"], row["waived_because"]) == (
        "waived",
        "its time is over; whether it was used is not reported here",
    )
    assert await told(live, "decision_overdue") == []


@pytest.mark.shows("K9")
async def test_k9_runs_to_the_windows_end_for_a_case_without_an_appeal(live: Live, hands: Hands) -> None:
    await window(live, date(2019, 5, 31))
    await live.hear(submitted(CHEATING))
    row = await only(hands, "K9")
    assert (f"{row['due_at']:%Y-%m-%dT%H:%M}", row["case_number"]) == (
        "2019-06-01T06:59",
        CHEATING.case_number,
    )
    await window(live, date(2019, 5, 24), version=2)
    row = await only(hands, "K9")
    assert [move["why"] for move in row["retimings"]] == [f"the testing window of {LEA} ends on 2019-05-24"]
    await look_at(live, hands, row["due_at"] + MINUTE)
    assert ((await only(hands, "K9"))["state"], await told(live, "decision_overdue")) == ("missed", [])


async def test_k9_is_met_by_the_first_appeal(live: Live, hands: Hands) -> None:
    await window(live, date(2019, 5, 31))
    await asked(live, CHEATING, "invalidate")
    assert (await only(hands, "K9"))["state"] == "met"


async def test_a_window_that_is_set_after_the_appeal_limits_nothing_more(live: Live, hands: Hands) -> None:
    await asked(live, CHEATING, "invalidate")
    await hands.follow()
    await window(live, date(2019, 5, 31))
    assert await hands.rows("K9") == []


async def test_an_appeal_that_is_followed_after_the_window_meets_it_all_the_same(
    live: Live, hands: Hands
) -> None:
    await asked(live, CHEATING, "invalidate")
    await window(live, date(2019, 5, 31))  # the worker has not seen the request yet
    assert (await only(hands, "K9"))["state"] == "met"


@pytest.mark.parametrize(
    ("actor", "found"),
    [(SITE_COORDINATOR, ["K5"]), (CDE, ["K5"]), (FOREIGN_COORDINATOR, [])],
    ids=["the school", "the CDE", "another LEA"],
)
async def test_the_ledger_is_seen_in_scope(live: Live, hands: Hands, actor: Actor, found: list[str]) -> None:
    url = await asked(live, CHEATING, "invalidate")
    await hands.follow()
    answer = (await live.get("/v1/deadlines?state=running", actor)).json()
    assert [item["clock"] for item in answer["items"]] == found
    assert all(item["appeal_id"] == url.rsplit("/", 1)[1] for item in answer["items"])
    assert all(item["school"] == SCHOOL for item in answer["items"])
