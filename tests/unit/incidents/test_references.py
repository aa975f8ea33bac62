"""References of students: none in answers about drafts; the record of a read says whose SSIDs were opened."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.http.tokens import CDE_REVIEWER, LEA_COORDINATOR, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import FIRST, SECOND, swapped_logons
from tests.support.incidents.student_files import a_csv, ssids

MINE = bearer(LEA_COORDINATOR)


@pytest.fixture
def api() -> Api:
    return Api()


async def everything_about(api: Api, url: str) -> list[Any]:
    """What is answered about a case, by every address that answers about it."""
    answers = [
        await api.http.get(url, headers=MINE),
        await api.http.get("/v1/incidents", headers=MINE),
        await api.http.post("/v1/incidents/search", json={"ssid": FIRST}, headers=MINE),
        await api.http.get(f"{url}/students", headers=bearer(CDE_REVIEWER)),
        await api.http.get(f"{url}/history", headers=MINE),
    ]
    assert {answer.status_code for answer in answers} == {200}
    return answers


async def test_no_answer_about_a_draft_names_a_reference(api: Api) -> None:
    begun = await api.http.post("/v1/incidents", json=swapped_logons(), headers=MINE)
    url, two = begun.headers["location"], {"ssids": [FIRST, SECOND]}
    changes = {**two, "narrative": "More."}
    file = {"file": ("s.csv", a_csv([FIRST, SECOND, *ssids(9, 8_000_000_000)]))}
    other = await api.http.post("/v1/incidents", json=swapped_logons(student_count=11), headers=MINE)
    answers = [
        begun,
        await api.http.put(f"{url}/students", json=two, headers=MINE),
        await api.http.patch(url, json=changes, headers=MINE),
        await api.http.post(f"{other.headers['location']}/students/upload", files=file, headers=MINE),
        *await everything_about(api, url),
    ]
    assert [answer.status_code for answer in answers[:4]] == [201, 200, 200, 200]
    assert [answer.request.url.path for answer in answers if "stu_" in answer.text] == []
    assert all(answer.json()["students"][0]["student_ref"] is None for answer in answers[:4])


async def test_a_submitted_case_names_its_students_everywhere(api: Api) -> None:
    url = (await api.http.post("/v1/incidents", json=swapped_logons(), headers=MINE)).headers["location"]
    submitted = await api.http.post(f"{url}/submit", headers=MINE)
    for answer in (submitted, *await everything_about(api, url)):
        assert api.vault.ref(FIRST) in answer.text


async def test_the_record_of_a_read_names_whose_ssids_were_opened(api: Api) -> None:
    url = (await api.http.post("/v1/incidents", json=swapped_logons(), headers=MINE)).headers["location"]
    await api.http.get(f"{url}/students", headers=MINE)
    await api.http.post(f"{url}/submit", headers=MINE)
    api.vault.erased.add(api.vault.ref(SECOND))
    read = await api.http.get(f"{url}/students", headers=MINE)
    assert read.json()["ssids"] == [FIRST]
    history = (await api.http.get(f"{url}/history", headers=MINE)).json()["items"]
    named = [entry["data"]["student_refs"] for entry in history if entry["what"] == "students_read"]
    assert named == [sorted(map(api.vault.ref, (FIRST, SECOND))), [api.vault.ref(FIRST)]]
    assert [entry["data"]["student_count"] for entry in history if entry["what"] == "students_read"] == [2, 2]
