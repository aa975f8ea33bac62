"""From draft to processed case, with the real parts on real PostgreSQL."""

from __future__ import annotations

import asyncio

import httpx

from services.incidents.bootstrap import REACTIONS
from shared.chassis.worker import worker_loops
from shared.process.loops import Loop
from tests.support.eventually import eventually
from tests.support.http.tokens import (
    CDE_REVIEWER,
    LEA_COORDINATOR,
    NEIGHBOUR_SITE_COORDINATOR,
    SITE_COORDINATOR,
    SYSTEM,
    bearer,
)
from tests.support.incidents.bodies import FIRST, SECOND, THIRD, charts_on_walls, cheating, swapped_logons
from tests.support.incidents.service import Running, drafted, items, submitted

MINE = bearer(LEA_COORDINATOR)


async def test_e26_a_case_goes_from_draft_to_submitted(service: Running) -> None:
    url = await drafted(service, cheating(ssids=None))
    listed = await service.http.put(f"{url}/students", json={"ssids": [FIRST, SECOND]}, headers=MINE)
    answer = await service.http.post(f"{url}/submit", headers={**MINE, "If-Match": listed.headers["etag"]})
    case = answer.json()
    assert (answer.status_code, case["status"], case["case_number"]) == (200, "submitted", "2018-19-000001")
    assert case["severity_reason"] == {
        "rule": "student_cheating.severity",
        "rulebook": "2018-19",
        "source": "S 32; M p34, p46, p48",
        "text": "Students cheated: unusual, and it may affect performance, security or validity; "
        "contained locally",
    }
    assert [student["ssid_masked"] for student in case["students"]] == ["******5527", "******5528"]
    (item,) = await items(service)
    assert (item["case_number"], item["version"], item["late"]) == ("2018-19-000001", 3, False)


async def test_reading_full_ssids_is_in_the_history_and_leaves_the_version_alone(service: Running) -> None:
    url = await submitted(service, cheating())
    before = await service.http.get(url, headers=MINE)
    for _ in range(2):
        read = await service.http.get(f"{url}/students", headers=bearer(CDE_REVIEWER))
    assert read.json()["ssids"] == [FIRST, SECOND]
    after = await service.http.get(url, headers=MINE)
    assert after.headers["etag"] == before.headers["etag"]
    history = (await service.http.get(f"{url}/history", headers=MINE)).json()["items"]
    assert [entry["what"] for entry in history] == ["drafted", "submitted", "students_read", "students_read"]
    assert [entry["who"]["role"] for entry in history[-2:]] == ["cde_reviewer", "cde_reviewer"]


async def test_no_plain_ssid_is_anywhere_in_the_database(service: Running) -> None:
    keyed = {**MINE, "Idempotency-Key": "first-try"}
    answer = await service.http.post("/v1/incidents", json=swapped_logons(), headers=keyed)
    url = answer.headers["location"]
    await service.http.put(f"{url}/students", json={"ssids": [FIRST, SECOND]}, headers=MINE)
    await service.http.patch(url, json={"ssids": [FIRST, SECOND, THIRD], "student_count": 3}, headers=MINE)
    await service.http.post(f"{url}/submit", headers={**MINE, "Idempotency-Key": "second-try"})
    await service.http.get(f"{url}/students", headers=MINE)
    assert len(await items(service, ssid=THIRD)) == 1
    stored = list(service.everything())
    assert any(b"student_ref" in value for value in stored)
    assert [value for value in stored for ssid in (FIRST, SECOND, THIRD) if ssid.encode() in value] == []


async def test_an_erased_student_is_gone_and_the_case_still_works(service: Running) -> None:
    url = await submitted(service, cheating())
    (item,) = await items(service, ssid=FIRST)
    gone = item["students"][0]["student_ref"]
    service.execute("DELETE FROM student_keys WHERE student_ref = %s", gone)
    case = (await service.http.get(url, headers=MINE)).json()
    assert [student["ssid_masked"] for student in case["students"]] == [None, "******5528"]
    read = (await service.http.get(f"{url}/students", headers=MINE)).json()
    assert read["ssids"] == [SECOND]


async def test_of_several_submissions_at_once_one_wins(service: Running) -> None:
    url = await drafted(service, cheating())
    answers = await asyncio.gather(
        *(service.http.post(f"{url}/submit", headers=bearer(actor)) for actor in [LEA_COORDINATOR] * 6)
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 409, 409, 409, 409, 409]
    losers = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert losers == {"not_a_draft"}


async def test_case_numbers_are_unique_among_concurrent_submissions(service: Running) -> None:
    urls = [await drafted(service, charts_on_walls()) for _ in range(12)]
    answers: list[httpx.Response] = await asyncio.gather(
        *(service.http.post(f"{url}/submit", headers=MINE) for url in urls)
    )
    numbers = {answer.json()["case_number"] for answer in answers}
    assert numbers == {f"2018-19-{n:06d}" for n in range(1, 13)}


async def test_e38_a_case_without_appeal_is_processed_in_the_background(service: Running) -> None:
    stop = asyncio.Event()
    reactions: Loop = worker_loops(service.base)[f"consumer:{REACTIONS}"]
    worker = asyncio.ensure_future(reactions(stop))
    url = await submitted(service, charts_on_walls(), SITE_COORDINATOR)
    waiting = await submitted(service, cheating())

    async def processed() -> bool:
        answer = await service.http.get(url, headers=MINE)
        return bool(answer.json()["status"] == "processed")

    await eventually(processed)
    stop.set()
    await worker
    assert (await service.http.get(waiting, headers=MINE)).json()["status"] == "submitted"
    (item,) = await items(service, status="processed")
    assert (item["sub_status"], item["severity"]) == ("completed", "impropriety")


async def test_the_list_answers_every_question_of_the_contract_within_scope(service: Running) -> None:
    yesterday = "2019-04-11T10:30:00-07:00"
    await submitted(service, cheating(discovered_at=yesterday, occurred_at=yesterday))
    await submitted(service, charts_on_walls(), SITE_COORDINATOR)
    await drafted(service, cheating(ssids=[THIRD], student_count=1))
    asked: dict[str, tuple[str, int]] = {
        "case_number": ("2018-19-000001", 1),
        "status": ("draft", 1),
        "severity": ("impropriety", 1),
        "incident_type": ("student_cheating", 2),
        "school": ("19647336012345", 3),
        "lea": ("1964733", 3),
        "ssid": (THIRD, 1),
        "submitted_from": ("2019-04-12", 2),
        "submitted_to": ("2019-04-11", 0),
        "late": ("true", 1),
    }
    counts = {name: len(await items(service, **{name: value})) for name, (value, _) in asked.items()}  # type: ignore[arg-type]  # names of filters, never the actor's
    assert counts == {name: count for name, (_, count) in asked.items()}
    assert await items(service, NEIGHBOUR_SITE_COORDINATOR) == []


async def test_pages_follow_each_other_while_cases_are_added(service: Running) -> None:
    urls = [await drafted(service, charts_on_walls()) for _ in range(5)]
    await service.projected()
    first = (await service.http.get("/v1/incidents?limit=2", headers=MINE)).json()
    seen = [item["id"] for item in first["items"]]
    await drafted(service, charts_on_walls())
    await service.projected()
    cursor = first["next_cursor"]
    while cursor:
        page = (await service.http.get(f"/v1/incidents?limit=2&cursor={cursor}", headers=MINE)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert {url.rpartition("/")[2] for url in urls} <= set(seen)
    assert len(seen) == len(set(seen))


async def test_the_feed_of_changes_tells_what_was_submitted(service: Running) -> None:
    url = await submitted(service, cheating())
    answer = await service.http.get("/v1/changes?after=0", headers=bearer(SYSTEM))
    (event,) = answer.json()["items"]
    assert (event["type"], event["subject"]) == ("stairs.incident.submitted.v1", url.rpartition("/")[2])
    assert event["data"]["student_count"] == 2
    assert (await service.http.get("/v1/changes", headers=MINE)).json()["code"] == "forbidden"


async def test_a_repeated_submission_gets_the_first_answer_again(service: Running) -> None:
    url = await drafted(service, cheating())
    keyed = {**MINE, "Idempotency-Key": "once"}
    first = await service.http.post(f"{url}/submit", headers=keyed)
    again = await service.http.post(f"{url}/submit", headers=keyed)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
