"""A-55: the SSID of a case's own student passes in no form, nor where a telephone number is asked for."""

from __future__ import annotations

import pytest

from tests.support.http.tokens import CDE_REVIEWER, LEA_COORDINATOR, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import Body, cheating, instagram

MINE, CDE = bearer(LEA_COORDINATOR), bearer(CDE_REVIEWER)
OWN, OTHER = "9165550100", "9165550101"  # each could be a telephone number as well
PHONE, OTHER_PHONE = "(916) 555-0100", "(916) 555-0101"
IN_OTHER_FORMS = [PHONE, "916.555.0100", "91655\n50100", "1916555010099", "9,165,550,100"]
CALLED = {"called": "caltac", "called_at": "2019-04-12T18:30:00Z"}


@pytest.fixture
def api() -> Api:
    return Api()


def of_own(**changes: object) -> Body:
    return cheating(**{"student_count": 1, "ssids": [OWN], **changes})


async def refused(api: Api, method: str, url: str, body: Body, pointer: str | None) -> None:
    before = api.facts()
    answer = await api.http.request(method, url, json=body, headers=MINE)
    assert (answer.status_code, answer.json()["code"]) == (422, "ssid_in_text")
    assert [issue["pointer"] for issue in answer.json().get("errors", ())] == ([pointer] if pointer else [])
    assert PHONE not in answer.text
    assert api.facts() == before


@pytest.mark.parametrize("text", IN_OTHER_FORMS)
async def test_neither_in_the_narrative_nor_in_a_detail_of_a_new_case(api: Api, text: str) -> None:
    details = {"what_was_done": f"called {text}", "finished_test": True}
    await refused(api, "POST", "/v1/incidents", of_own(narrative=f"Call {text}."), "/narrative")
    await refused(api, "POST", "/v1/incidents", of_own(details=details), "/details/what_was_done")
    assert api.vault.sealed == []


async def test_a_telephone_number_of_nobody_in_the_case_passes(api: Api) -> None:
    answer = await api.http.post("/v1/incidents", json=of_own(narrative=f"Call {OTHER_PHONE}."), headers=MINE)
    assert answer.status_code == 201


async def test_neither_text_nor_list_is_changed_so_that_it_names_a_student(api: Api) -> None:
    url = (await api.http.post("/v1/incidents", json=of_own(), headers=MINE)).headers["location"]
    details = {"what_was_done": f"called {PHONE}", "finished_test": True}
    await refused(api, "PATCH", url, {"narrative": PHONE}, "/narrative")
    await refused(api, "PATCH", url, {"details": details}, "/details/what_was_done")
    told = {"narrative": f"Call {OTHER_PHONE}."}
    assert (await api.http.patch(url, json=told, headers=MINE)).status_code == 200
    await refused(api, "PUT", f"{url}/students", {"ssids": [OTHER]}, "/narrative")
    await refused(api, "PATCH", url, {"ssids": [OTHER]}, "/narrative")
    replaced = await api.http.patch(url, json={"ssids": [OTHER], "narrative": PHONE}, headers=MINE)
    assert replaced.status_code == 200, "the former student is none of the case any more"


@pytest.mark.parametrize("where", ["reference", "spoke_with"])
async def test_a_call_takes_any_number_but_that_of_a_student(api: Api, where: str) -> None:
    body = instagram(ssids=[OWN], student_count=1)
    url = (await api.http.post("/v1/incidents", json=body, headers=MINE)).headers["location"]
    await refused(api, "POST", f"{url}/breach-calls", {**CALLED, where: OWN}, f"/{where}")
    taken = await api.http.post(f"{url}/breach-calls", json={**CALLED, where: OTHER}, headers=MINE)
    assert taken.status_code == 201
    await refused(api, "PUT", f"{url}/students", {"ssids": [OTHER]}, None)


@pytest.mark.parametrize("path", ["notes", "additional-action"])
async def test_neither_is_it_in_what_is_said_afterwards(api: Api, path: str) -> None:
    url = (await api.http.post("/v1/incidents", json=of_own(), headers=MINE)).headers["location"]
    assert (await api.http.post(f"{url}/submit", headers=MINE)).status_code == 200
    for text in IN_OTHER_FORMS:
        answer = await api.http.post(f"{url}/{path}", json={"text": text}, headers=CDE)
        assert (answer.status_code, answer.json()["code"]) == (422, "ssid_in_text")
    passed = await api.http.post(f"{url}/{path}", json={"text": OTHER_PHONE}, headers=CDE)
    assert passed.is_success
