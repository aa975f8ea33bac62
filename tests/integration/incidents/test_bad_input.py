"""Every bad input of the issue gets its code, and the event store is unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from shared.kernel.actor import Actor
from tests.support.http.tokens import (
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
    TEST_EXAMINER,
    bearer,
    token,
)
from tests.support.incidents.bodies import FIRST, SECOND, a_body, changed_answers, charts_on_walls, cheating
from tests.support.incidents.service import Running, drafted, submitted

MINE = bearer(LEA_COORDINATOR)
FUTURE = "2019-04-12T19:05:00Z"
TOO_MANY = [f"{n:010d}" for n in range(1_000_000_000, 1_000_000_501)]

REFUSED_AT_ONCE: dict[str, tuple[dict[str, Any], int, str]] = {
    "unknown property": (charts_on_walls(student_names=["Ann"]), 422, "validation_failed"),
    "wrong type": (charts_on_walls(student_count="2"), 422, "validation_failed"),
    "wrong enum": (charts_on_walls(delivery_mode="by pigeon"), 422, "validation_failed"),
    "bad instant": (charts_on_walls(occurred_at="2019-04-12T10:00:00"), 422, "validation_failed"),
    "no such test": (charts_on_walls(test="sat"), 422, "invalid_report"),
    "no such type": (a_body("alien_abduction"), 422, "unknown_incident_type"),
    "E36 an interim test": (charts_on_walls(assessment_kind="interim"), 422, "not_summative"),
    "E40 lost logon tickets": (a_body("lost_student_logon_information"), 422, "not_reportable"),
    "E53 on no list": (a_body("unlisted_incident"), 422, "unlisted_incident"),
    "HR-27 reset in error": (a_body("test_reset_in_error"), 422, "contact_caltac"),
    "discovered before it occurred": (
        charts_on_walls(discovered_at="2019-04-12T09:59:59-07:00"),
        422,
        "discovered_before_occurred",
    ),
    "in the future": (charts_on_walls(discovered_at=FUTURE), 422, "in_the_future"),
    "HR-07 nine digits": (cheating(ssids=[FIRST, "839104552"]), 422, "invalid_ssid"),
    "HR-07 letters": (cheating(ssids=[FIRST, "83910X5527"]), 422, "invalid_ssid"),
    "HR-07 twice": (cheating(ssids=[FIRST, FIRST]), 422, "duplicate_ssid"),
    "HR-07 501 students": (cheating(ssids=TOO_MANY), 422, "too_many_students"),
    "an SSID in the narrative": (cheating(narrative=f"It was {FIRST}."), 422, "ssid_in_text"),
    "an SSID in a detail": (
        cheating(details={"what_was_done": FIRST, "finished_test": True}),
        422,
        "ssid_in_text",
    ),
    "a detail of another type": (cheating(details={"room": "12"}), 422, "invalid_report"),
    "a detail of another kind": (cheating(details={"finished_test": "yes"}), 422, "invalid_report"),
    "foreign school": (charts_on_walls(school="37683386098765"), 403, "forbidden"),
}


@pytest.mark.parametrize("case", REFUSED_AT_ONCE)
async def test_a_bad_case_is_refused_and_nothing_is_stored(service: Running, case: str) -> None:
    body, status, code = REFUSED_AT_ONCE[case]
    answer = await service.http.post("/v1/incidents", json=body, headers=MINE)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert FIRST not in answer.text
    assert service.facts() == 0
    assert service.rows("SELECT * FROM student_keys") == []


@pytest.mark.parametrize("actor", [TEST_ADMINISTRATOR, TEST_EXAMINER, CDE_REVIEWER], ids=lambda a: a.role)
async def test_e50_only_coordinators_file(service: Running, actor: Actor) -> None:
    answer = await service.http.post("/v1/incidents", json=charts_on_walls(), headers=bearer(actor))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert service.facts() == 0


async def test_without_a_token_or_with_an_expired_one_nobody_files(service: Running) -> None:
    nobody = await service.http.post("/v1/incidents", json=charts_on_walls())
    old = {"Authorization": f"Bearer {token(LEA_COORDINATOR, -3600)}"}
    expired = await service.http.post("/v1/incidents", json=charts_on_walls(), headers=old)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "missing_token")
    assert (expired.status_code, expired.json()["code"]) == (401, "token_expired")
    assert service.facts() == 0


async def test_a_body_that_cannot_be_read_is_refused(service: Running) -> None:
    headers = {**MINE, "Content-Type": "application/json"}
    bodies = {b"{\xff}": "malformed_json", b"{": "malformed_json", b" " * 1_000_001: "body_too_large"}
    for body, code in bodies.items():
        answer = await service.http.post("/v1/incidents", content=body, headers=headers)
        assert answer.json()["code"] == code
    assert service.facts() == 0


async def test_a_foreign_case_does_not_exist_for_others(service: Running) -> None:
    url = await drafted(service, cheating())
    foreign = bearer(OTHER_LEA_COORDINATOR)
    answers = [
        await service.http.get(url, headers=foreign),
        await service.http.patch(url, json={"narrative": "mine"}, headers=foreign),
        await service.http.delete(url, headers=foreign),
        await service.http.put(f"{url}/students", json={"ssids": [FIRST]}, headers=foreign),
        await service.http.get(f"{url}/students", headers=foreign),
        await service.http.post(f"{url}/submit", headers=foreign),
        await service.http.get(f"{url}/history", headers=foreign),
    ]
    nothing = await service.http.get("/v1/incidents/00000000-0000-4000-8000-000000000000", headers=foreign)
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (404, nothing.json()["detail"])
    }
    assert service.facts() == 1


async def test_a_stale_if_match_changes_nothing(service: Running) -> None:
    url = await drafted(service, cheating())
    await service.http.patch(url, json={"narrative": "Newer."}, headers=MINE)
    stale = {**MINE, "If-Match": '"1"'}
    answers = [
        await service.http.patch(url, json={"narrative": "Older."}, headers=stale),
        await service.http.put(f"{url}/students", json={"ssids": [FIRST]}, headers=stale),
        await service.http.post(f"{url}/submit", headers=stale),
        await service.http.delete(url, headers=stale),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(412, "version_conflict")}
    assert service.facts() == 2


async def test_a_reused_key_with_another_body_is_refused(service: Running) -> None:
    keyed = {**MINE, "Idempotency-Key": "once"}
    await service.http.post("/v1/incidents", json=charts_on_walls(), headers=keyed)
    answer = await service.http.post("/v1/incidents", json=cheating(), headers=keyed)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert service.facts() == 1


async def test_what_is_submitted_is_not_changed_any_more(service: Running) -> None:
    url = await submitted(service, charts_on_walls())
    answers = [
        await service.http.patch(url, json={"narrative": "No."}, headers=MINE),
        await service.http.put(f"{url}/students", json={"ssids": [FIRST]}, headers=MINE),
        await service.http.post(f"{url}/submit", headers=MINE),
        await service.http.delete(url, headers=MINE),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(409, "not_a_draft")}
    assert service.facts() == 2


REFUSED_AT_SUBMISSION: dict[str, tuple[dict[str, Any], str]] = {
    "HR-06 a common detail": (charts_on_walls(narrative=None), "missing_details"),
    "HR-06 a detail of the type": (cheating(details={"finished_test": True}), "missing_details"),
    "HR-06 no students though an appeal follows": (cheating(ssids=None), "ssids_required"),
    "HR-06 the count": (cheating(student_count=3), "student_count_mismatch"),
}


@pytest.mark.parametrize("case", REFUSED_AT_SUBMISSION)
async def test_an_incomplete_draft_is_not_submitted(service: Running, case: str) -> None:
    body, code = REFUSED_AT_SUBMISSION[case]
    url = await drafted(service, body)
    answer = await service.http.post(f"{url}/submit", headers=MINE)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert service.facts() == 1
    assert service.rows("SELECT * FROM case_numbers") == []


async def test_e32_a_site_coordinator_submits_a_breach_after_the_call(service: Running) -> None:
    site = bearer(SITE_COORDINATOR)
    url = await drafted(service, changed_answers(), SITE_COORDINATOR)
    before = await service.http.post(f"{url}/submit", headers=site)
    assert (before.status_code, before.json()["code"]) == (409, "breach_call_required")
    call = {"called": "caltac", "called_at": "2019-04-12T18:00:00Z"}
    wrong = await service.http.post(f"{url}/breach-calls", json=call, headers=MINE)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_call_destination")
    by_site = await service.http.post(f"{url}/breach-calls", json={**call, "called": "cde"}, headers=site)
    assert (by_site.status_code, by_site.json()["code"]) == (403, "forbidden")
    made = await service.http.post(f"{url}/breach-calls", json={**call, "called": "cde"}, headers=MINE)
    assert made.status_code == 201
    after = await service.http.post(f"{url}/submit", headers=site)
    assert (after.status_code, after.json()["pre_action"]) == (200, "call_cde")


async def test_nobody_lists_no_student_at_all(service: Running) -> None:
    url = await drafted(service, cheating())
    for ssids, code in (([], "ssids_required"), ([FIRST, FIRST], "duplicate_ssid"), (["1"], "invalid_ssid")):
        answer = await service.http.put(f"{url}/students", json={"ssids": ssids}, headers=MINE)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    named = {"ssids": [SECOND], "names": ["Ann"]}
    answer = await service.http.put(f"{url}/students", json=named, headers=MINE)
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/names",
        "code": "unknown_property",
        "detail": "",
    }
    assert service.facts() == 1


async def test_caltac_files_a_reset_in_error_and_must_list_the_student(service: Running) -> None:
    body = a_body("test_reset_in_error", details={"reset_on": "2019-04-12"}, student_count=1)
    url = await drafted(service, body, CALTAC_AGENT)
    answer = await service.http.post(f"{url}/submit", headers=bearer(CALTAC_AGENT))
    assert answer.json()["code"] == "ssids_required"
    await service.http.put(f"{url}/students", json={"ssids": [FIRST]}, headers=bearer(CALTAC_AGENT))
    answer = await service.http.post(f"{url}/submit", headers=bearer(CALTAC_AGENT))
    assert (answer.status_code, answer.json()["appeal_types"]) == (200, ["restore"])
