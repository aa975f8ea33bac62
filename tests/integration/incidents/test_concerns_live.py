"""Concerns, notes and the filing protocol on real PostgreSQL."""

from __future__ import annotations

from tests.support.http.tokens import (
    CDE_REVIEWER,
    LEA,
    LEA_COORDINATOR,
    NEIGHBOUR_SITE_COORDINATOR,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
    TEST_EXAMINER,
    bearer,
)
from tests.support.incidents.bodies import charts_on_walls
from tests.support.incidents.service import Running, submitted

MINE = bearer(LEA_COORDINATOR)


async def test_n7_a_concern_is_listed_for_its_readers_and_for_who_told_it(service: Running) -> None:
    texts = [f"Phones were out in room {n}." for n in range(3)]
    for text in texts:
        answer = await service.http.post(
            "/v1/concerns", json={"text": text}, headers=bearer(TEST_ADMINISTRATOR)
        )
        assert answer.status_code == 201, answer.text
    await service.projected()
    seen: list[str] = []
    url: str | None = "/v1/concerns?limit=2"
    while url:
        page = (await service.http.get(url, headers=bearer(SITE_COORDINATOR))).json()
        seen += [item["text"] for item in page["items"]]
        url = f"/v1/concerns?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert sorted(seen) == texts
    mine = (await service.http.get("/v1/concerns", headers=MINE)).json()["items"]
    other = await service.http.get("/v1/concerns", headers=bearer(NEIGHBOUR_SITE_COORDINATOR))
    assert (len(mine), other.json()["items"]) == (3, [])
    everywhere = (await service.http.get("/v1/concerns", headers=bearer(CDE_REVIEWER))).json()["items"]
    told = (await service.http.get("/v1/concerns", headers=bearer(TEST_ADMINISTRATOR))).json()["items"]
    others = (await service.http.get("/v1/concerns", headers=bearer(TEST_EXAMINER))).json()["items"]
    assert (len(everywhere), len(told), others) == (3, 3, [])


async def test_notes_and_demands_stand_beside_the_case_and_are_in_the_feed(service: Running) -> None:
    url = await submitted(service, charts_on_walls())
    await service.http.post(f"{url}/notes", json={"text": "It was room 14."}, headers=MINE)
    demand = await service.http.post(
        f"{url}/additional-action", json={"text": "Train."}, headers=bearer(CDE_REVIEWER)
    )
    assert demand.json()["additional_action"] == "Train."
    feed = (await service.http.get("/v1/changes?after=0", headers=bearer(SYSTEM))).json()["items"]
    assert [event["type"] for event in feed] == [
        "stairs.incident.submitted.v1",
        "stairs.incident.note_added.v1",
        "stairs.incident.additional_action_required.v1",
    ]
    assert {event["data"]["incident_id"] for event in feed} == {url.rpartition("/")[2]}
    await service.projected()
    assert len((await service.http.get("/v1/incidents", headers=MINE)).json()["items"]) == 1


async def test_an_lea_files_for_its_sites(service: Running) -> None:
    body = {"filing_protocol": "lea_only"}
    await service.http.put(f"/v1/filing-protocol/{LEA}", json=body, headers=MINE)
    answer = await service.http.post(
        "/v1/incidents", json=charts_on_walls(), headers=bearer(SITE_COORDINATOR)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "filing_protocol_lea_only")
