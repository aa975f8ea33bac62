"""The REST contract of this service (contract §2, §3), by its routes over parts in memory."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.incidents.read_model.queries import CaseCriteria
from shared.observability.audit import close, configure_audit
from tests.support.http.tokens import (
    AUDITOR,
    CDE_REVIEWER,
    EVERYBODY,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import (
    FIRST,
    SECOND,
    charts_on_walls,
    cheating,
    fire_drill,
    instagram,
    swapped_logons,
)

MINE = bearer(LEA_COORDINATOR)
CONTRACT = {
    "id", "case_number", "status", "sub_status", "severity", "severity_reason", "recommended_action",
    "pre_action", "appeal_types", "cde_copy", "late", "report_due_at", "submitted_at", "submitted_by",
    "additional_action", "students", "version", "incident_type", "occurred_at", "discovered_at", "school",
    "grade", "test", "delivery_mode", "assessment_kind", "student_count", "narrative", "details",
    "administration_year",
}  # fmt: skip


@pytest.fixture
def api() -> Api:
    return Api()


async def drafted(api: Api, body: dict[str, Any]) -> str:
    answer = await api.http.post("/v1/incidents", json=body, headers=MINE)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def test_a_new_case_is_a_draft_at_its_location(api: Api) -> None:
    answer = await api.http.post("/v1/incidents", json=cheating(), headers=MINE)
    case = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/v1/incidents/{case['id']}"
    assert (case["status"], case["case_number"], case["sub_status"]) == ("draft", None, None)
    assert case["occurred_at"] == "2019-04-12T17:00:00Z"
    assert case["report_due_at"] == "2019-04-13T17:30:00Z"
    shown = await api.http.get(answer.headers["location"], headers=MINE)
    assert (shown.json(), shown.headers["etag"]) == ({**case, "notifications": []}, '"1"')


async def test_the_case_resource_is_the_contracts(api: Api) -> None:
    answer = await api.http.post("/v1/incidents", json=cheating(), headers=MINE)
    case = answer.json()
    assert set(case) >= CONTRACT
    assert "ssids" not in case
    assert set(case["severity_reason"]) == {"rule", "rulebook", "source", "text"}
    assert case["students"] == [
        {"student_ref": None, "ssid_masked": "******5527"},
        {"student_ref": None, "ssid_masked": "******5528"},
    ]
    assert FIRST not in answer.text


async def test_ssids_in_details_are_shown_masked_to_those_who_may(api: Api) -> None:
    url = await drafted(api, swapped_logons())
    pair = (await api.http.get(url, headers=MINE)).json()["details"]["pairs"][0]
    assert pair["logon_ssid"] == {"student_ref": None, "ssid_masked": "******5527"}
    unmasked = (await api.http.get(url, headers=bearer(AUDITOR))).json()
    assert unmasked["details"]["pairs"][0]["tested_ssid"]["ssid_masked"] is None
    assert unmasked["students"][0]["ssid_masked"] is None


async def test_the_same_key_and_body_get_the_first_answer_again(api: Api) -> None:
    keyed = {**MINE, "Idempotency-Key": "k-1"}
    first = await api.http.post("/v1/incidents", json=cheating(), headers=keyed)
    again = await api.http.post("/v1/incidents", json=cheating(), headers=keyed)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert api.facts() == ["Drafted"]


async def test_a_draft_is_patched_and_deleted(api: Api) -> None:
    url = await drafted(api, charts_on_walls())
    patched = await api.http.patch(
        url, json={"grade": "05", "narrative": None}, headers={**MINE, "If-Match": '"1"'}
    )
    assert (patched.status_code, patched.headers["etag"]) == (200, '"2"')
    assert (patched.json()["grade"], patched.json()["narrative"]) == ("05", None)
    deleted = await api.http.delete(url, headers={**MINE, "If-Match": '"2"'})
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.http.get(url, headers=MINE)).status_code == 404


@pytest.mark.parametrize("field", ["incident_type", "school", "assessment_kind", "details"])
async def test_what_a_case_cannot_do_without_is_not_cleared(api: Api, field: str) -> None:
    url = await drafted(api, charts_on_walls())
    answer = await api.http.patch(url, json={field: None}, headers=MINE)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]


async def test_students_are_listed_read_and_the_read_is_in_the_history(api: Api) -> None:
    url = await drafted(api, cheating(ssids=None))
    put = await api.http.put(f"{url}/students", json={"ssids": [FIRST, SECOND]}, headers=MINE)
    assert [student["ssid_masked"] for student in put.json()["students"]] == ["******5527", "******5528"]
    read = await api.http.get(f"{url}/students", headers=bearer(CDE_REVIEWER))
    assert read.json()["ssids"] == [FIRST, SECOND]
    history = (await api.http.get(f"{url}/history", headers=MINE)).json()["items"]
    assert [(entry["what"], entry["who"]["role"]) for entry in history] == [
        ("drafted", "lea_coordinator"),
        ("students_listed", "lea_coordinator"),
        ("students_read", "cde_reviewer"),
    ]
    assert history[0]["occurred_at"] == "2019-04-12T19:00:00Z"
    assert history[0]["recorded_at"] != history[0]["occurred_at"]
    assert FIRST not in str(history)


async def test_a_call_that_is_recorded_late_does_not_hide_what_is_asked_for(api: Api) -> None:
    url = await drafted(api, instagram())
    assert (await api.http.post(f"{url}/submit", headers=MINE)).status_code == 200
    asked = {"text": "Send the screenshots."}
    await api.http.post(f"{url}/additional-action", json=asked, headers=bearer(CDE_REVIEWER))
    call = {"called": "caltac", "called_at": "2019-04-12T18:30:00Z"}
    shown = (await api.http.post(f"{url}/breach-calls", json=call, headers=MINE)).json()
    assert shown["additional_action"] == asked["text"]


async def test_a_breach_call_is_recorded_and_shown(api: Api) -> None:
    url = await drafted(api, instagram())
    call = {"called": "caltac", "called_at": "2019-04-12T11:00:00-07:00", "spoke_with": "Cal"}
    answer = await api.http.post(f"{url}/breach-calls", json=call, headers=MINE)
    assert answer.status_code == 201
    assert answer.json()["breach_calls"] == [
        {"called": "caltac", "called_at": "2019-04-12T18:00:00Z", "spoke_with": "Cal", "reference": None}
    ]


async def test_submitting_answers_number_action_and_submitter(api: Api) -> None:
    url = await drafted(api, fire_drill())
    answer = await api.http.post(f"{url}/submit", headers=MINE)
    case = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (case["case_number"], case["status"]) == ("2018-19-000001", "submitted")
    assert (case["recommended_action"], case["appeal_types"]) == (
        "continue_to_submit_appeal",
        ["grace_period_extension"],
    )
    assert case["submitted_by"]["role"] == "lea_coordinator"


async def test_classify_is_a_dry_run_for_everybody(api: Api) -> None:
    for actor in EVERYBODY:
        answer = await api.http.post("/v1/classify", json=instagram(), headers=bearer(actor))
        assert answer.status_code == 200
    found = answer.json()
    assert (found["severity"], found["pre_action"], found["late"]) == ("breach", "call_caltac", False)
    assert found["clocks"][0] == {
        "id": "K3",
        "what": "submission of the case",
        "due_at": "2019-04-13T17:30:00Z",
    }
    refused = await api.http.post("/v1/classify", json=instagram(ssids=["1"]), headers=MINE)
    assert refused.json()["code"] == "invalid_ssid"
    assert (api.facts(), api.vault.sealed) == ([], [])


async def test_the_rulebooks_are_open_to_read(api: Api) -> None:
    years = (await api.http.get("/v1/rulebooks", headers=MINE)).json()["items"]
    assert [entry["year"] for entry in years] == ["2015-16", "2018-19", "2020-21"]
    book = (await api.http.get("/v1/rulebooks/2018-19", headers=MINE)).json()
    assert book["version"] == years[1]["version"]
    assert {"tests", "phones", "clocks", "not_incidents", "incident_types"} <= set(book)
    types = (await api.http.get("/v1/rulebooks/2018-19/incident-types", headers=MINE)).json()["items"]
    assert len(types) == 40
    url = "/v1/rulebooks/2018-19/incident-types/session_disruption"
    answer = await api.http.get(url, headers=MINE)
    one = answer.json()
    assert one in types
    assert answer.headers["etag"] == f'"{book["version"]}"'
    assert one["details"]["minutes_paused"]["kind"] == "integer"
    for missing in ("/v1/rulebooks/1999-00", "/v1/rulebooks/2018-19/incident-types/none"):
        assert (await api.http.get(missing, headers=MINE)).status_code == 404


@pytest.mark.parametrize("year", ["2015-16", "2018-19", "2020-21"])
async def test_every_year_answers_all_core_codes_each_with_its_source(api: Api, year: str) -> None:
    types = (await api.http.get(f"/v1/rulebooks/{year}/incident-types", headers=MINE)).json()["items"]
    assert {entry["number"] for entry in types} >= set(range(1, 41))
    assert all(entry["source"] and entry["basis"] for entry in types)


async def test_the_list_is_paged_by_the_place_of_the_last_item(api: Api) -> None:
    for _ in range(3):
        await drafted(api, charts_on_walls())
    seen: list[str] = []
    url = "/v1/incidents?limit=2"
    first = (await api.http.get(url, headers=MINE)).json()
    second = (await api.http.get(f"{url}&cursor={first['next_cursor']}", headers=MINE)).json()
    seen = [item["id"] for item in [*first["items"], *second["items"]]]
    assert (len(seen), len(set(seen)), second["next_cursor"]) == (3, 3, None)
    assert (await api.http.get("/v1/incidents", headers=bearer(OTHER_LEA_COORDINATOR))).json()["items"] == []


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=WyJ4IiwieSJd", "limit=0", "limit=201", "status=gone", "ssid=12", "color=red"],
)
async def test_a_question_that_cannot_be_asked_is_refused(api: Api, query: str) -> None:
    assert (await api.http.get(f"/v1/incidents?{query}", headers=MINE)).status_code == 422
    assert api.search.asked == []


async def test_the_list_is_asked_what_the_caller_asked(api: Api) -> None:
    query = (
        f"case_number=2018-19-000001&status=submitted&severity=breach&incident_type=student_cheating"
        f"&school=19647336012345&lea=1964733&late=true&ssid={FIRST}"
        "&submitted_from=2019-04-01&submitted_to=2019-04-12"
    )
    assert (await api.http.get(f"/v1/incidents?{query}", headers=MINE)).status_code == 200
    assert api.search.asked == [
        CaseCriteria(
            case_number="2018-19-000001",
            status="submitted",
            severity="breach",
            incident_type="student_cheating",
            school="19647336012345",
            lea="1964733",
            late=True,
            student_ref=api.vault.ref(FIRST),
            submitted_from=datetime(2019, 4, 1, 7, tzinfo=UTC),
            submitted_before=datetime(2019, 4, 13, 7, tzinfo=UTC),
        )
    ]


async def test_searching_by_ssid_is_for_those_who_may_read_ssids(api: Api) -> None:
    answer = await api.http.get(f"/v1/incidents?ssid={FIRST}", headers=bearer(AUDITOR))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_every_search_by_ssid_is_in_the_audit_with_the_students_reference(api: Api) -> None:
    paper = io.StringIO()
    configure_audit("incidents", None, stream=paper)
    await api.http.post("/v1/incidents/search", json={"ssid": FIRST}, headers=MINE)
    await api.http.get(f"/v1/incidents?ssid={FIRST}", headers=bearer(AUDITOR))
    await api.http.get("/v1/incidents", headers=MINE)
    close()
    lines = [json.loads(line) for line in paper.getvalue().splitlines()]
    assert [(line["act"], line["student_ref"], line["role"], line["verdict"]) for line in lines] == [
        ("searched_by_ssid", api.vault.ref(FIRST), "lea_coordinator", "done"),
        ("searched_by_ssid", api.vault.ref(FIRST), "auditor", "forbidden"),
    ]
    assert FIRST not in paper.getvalue()


@pytest.mark.parametrize("path", ["/v1/incidents", "/v1/incidents/00000000-0000-4000-8000-000000000000"])
async def test_test_administrators_see_no_cases(api: Api, path: str) -> None:
    answer = await api.http.get(path, headers=bearer(TEST_ADMINISTRATOR))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_feed_is_for_systems_and_auditors(api: Api) -> None:
    for actor, status in ((SYSTEM, 200), (AUDITOR, 200), (LEA_COORDINATOR, 403), (CDE_REVIEWER, 403)):
        answer = await api.http.get("/v1/changes?after=3&limit=7&wait=0.5", headers=bearer(actor))
        assert answer.status_code == status
    answer = await api.http.get("/v1/changes?after=3&limit=7&wait=1", headers=bearer(SYSTEM))
    assert answer.json() == {"items": [], "next_after": 3 + 7 + 1}
    assert (await api.http.get("/v1/changes?wait=nan", headers=bearer(SYSTEM))).status_code == 422


@pytest.mark.parametrize("year", ["2018-20", "18-19", "1918-19"])
async def test_a_year_is_two_years_that_follow_each_other(api: Api, year: str) -> None:
    body = charts_on_walls(administration_year=year)
    answer = await api.http.post("/v1/incidents", json=body, headers=MINE)
    assert answer.json()["errors"][0]["pointer"] == "/administration_year"


async def test_a_stated_year_goes_before_the_day_of_the_incident(api: Api) -> None:
    body = charts_on_walls(administration_year="2019-20")
    case = (await api.http.post("/v1/incidents", json=body, headers=MINE)).json()
    assert (case["administration_year"], case["severity_reason"]["rulebook"]) == ("2019-20", "2018-19")


async def test_a_site_coordinator_works_in_the_own_school(api: Api) -> None:
    url = await drafted(api, cheating())
    assert (await api.http.get(url, headers=bearer(SITE_COORDINATOR))).status_code == 200


async def test_every_call_is_in_the_openapi_document(api: Api) -> None:
    paths = (await api.http.get("/openapi.json")).json()["paths"]
    calls = {f"{verb} {path}" for path, verbs in paths.items() for verb in verbs if path.startswith("/v1")}
    assert calls == {
        "post /v1/incidents", "get /v1/incidents", "get /v1/incidents/{case_id}",
        "patch /v1/incidents/{case_id}", "delete /v1/incidents/{case_id}",
        "post /v1/incidents/{case_id}/breach-calls", "post /v1/incidents/{case_id}/submit",
        "put /v1/incidents/{case_id}/students", "get /v1/incidents/{case_id}/students",
        "post /v1/incidents/{case_id}/students/upload", "post /v1/incidents/search",
        "post /v1/incidents/{case_id}/notes", "get /v1/incidents/{case_id}/notes",
        "post /v1/incidents/{case_id}/additional-action", "post /v1/concerns", "get /v1/concerns",
        "get /v1/concerns/{concern_id}", "put /v1/filing-protocol/{lea}", "get /v1/filing-protocol/{lea}",
        "get /v1/incidents/{case_id}/history",
        "post /v1/classify", "get /v1/rulebooks",
        "get /v1/rulebooks/{year}", "get /v1/rulebooks/{year}/incident-types",
        "get /v1/rulebooks/{year}/incident-types/{code}", "get /v1/changes",
        "put /v1/testing-windows/{cds}/{year}", "get /v1/testing-windows/{cds}/{year}",
        "get /v1/tests/{test}/expiry", "get /v1/tests/{test}/pause", "get /v1/deadlines",
    }  # fmt: skip
