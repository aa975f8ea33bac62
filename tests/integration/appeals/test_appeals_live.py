"""The service on real PostgreSQL by its real bootstrap: E12, E16, E26, races, refusals, lists, rebuild."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_asyncio

from services.appeals.bootstrap import APPEALS
from services.appeals.messaging import outbound
from services.appeals.read_model.appeal_list import AppealList
from shared.kernel.actor import Actor
from shared.persistence.migrations import is_current
from shared.persistence.rebuild import rebuild
from tests.support.appeals.live import Live, live_appeals, submitted
from tests.support.appeals.states import (
    AUDITOR,
    CALTAC,
    CDE,
    CHEATING,
    FIRE_DRILL,
    FOREIGN_COORDINATOR,
    ILLNESS,
    LEA_COORDINATOR,
    SITE_COORDINATOR,
    STUDENT,
    WRONG_SETTINGS,
    a_case,
)

Json = dict[str, Any]
PAIRS = 25  # fifty requests with a body are under way at once: the share of one caller
REFS = [f"stu_{n:0>26}".translate(str.maketrans("0189", "abcd")) for n in range(500)]
PAUSED = {"event_state": "paused", "minutes_paused": 35, "part": "cat"}


@pytest_asyncio.fixture
async def live(database: str) -> AsyncIterator[Live]:
    async with live_appeals(database) as service:
        yield service


def _minutes(many: int) -> timedelta:
    return timedelta(minutes=many)


def asking(case_number: str, appeal_type: str, *students: str, **state: object) -> Json:
    described = state or {"event_state": "started"}
    return {
        "case_number": case_number,
        "appeal_type": appeal_type,
        "students": [{"student_ref": ref, **described} for ref in students or (STUDENT,)],
    }


async def one(service: Live, body: Json, by: Actor = SITE_COORDINATOR) -> Json:
    answer = await service.post("/v1/appeals", by, body)
    assert answer.status_code == 201, answer.text
    appeal: Json = answer.json()["appeals"][0]
    return appeal


async def test_e12_known_case_request_decide_process(live: Live) -> None:
    await live.hear(submitted(FIRE_DRILL))
    appeal = await one(live, asking(FIRE_DRILL.case_number, "grace_period_extension", **PAUSED))
    approved = await live.post(f"/v1/appeals/{appeal['id']}/approve", CDE, {}, If_Match='"1"')
    processed = await live.post(f"/v1/appeals/{appeal['id']}/process", CALTAC, {})
    assert (appeal["status"], appeal["routing"], appeal["decide_by"]) == (
        "pending_cde",
        "defer_for_cde",
        "2019-04-19T00:00:00Z",
    )
    assert (approved.json()["status"], processed.json()["status"]) == ("approved", "processed")


async def test_the_feed_tells_others_what_happened_in_order(live: Live) -> None:
    await live.hear(submitted(ILLNESS))
    appeal = await one(live, asking(ILLNESS.case_number, "re_open", event_state="expired"))
    await live.post(f"/v1/appeals/{appeal['id']}/deny", CALTAC, {"reason": "Wrong type."})
    feed = (await live.get("/v1/changes?after=0", AUDITOR)).json()
    assert [item["type"] for item in feed["items"]] == [
        "stairs.appeal.requested.v1",
        "stairs.appeal.denied.v1",
    ]
    assert {item["data"]["incident_id"] for item in feed["items"]} == {str(ILLNESS.incident_id)}


async def test_an_appeal_before_the_submission_arrived_waits_and_then_works(live: Live) -> None:
    body = asking(CHEATING.case_number, "invalidate")
    early = await live.post("/v1/appeals", SITE_COORDINATOR, body)
    assert (early.status_code, early.json()["code"]) == (409, "case_not_known_yet")
    assert await live.hear(submitted(CHEATING))
    assert (await live.post("/v1/appeals", SITE_COORDINATOR, body)).status_code == 201


async def test_a_submission_that_comes_again_changes_nothing(live: Live) -> None:
    assert [await live.hear(submitted(CHEATING)) for _ in range(3)] == [True, False, False]


async def test_refusals_leave_the_event_store_unchanged(live: Live) -> None:
    await live.hear(submitted(CHEATING))
    appeal = await one(live, asking(CHEATING.case_number, "invalidate"))
    before = await live.stored()
    at = f"/v1/appeals/{appeal['id']}"
    refused = [
        await live.post("/v1/appeals", SITE_COORDINATOR, asking("no number", "invalidate")),
        await live.post("/v1/appeals", SITE_COORDINATOR, asking(CHEATING.case_number, "invalidate")),
        await live.post("/v1/appeals", FOREIGN_COORDINATOR, asking(CHEATING.case_number, "invalidate")),
        await live.post(f"{at}/approve", CALTAC, {}),
        await live.post(f"{at}/approve", FOREIGN_COORDINATOR, {}),
        await live.post(f"{at}/withdraw", FOREIGN_COORDINATOR, {}, If_Match='"9"'),
        await live.post(f"{at}/approve", CDE, {}, If_Match='"2"'),
        await live.post(f"{at}/deny", CDE, {}),
        await live.post(f"{at}/process", CALTAC, {}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [
        (409, "case_not_submitted"),
        (409, "duplicate_appeal"),
        (409, "case_not_known_yet"),
        (403, "forbidden"),
        (403, "forbidden"),
        (404, "not_found"),
        (412, "version_conflict"),
        (422, "reason_required"),
        (409, "not_approved"),
    ]
    assert await live.stored() == before


async def test_hr_26_of_ten_decisions_at_once_one_counts(live: Live) -> None:
    await live.hear(submitted(CHEATING))
    appeal = await one(live, asking(CHEATING.case_number, "invalidate"))
    deeds = [("approve", {}), ("deny", {"reason": "No."})] * 5
    answers = await asyncio.gather(
        *(live.post(f"/v1/appeals/{appeal['id']}/{deed}", CDE, body) for deed, body in deeds)
    )
    codes = sorted(answer.json().get("code", "decided") for answer in answers)
    assert codes == ["already_decided"] * 9 + ["decided"]


async def test_of_equal_requests_at_once_one_is_accepted(live: Live) -> None:
    await live.hear(submitted(CHEATING))
    body = asking(CHEATING.case_number, "invalidate")
    answers = await asyncio.gather(*(live.post("/v1/appeals", SITE_COORDINATOR, body) for _ in range(16)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15


async def test_the_same_key_at_once_makes_one_appeal_and_one_answer(live: Live) -> None:
    await live.hear(submitted(CHEATING))
    body = asking(CHEATING.case_number, "invalidate")
    answers = await asyncio.gather(
        *(live.post("/v1/appeals", SITE_COORDINATOR, body, Idempotency_Key="once") for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


async def test_hr_22_re_open_and_invalidate_that_race_are_never_both_accepted(live: Live) -> None:
    cheated = [
        replace(a_case("student_cheating", "invalidate", number=n), student_refs=frozenset({REFS[n]}))
        for n in range(PAIRS)
    ]
    expired = [
        replace(
            a_case("test_expired_absence_or_closure", "re_open", number=1000 + n),
            student_refs=frozenset({REFS[n]}),
        )
        for n in range(PAIRS)
    ]
    for case in (*cheated, *expired):
        await live.hear(submitted(case))

    async def race(n: int) -> list[int]:
        pair = [
            asking(cheated[n].case_number, "invalidate", REFS[n]),
            asking(expired[n].case_number, "re_open", REFS[n], event_state="expired"),
        ]
        ordered = pair if n % 2 else pair[::-1]
        answers = await asyncio.gather(*(live.post("/v1/appeals", CALTAC, body) for body in ordered))
        return sorted(answer.status_code for answer in answers)

    outcomes = await asyncio.gather(*map(race, range(PAIRS)))
    assert outcomes == [[201, 409]] * PAIRS


async def test_a_whole_school_is_requested_and_decided_in_one_go(live: Live) -> None:
    case = replace(CHEATING, student_refs=frozenset(REFS))
    await live.hear(submitted(case))
    made = await live.post("/v1/appeals", SITE_COORDINATOR, asking(case.case_number, "invalidate", *REFS))
    appeals = made.json()["appeals"]
    body = {"decision": "approve", "appeals": [appeal["id"] for appeal in appeals]}
    decided = await live.post("/v1/appeals/decisions", CDE, body)
    assert len({appeal["appeal_number"] for appeal in appeals}) == 500
    assert [result["decided"] for result in decided.json()["results"]] == [True] * 500


async def test_the_list_is_filtered_scoped_sorted_and_paged(live: Live) -> None:
    cases = [FIRE_DRILL, WRONG_SETTINGS, CHEATING]
    bodies = [
        asking(FIRE_DRILL.case_number, "grace_period_extension", **PAUSED),
        asking(WRONG_SETTINGS.case_number, "reset"),
        asking(CHEATING.case_number, "invalidate"),
    ]
    for case in cases:
        await live.hear(submitted(case))
    made = [await one(live, body) for body in bodies]
    await live.projector.catch_up()
    first = (await live.get("/v1/appeals?order=due&limit=2", SITE_COORDINATOR)).json()
    rest = (
        await live.get(f"/v1/appeals?order=due&limit=2&cursor={first['next_cursor']}", SITE_COORDINATOR)
    ).json()
    found = [*first["items"], *rest["items"]]
    assert found[0]["appeal_type"] == "reset"
    assert {item["id"] for item in found} == {appeal["id"] for appeal in made}
    assert rest["next_cursor"] is None
    assert (await live.get("/v1/appeals", FOREIGN_COORDINATOR)).json()["items"] == []
    queries = {
        "status=pending_cde&appeal_type=reset": 1,
        f"case_number={CHEATING.case_number}": 1,
        "decider=caltac": 0,
        "overdue=true": 0,
        "overdue=false": 3,
    }
    counts = {query: len((await live.get(f"/v1/appeals?{query}", CDE)).json()["items"]) for query in queries}
    assert counts == queries


async def test_the_newest_come_first_and_a_page_is_stable_while_more_arrive(live: Live) -> None:
    for case in (CHEATING, ILLNESS, WRONG_SETTINGS):
        await live.hear(submitted(case))
    oldest = await one(live, asking(CHEATING.case_number, "invalidate"))
    live.clock.advance(_minutes(1))
    newer = await one(live, asking(ILLNESS.case_number, "re_open", event_state="expired"))
    await live.projector.catch_up()
    first = (await live.get("/v1/appeals?limit=1", LEA_COORDINATOR)).json()
    live.clock.advance(_minutes(1))
    await one(live, asking(WRONG_SETTINGS.case_number, "reset"))
    await live.projector.catch_up()
    second = (await live.get(f"/v1/appeals?limit=1&cursor={first['next_cursor']}", LEA_COORDINATOR)).json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [newer["id"], oldest["id"]]


async def test_an_overdue_appeal_is_found_and_the_single_resource_agrees(live: Live) -> None:
    await live.hear(submitted(CHEATING))
    appeal = await one(live, asking(CHEATING.case_number, "invalidate"))
    await live.projector.catch_up()
    live.clock.advance(_minutes(60 * 24 * 30))
    listed = (await live.get("/v1/appeals?overdue=true", CDE)).json()["items"]
    shown = (await live.get(f"/v1/appeals/{appeal['id']}", CDE)).json()
    assert listed == [shown]
    assert shown["overdue"] is True


async def test_a_rebuilt_list_equals_the_live_one(live: Live) -> None:
    for case in (CHEATING, ILLNESS):
        await live.hear(submitted(case))
    appeal = await one(live, asking(CHEATING.case_number, "invalidate"))
    await one(live, asking(ILLNESS.case_number, "re_open", event_state="expired"))
    await live.post(f"/v1/appeals/{appeal['id']}/approve", CDE, {})
    await live.projector.catch_up()
    before = (await live.get("/v1/appeals", CDE)).json()
    await rebuild(live.parts.engine, live.parts.tail, AppealList(), progress=lambda _done, _total: None)
    assert (await live.get("/v1/appeals", CDE)).json() == before


async def test_the_service_is_ready_when_its_database_is_migrated(live: Live, database: str) -> None:
    ready = await live.http.get("/readyz")
    assert (ready.status_code, ready.json()["reasons"]) == (200, {})
    assert is_current(database, APPEALS.package)


async def test_every_stored_fact_can_be_published_or_left_inside(live: Live) -> None:
    await live.hear(submitted(CHEATING))
    await one(live, asking(CHEATING.case_number, "invalidate"))
    published = [outbound.publish(recorded.fact) for recorded in await live.parts.tail.page(0)]
    assert [type(each).__name__ for each in published] == ["AppealRequested", "NoneType", "NoneType"]
