"""Testing windows and expirations by REST (contract §3), over parts in memory."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.incidents.api import windows
from shared.kernel.actor import Actor
from tests.support.http.tokens import (
    AUDITOR,
    CALTAC_AGENT,
    LEA,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    OTHER_SITE_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import charts_on_walls

MINE = bearer(LEA_COORDINATOR)
BODY = {"opens_on": "2019-03-01", "closes_on": "2019-05-31"}


@pytest.fixture
def api() -> Api:
    return Api()


async def put(
    api: Api, cds: str = SCHOOL, by: Actor = LEA_COORDINATOR, match: str | None = None, **body: object
) -> httpx.Response:
    headers = bearer(by) | ({"If-Match": match} if match else {})
    return await api.http.put(f"/v1/testing-windows/{cds}/2018-19", json=BODY | body, headers=headers)


async def get(api: Api, path: str, by: Actor = LEA_COORDINATOR) -> httpx.Response:
    return await api.http.get(f"/v1/{path}", headers=bearer(by))


async def expiry(api: Api, test: str, by: Actor = LEA_COORDINATOR, **asked: str) -> httpx.Response:
    return await api.http.get(f"/v1/tests/{test}/expiry", params=asked, headers=bearer(by))


async def test_a_window_is_set_and_read_back(api: Api) -> None:
    answer = await put(api)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/v1/testing-windows/{SCHOOL}/2018-19"
    read = await api.http.get(answer.headers["location"], headers=MINE)
    assert (read.status_code, read.headers["etag"], read.json()) == (200, '"1"', answer.json())
    assert windows.TestingWindowResource.model_validate(read.json())
    assert read.json() == {
        "cds": SCHOOL,
        "year": "2018-19",
        **BODY,
        "reporting_closes_on": "2019-06-07",
        "set_by": {
            "sub": "lea-1",
            "name": "Lena Ortiz",
            "email": "lea-1@example.org",
            "role": "lea_coordinator",
        },
        "set_at": "2019-04-12T19:00:00Z",
        "version": 1,
    }


async def test_a_window_is_moved_by_whoever_knows_its_version(api: Api) -> None:
    assert (await put(api, match='"1"')).status_code == 412  # there is none yet
    await put(api)
    moved = await put(api, match='"1"', closes_on="2019-06-07")
    assert (moved.status_code, moved.headers["etag"]) == (200, '"2"')
    stale = await put(api, match='"1"', closes_on="2019-06-14")
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    again = await put(api, closes_on="2019-06-07")
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')


async def test_of_many_who_set_a_window_at_once_all_are_heard_in_some_order(api: Api) -> None:
    answers = await asyncio.gather(*(put(api, closes_on=f"2019-05-{day}") for day in (10, 11, 12)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert api.facts() == ["WindowSet", "WindowMoved", "WindowMoved"]


@pytest.mark.parametrize(
    ("by", "cds", "status"),
    [
        (SITE_COORDINATOR, SCHOOL, 403),
        (TEST_ADMINISTRATOR, SCHOOL, 403),
        (AUDITOR, LEA, 403),
        (OTHER_LEA_COORDINATOR, SCHOOL, 404),
        (OTHER_SITE_COORDINATOR, LEA, 403),
        (CALTAC_AGENT, LEA, 201),
    ],
)
async def test_who_may_set_a_window(api: Api, by: Actor, cds: str, status: int) -> None:
    assert (await put(api, cds, by)).status_code == status
    assert len(api.facts()) == (status == 201)


async def test_who_works_at_a_school_sees_its_window_and_its_leas(api: Api) -> None:
    await put(api)
    await put(api, LEA)
    for cds in (LEA, SCHOOL):
        path = f"testing-windows/{cds}/2018-19"
        for by, status in ((SITE_COORDINATOR, 200), (TEST_ADMINISTRATOR, 200), (OTHER_LEA_COORDINATOR, 404)):
            assert (await get(api, path, by)).status_code == status
    assert (await get(api, f"testing-windows/{SCHOOL}/2019-20")).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"closes_on": "2019-02-01"}, "invalid_window", "/closes_on"),
        ({"closes_on": "2019-07-16"}, "invalid_window", "/closes_on"),
        ({"opens_on": "2019-01-07"}, "invalid_window", "/opens_on"),
        ({"closes_on": None}, "validation_failed", "/closes_on"),
        ({"closes_on": "2019-02-30"}, "validation_failed", "/closes_on"),
        ({"closes_on": 20190531}, "validation_failed", "/closes_on"),
        ({"track": "A"}, "validation_failed", "/track"),
    ],
)
async def test_a_window_that_cannot_be_one_is_refused(
    api: Api, body: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await put(api, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [issue["pointer"] for issue in answer.json()["errors"]] == [pointer]
    assert api.facts() == []


@pytest.mark.parametrize("path", [f"{SCHOOL}1/2018-19", "196473/2018-19", f"{SCHOOL}/2018-20", f"{LEA}/2018"])
async def test_an_address_that_names_no_place_or_year_is_not_there(api: Api, path: str) -> None:
    answer = await api.http.put(f"/v1/testing-windows/{path}", json=BODY, headers=MINE)
    assert answer.status_code == 404


async def test_reporting_closed_is_answered_at_submission(api: Api) -> None:
    draft = await api.http.post("/v1/incidents", json=charts_on_walls(), headers=MINE)
    await put(api, LEA, closes_on="2019-04-04")
    refused = await api.http.post(f"{draft.headers['location']}/submit", headers=MINE)
    assert (refused.status_code, refused.json()["code"]) == (409, "reporting_closed")
    await put(api, SCHOOL, closes_on="2019-04-05")  # the school's own wins, and counts at once
    assert (await api.http.post(f"{draft.headers['location']}/submit", headers=MINE)).status_code == 200


async def test_e01_the_window_ends_a_test_before_its_days_do(api: Api) -> None:
    await put(api, LEA, closes_on="2019-04-27")
    answer = await expiry(api, "sb_ela_cat", started_on="2019-03-18", cds=SCHOOL)
    assert windows.ExpiryResource.model_validate(answer.json())
    assert answer.json() == {
        "test": "sb_ela_cat",
        "administration_year": "2018-19",
        "started_on": "2019-03-18",
        "expires_on": "2019-04-27",
        "usable_through": "2019-04-28T06:59:59Z",
        "limited_by": "window",
        "days": 45,
        "window": {"cds": LEA, "opens_on": "2019-03-01", "closes_on": "2019-04-27"},
        "auto_submits": False,
        "expired": False,
        "source": "M p61, p66, p68, p124; S 32; A-8",
        "basis": "stated",
    }


async def test_e04_a_pt_is_expired_on_day_eleven(api: Api) -> None:
    api.clock.advance(datetime.fromisoformat("2019-04-12T06:59:59Z") - api.clock.now())
    on_day_ten = (await expiry(api, "sb_ela_pt", started_on="2019-04-01", cds=SCHOOL)).json()
    api.clock.advance(timedelta(seconds=1))
    next_day = (await expiry(api, "sb_ela_pt", started_on="2019-04-01", cds=SCHOOL)).json()
    assert (on_day_ten["expires_on"], on_day_ten["limited_by"]) == ("2019-04-11", "days")
    assert (on_day_ten["window"], on_day_ten["expired"], next_day["expired"]) == (None, False, True)


async def test_e06_e07_the_ela_pt_is_submitted_when_it_expires_and_the_math_pt_is_not(api: Api) -> None:
    submitted = [
        (await expiry(api, test, started_on="2019-04-01")).json()["auto_submits"]
        for test in ("sb_ela_pt", "sb_math_pt")
    ]
    assert submitted == [True, False]


@pytest.mark.parametrize(
    ("started_on", "year", "expires_on"),
    [
        ("2019-07-15", "2018-19", "2019-07-15"),
        ("2019-07-16", "2019-20", "2020-07-15"),
        ("2018-08-20", "2018-19", "2019-07-15"),
    ],
)
async def test_e54_a_day_up_to_july_15_belongs_to_the_windows_that_are_still_open(
    api: Api, started_on: str, year: str, expires_on: str
) -> None:
    found = (await expiry(api, "csa", started_on=started_on)).json()
    assert (found["administration_year"], found["expires_on"]) == (year, expires_on)
    assert found["limited_by"] == "year"


@pytest.mark.parametrize(("closes_on", "status"), [("2019-06-07", 409), ("2019-07-15", 200)])
async def test_e54_a_case_of_the_last_days_is_held_to_the_window_that_was_open_then(
    api: Api, closes_on: str, status: int
) -> None:
    api.clock.advance(datetime.fromisoformat("2019-07-16T12:00:00-07:00") - api.clock.now())
    await put(api, LEA, closes_on=closes_on)
    in_july = "2019-07-15T10:00:00-07:00"
    body = charts_on_walls(test="csa", occurred_at=in_july, discovered_at=in_july)
    draft = await api.http.post("/v1/incidents", json=body, headers=MINE)
    answer = await api.http.post(f"{draft.headers['location']}/submit", headers=MINE)
    assert (draft.json()["administration_year"], answer.status_code) == ("2018-19", status)


async def test_a_life_that_cannot_be_told_is_refused(api: Api) -> None:
    await put(api, SCHOOL)
    late = await expiry(api, "csa", started_on="2019-06-01", cds=SCHOOL)
    assert (late.status_code, late.json()["code"]) == (422, "started_after_window")
    assert (await expiry(api, "elpac", started_on="2019-04-01")).status_code == 404
    assert (await expiry(api, "cast", started_on="2016-04-01")).status_code == 404  # not in 2015-16
    theirs = await expiry(api, "csa", OTHER_SITE_COORDINATOR, started_on="2019-04-01", cds=SCHOOL)
    assert theirs.status_code == 404
    assert (await expiry(api, "csa")).status_code == 422
    assert (await expiry(api, "csa", started_on="2019-04-01", cds="12")).status_code == 422
