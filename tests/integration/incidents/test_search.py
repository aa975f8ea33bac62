"""Search (contract §3; domain §6.4; HR-29): all filters together, and an SSID that leaves no trace (A-17)."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest

from shared.observability import logging as logs
from shared.observability import metrics
from tests.support.http.tokens import AUDITOR, LEA, LEA_COORDINATOR, OTHER_LEA_COORDINATOR, SCHOOL, bearer
from tests.support.incidents.bodies import FIRST, THIRD, charts_on_walls, cheating
from tests.support.incidents.service import Running, submitted

MINE = bearer(LEA_COORDINATOR)
EVERYTHING: dict[str, Any] = {
    "case_number": "2018-19-000001",
    "status": "submitted",
    "severity": "irregularity",
    "incident_type": "student_cheating",
    "school": SCHOOL,
    "lea": LEA,
    "ssid": FIRST,
    "submitted_from": "2019-04-12",
    "submitted_to": "2019-04-12T19:00:00Z",
    "late": False,
}
OTHERWISE: dict[str, Any] = {
    "case_number": "2018-19-000002",
    "status": "processed",
    "severity": "breach",
    "incident_type": "student_left_room",
    "school": "19647336054321",
    "lea": "3768338",
    "ssid": THIRD,
    "submitted_from": "2019-04-13",
    "submitted_to": "2019-04-11",
    "late": True,
}


async def found(service: Running, asked: dict[str, Any], by: dict[str, str] = MINE) -> list[str]:
    answer = await service.http.post("/v1/incidents/search", json=asked, headers=by)
    assert answer.status_code == 200, answer.text
    words = {name: str(value).lower() if value in (True, False) else value for name, value in asked.items()}
    same = await service.http.get("/v1/incidents", params=words, headers=by)
    assert same.json() == answer.json()
    return [item["case_number"] for item in answer.json()["items"]]


@pytest.fixture
async def filled(service: Running) -> Running:
    await submitted(service, cheating())
    await submitted(service, charts_on_walls())
    await service.projected()
    return service


async def test_all_filters_together_find_the_one_case(filled: Running) -> None:
    assert await found(filled, EVERYTHING) == ["2018-19-000001"]
    assert sorted(await found(filled, {})) == ["2018-19-000001", "2018-19-000002"]


@pytest.mark.parametrize("name", EVERYTHING)
async def test_each_filter_counts_among_all_the_others(filled: Running, name: str) -> None:
    assert set(EVERYTHING) == set(OTHERWISE)
    assert await found(filled, {**EVERYTHING, name: OTHERWISE[name]}) == []


async def test_hr_29_no_filter_leads_out_of_the_callers_scope(filled: Running) -> None:
    assert await found(filled, EVERYTHING, bearer(OTHER_LEA_COORDINATOR)) == []


async def test_pages_of_a_search_follow_each_other(filled: Running) -> None:
    first = await filled.http.post("/v1/incidents/search", json={"limit": 1}, headers=MINE)
    rest = {"limit": 1, "cursor": first.json()["next_cursor"]}
    second = await filled.http.post("/v1/incidents/search", json=rest, headers=MINE)
    numbers = {answer.json()["items"][0]["case_number"] for answer in (first, second)}
    assert (numbers, second.json()["next_cursor"]) == ({"2018-19-000001", "2018-19-000002"}, None)


async def test_what_cannot_be_asked_is_refused(service: Running) -> None:
    for asked in ({"ssid": "12"}, {"status": "gone"}, {"color": "red"}, {"limit": 201}):
        answer = await service.http.post("/v1/incidents/search", json=asked, headers=MINE)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    by_auditor = await service.http.post(
        "/v1/incidents/search", json={"ssid": FIRST}, headers=bearer(AUDITOR)
    )
    assert (by_auditor.status_code, by_auditor.json()["code"]) == (403, "forbidden")


async def test_a_17_an_ssid_that_is_searched_for_is_in_no_log_and_no_metric(filled: Running) -> None:
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers, root.level
    logs.configure("json", service="incidents", level=logging.DEBUG, stream=stream)
    try:
        for query in (f"ssid={FIRST}", f"ssid={FIRST}x", f"ssid={FIRST}&color=red", f"unknown={FIRST}"):
            await filled.http.get(f"/v1/incidents?{query}", headers=MINE)
        await filled.http.get(f"/v1/nothing/{FIRST}?ssid={FIRST}", headers=MINE)
        await filled.http.post("/v1/incidents/search", json={"ssid": FIRST}, headers=MINE)
    finally:
        root.handlers, level = before
        root.setLevel(level)
    told = stream.getvalue() + metrics.exposition().decode()
    assert "request_refused" in told
    assert [trace for trace in (FIRST, "ssid=", "color=red") if trace in told] == []


async def test_a_correction_names_the_case_that_it_sets_right_and_is_found_by_it(filled: Running) -> None:
    body = charts_on_walls(corrects="2018-19-000001")
    url = await submitted(filled, body)
    shown = (await filled.http.get(url, headers=MINE)).json()
    assert (shown["corrects"], shown["case_number"]) == ("2018-19-000001", "2018-19-000003")
    await filled.projected()
    assert await found(filled, {"corrects": "2018-19-000001"}) == ["2018-19-000003"]


@pytest.mark.parametrize("number", ["2018-19-000077", "the other one"])
async def test_a_correction_of_no_case_is_refused(filled: Running, number: str) -> None:
    facts = filled.facts()
    answer = await filled.http.post("/v1/incidents", json=charts_on_walls(corrects=number), headers=MINE)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/corrects")
    stranger = await filled.http.post(
        "/v1/incidents",
        json=charts_on_walls(corrects="2018-19-000001", school="37683386098765"),
        headers=bearer(OTHER_LEA_COORDINATOR),
    )
    assert stranger.json()["errors"][0]["code"] == "unknown_case"
    assert filled.facts() == facts
