"""Known, erased, unknown: what becomes of a student's key, by the API and on the real database."""

from __future__ import annotations

import asyncio

import httpx

from services.incidents.providers.unnamed_keys import NAME, remove_unnamed_keys
from shared.chassis.worker import worker_loops
from tests.support.eventually import eventually
from tests.support.http.tokens import LEA_COORDINATOR, bearer
from tests.support.incidents.bodies import FIRST, SECOND, THIRD, cheating, swapped_logons
from tests.support.incidents.service import Running, drafted, items, submitted

MINE = bearer(LEA_COORDINATOR)
A_DAY_LATER = "UPDATE student_keys SET asked_at = asked_at - interval '2 days'"


def refs(service: Running) -> set[str]:
    return {ref for (ref,) in service.rows("SELECT student_ref FROM student_keys")}


async def listed(service: Running, url: str) -> list[httpx.Response]:
    answers = [await service.http.get(f"{url}{part}", headers=MINE) for part in ("", "/students", "/history")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    return answers


async def test_an_erased_student_reported_again_leaves_the_old_case_readable(service: Running) -> None:
    old = await submitted(service, swapped_logons())
    before = (await service.http.get(old, headers=MINE)).json()["students"]
    service.execute("SELECT erase_student(%s, 'a parent asked for it')", before[0]["student_ref"])
    new = await submitted(service, cheating())  # names the same two students
    case, full, _ = await listed(service, old)
    assert [student["ssid_masked"] for student in case.json()["students"]] == [None, "******5528"]
    assert case.json()["details"]["pairs"][0]["logon_ssid"]["ssid_masked"] is None
    assert full.json()["ssids"] == [SECOND]
    case, full, _ = await listed(service, new)
    assert full.json()["ssids"] == [FIRST, SECOND]
    after = [student["student_ref"] for student in case.json()["students"]]
    assert (after[0] == before[0]["student_ref"], after[1] == before[1]["student_ref"]) == (False, True)
    (found,) = await items(service, ssid=FIRST)
    assert found["id"] == case.json()["id"]


async def test_a_draft_of_an_erased_student_can_be_listed_anew_and_submitted(service: Running) -> None:
    url = await drafted(service, cheating())
    (ref, *_) = sorted(refs(service))
    service.execute("DELETE FROM student_keys WHERE student_ref = %s", ref)
    put = await service.http.put(f"{url}/students", json={"ssids": [FIRST, SECOND]}, headers=MINE)
    assert [student["ssid_masked"] for student in put.json()["students"]] == ["******5527", "******5528"]
    assert (await service.http.post(f"{url}/submit", headers=MINE)).status_code == 200
    _, full, _ = await listed(service, url)
    assert full.json()["ssids"] == [FIRST, SECOND]


async def test_keys_that_no_fact_names_are_removed_and_erase_nobody(service: Running) -> None:
    url = await drafted(service, cheating(ssids=[FIRST], student_count=1))
    kept = refs(service)
    deleted = await drafted(service, cheating(ssids=[SECOND]))
    await service.http.delete(deleted, headers=MINE)  # its facts stay, and name the student
    kept |= refs(service)
    stale = {**MINE, "If-Match": '"1"'}
    assert (await service.http.post(f"{url}/submit", headers=MINE)).status_code == 200
    # a student who is sealed for an answer that is refused afterwards: the case is no draft any more
    refused = await service.http.put(f"{url}/students", json={"ssids": [THIRD]}, headers=stale)
    assert refused.status_code in (409, 412)
    service.execute("SELECT student_keys_for(ARRAY['stu_unused'], ARRAY['x'::bytea], 'me', '2019-04-12', 9)")
    assert await remove_unnamed_keys(service.base.engine) == 0  # it may still be on its way
    service.execute(A_DAY_LATER)
    assert await remove_unnamed_keys(service.base.engine) >= 1
    assert refs(service) == kept
    assert service.rows("SELECT * FROM erased_students") == []
    assert await remove_unnamed_keys(service.base.engine) == 0


async def test_a_key_that_is_asked_for_again_stays_another_day(service: Running) -> None:
    asked = "SELECT student_keys_for(ARRAY['stu_unused'], ARRAY['x'::bytea], 'me', '2019-04-12', 9)"
    service.execute(asked)
    service.execute(A_DAY_LATER)
    service.execute(asked)
    assert await remove_unnamed_keys(service.base.engine) == 0
    service.execute(A_DAY_LATER)
    assert await remove_unnamed_keys(service.base.engine) == 1


async def test_the_worker_removes_them(service: Running) -> None:
    service.execute(
        "INSERT INTO student_keys VALUES ('stu_unused', 'x', now(), false, now() - interval '2 days')"
    )
    stop = asyncio.Event()
    loop = asyncio.ensure_future(worker_loops(service.base)[NAME](stop))

    async def removed() -> bool:
        return refs(service) == set()

    await eventually(removed)
    stop.set()
    await loop


async def test_a_caller_with_too_many_new_students_is_told_when_to_go_on(service: Running) -> None:
    service.execute("INSERT INTO new_students VALUES ('lea-1', '2019-04-12', 19999)")
    one = await service.http.post("/v1/incidents", json=cheating(ssids=[FIRST]), headers=MINE)
    assert one.status_code == 201
    again = await service.http.post("/v1/incidents", json=cheating(ssids=[FIRST]), headers=MINE)
    assert again.status_code == 201
    more = await service.http.post("/v1/incidents", json=cheating(ssids=[FIRST, SECOND]), headers=MINE)
    assert (more.status_code, more.json()["code"]) == (429, "rate_limited")
    assert int(more.headers["retry-after"]) == 12 * 3600 + 1  # noon in California
    assert service.facts() == 2
