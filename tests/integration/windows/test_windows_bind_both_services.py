"""What an LEA sets in incidents is published and binds appeals: its window (HR-20), and who files (§3.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from shared.kernel.actor import Actor
from shared.messaging.cloud_events import from_json
from tests.support.appeals.live import Live, live_appeals
from tests.support.appeals.states import CALTAC
from tests.support.http.tokens import (
    CALTAC_AGENT,
    LEA,
    LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
    bearer,
)
from tests.support.incidents.bodies import changed_answers, charts_on_walls, cheating, illness
from tests.support.incidents.service import Running, drafted, running, submitted
from tests.support.servers.postgres import new_database

Json = dict[str, Any]
MINE = bearer(LEA_COORDINATOR)
PACIFIC = ZoneInfo("America/Los_Angeles")


@dataclass
class Both:
    """The two services, and the way of news from the one to the other."""

    incidents: Running
    appeals: Live
    heard: int = 0

    async def news(self) -> int:
        """Appeals hears everything that incidents published since; how much of it it has a handler for."""
        url = f"/v1/changes?after={self.heard}&limit=500"
        page = (await self.incidents.http.get(url, headers=bearer(SYSTEM))).json()
        self.heard = page["next_after"]
        events = [from_json(item) for item in page["items"]]
        return sum([await self.appeals.hear(event) for event in events])

    async def window(self, cds: str, closes_on: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"opens_on": "2019-03-01", "closes_on": closes_on}
        url = f"/v1/testing-windows/{cds}/2018-19"
        return await self.incidents.http.put(url, json=body, headers={**MINE, **named})

    async def case(self, body: Json) -> str:
        """The number of a new case that appeals has heard of."""
        url = await submitted(self.incidents, body)
        await self.news()
        number: str = (await self.incidents.http.get(url, headers=MINE)).json()["case_number"]
        return number

    async def who_files(self, choice: str) -> httpx.Response:
        url = f"/v1/filing-protocol/{LEA}"
        return await self.incidents.http.put(url, json={"filing_protocol": choice}, headers=MINE)

    async def appeal(
        self, case_number: str, appeal_type: str, state: str, by: Actor = LEA_COORDINATOR
    ) -> httpx.Response:
        offers = (await self.appeals.get(f"/v1/offers?case_number={case_number}", LEA_COORDINATOR)).json()
        self.offered = offers
        refs = (
            await self.incidents.http.get(f"/v1/incidents?case_number={case_number}", headers=MINE)
        ).json()
        (item,) = refs["items"]
        body = {
            "case_number": case_number,
            "appeal_type": appeal_type,
            "students": [{"student_ref": item["students"][0]["student_ref"], "event_state": state}],
        }
        return await self.appeals.post("/v1/appeals", by, body)

    def at(self, *when: int) -> None:
        """Set both clocks to an instant, as clocks in California show it."""
        then = datetime(*when, tzinfo=PACIFIC)  # type: ignore[arg-type, misc]  # numbers, in their order
        for clock in (self.incidents.clock, self.appeals.clock):
            clock.advance(then - clock.now())


@pytest.fixture
async def both(postgres_server: str, tmp_path: Path) -> AsyncIterator[Both]:
    with new_database(postgres_server) as one, new_database(postgres_server) as other:
        async with running(one, tmp_path) as incidents, live_appeals(other, incidents.clock.now()) as appeals:
            yield Both(incidents, appeals)


async def test_hr_20_appeals_end_with_a_window_that_was_set_after_the_case(both: Both) -> None:
    number = await both.case(cheating())
    assert (await both.window(SCHOOL, "2019-04-15")).status_code == 201
    assert await both.news() == 1
    await both.incidents.projected()
    both.at(2019, 4, 15, 23, 59, 59)
    in_time = await both.appeal(number, "invalidate", "started")
    both.at(2019, 4, 16)
    late = await both.appeal(number, "invalidate", "started")
    assert (in_time.status_code, late.status_code, late.json()["code"]) == (201, 409, "window_closed")
    assert (both.offered["appeal_types"], both.offered["reason_code"]) == ([], "window_closed")


async def test_an_unknown_window_limits_nobody(both: Both) -> None:
    number = await both.case(cheating())
    await both.incidents.projected()
    both.at(2019, 11, 1)
    assert (await both.appeal(number, "invalidate", "started")).status_code == 201


async def test_a_schools_window_wins_over_its_leas_in_both_services(both: Both) -> None:
    await both.window(LEA, "2019-04-05")
    number = await both.case(cheating())  # within a week after it
    await both.incidents.projected()
    refused = await both.appeal(number, "invalidate", "started")
    await both.window(SCHOOL, "2019-05-31")
    await both.news()
    accepted = await both.appeal(number, "invalidate", "started")
    assert (refused.json()["code"], accepted.status_code) == ("window_closed", 201)
    both.at(2019, 6, 7, 12)
    await submitted(both.incidents, charts_on_walls())


async def test_another_years_window_is_not_this_years(both: Both) -> None:
    body = {"opens_on": "2018-02-01", "closes_on": "2018-04-01"}
    answer = await both.incidents.http.put(f"/v1/testing-windows/{SCHOOL}/2017-18", json=body, headers=MINE)
    number = await both.case(cheating())
    await both.incidents.projected()
    assert answer.status_code == 201
    assert (await both.appeal(number, "invalidate", "started")).status_code == 201


async def test_the_last_word_about_a_window_counts_however_the_news_arrive(both: Both) -> None:
    first = await both.window(SCHOOL, "2019-04-08")
    await both.window(SCHOOL, "2019-05-31", If_Match=first.headers["etag"])
    changes = await both.incidents.http.get("/v1/changes?after=0", headers=bearer(SYSTEM))
    events = [from_json(item) for item in changes.json()["items"]]
    assert [(event.type, event.key, event.id.rpartition(".")[2]) for event in events] == [
        ("stairs.testing_window.set.v1", SCHOOL, "1"),
        ("stairs.testing_window.set.v1", SCHOOL, "2"),
    ]
    assert [await both.appeals.hear(event) for event in (*reversed(events), *events)] == [True, True] + [
        False
    ] * 2
    number = await both.case(cheating())
    await both.incidents.projected()
    assert (await both.appeal(number, "invalidate", "started")).status_code == 201


async def test_m_p49_who_files_in_an_lea_binds_appeals_as_soon_as_they_hear_of_it(both: Both) -> None:
    number = await both.case(cheating())
    await both.incidents.projected()
    assert (await both.who_files("lea_only")).status_code == 200
    assert await both.news() == 1
    refused = await both.appeal(number, "invalidate", "started", SITE_COORDINATOR)
    assert (refused.status_code, refused.json()["code"]) == (403, "filing_protocol_lea_only")
    await both.who_files("site_allowed")
    unheard = await both.appeal(number, "invalidate", "started", SITE_COORDINATOR)
    await both.news()
    accepted = await both.appeal(number, "invalidate", "started", SITE_COORDINATOR)
    assert (unheard.status_code, accepted.status_code) == (403, 201)


async def test_the_last_word_about_who_files_counts_however_the_news_arrive(both: Both) -> None:
    number = await both.case(cheating())
    await both.incidents.projected()
    await both.who_files("lea_only")
    await both.who_files("site_allowed")
    url = f"/v1/changes?after={both.heard}"
    changes = (await both.incidents.http.get(url, headers=bearer(SYSTEM))).json()["items"]
    first, second = map(from_json, changes)
    assert [await both.appeals.hear(event) for event in (second, first, second)] == [True, True, False]
    assert (await both.appeal(number, "invalidate", "started", SITE_COORDINATOR)).status_code == 201


async def test_a_13_a_re_opened_test_ends_with_the_window(both: Both) -> None:
    await both.window(LEA, "2019-04-17")
    number = await both.case(illness())
    await both.incidents.projected()
    asked = await both.appeal(number, "re_open", "expired")
    url = f"/v1/appeals/{asked.json()['appeals'][0]['id']}/approve"
    approved = await both.appeals.post(url, CALTAC, {})
    assert approved.json()["reopened_until"] == "2019-04-17"
    (offer,) = both.offered["offers"]
    assert offer["warning"]["reason_code"] == "little_time_to_test"


async def test_a_2_reporting_ends_a_week_later_and_the_window_set_just_now_counts(both: Both) -> None:
    late, in_time, breach, helped = [
        await drafted(both.incidents, body)
        for body in (charts_on_walls(), charts_on_walls(), changed_answers(), charts_on_walls())
    ]
    await both.window(SCHOOL, "2019-04-12")
    both.at(2019, 4, 19, 23, 59, 59)
    assert (await submit(both, in_time)).status_code == 200
    both.at(2019, 4, 20)
    refused = await submit(both, late)
    assert (refused.status_code, refused.json()["code"]) == (409, "reporting_closed")
    assert "until 2019-04-19" in refused.json()["detail"]
    assert (await submit(both, breach)).status_code == 200
    assert (await submit(both, helped, bearer(CALTAC_AGENT))).status_code == 200
    await both.window(SCHOOL, "2019-04-13")
    assert (await submit(both, late)).status_code == 200


async def submit(both: Both, url: str, who: dict[str, str] = MINE) -> httpx.Response:
    return await both.incidents.http.post(f"{url}/submit", headers=who)


async def test_beginning_a_draft_looks_at_no_window(both: Both) -> None:
    await both.window(SCHOOL, "2019-03-02")
    both.incidents.clock.advance(timedelta(days=60))
    await drafted(both.incidents, charts_on_walls())
