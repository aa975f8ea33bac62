"""The REST doors through the ASGI client: status, code, headers, and nothing stored when refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.kernel.actor import Actor
from tests.support.appeals.service import Service
from tests.support.appeals.states import (
    ADMINISTRATOR,
    AUDITOR,
    CALTAC,
    CDE,
    CHEATING,
    FIRE_DRILL,
    FOREIGN_COORDINATOR,
    ILLNESS,
    LEA_COORDINATOR,
    RESET_IN_ERROR,
    SITE_COORDINATOR,
    STUDENT,
    SYSTEM,
)
from tests.support.http.tokens import bearer

Json = dict[str, Any]
BODY: Json = {
    "case_number": CHEATING.case_number,
    "appeal_type": "invalidate",
    "comments": "Both were told.",
    "students": [{"student_ref": STUDENT, "event_state": "started"}],
}


async def ask(
    service: Service,
    method: str,
    path: str,
    by: Actor | None = SITE_COORDINATOR,
    **how: Any,  # noqa: ANN401 - httpx's own
) -> httpx.Response:
    headers = {**(bearer(by) if by else {}), **how.pop("headers", {})}
    async with service.client() as http:
        return await http.request(method, path, headers=headers, **how)


async def post(service: Service, path: str, by: Actor | None, body: Json, **headers: str) -> httpx.Response:
    return await ask(
        service, "POST", path, by, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


async def an_appeal(service: Service) -> Json:
    made = await post(service, "/v1/appeals", SITE_COORDINATOR, BODY)
    assert made.status_code == 201, made.text
    appeal: Json = made.json()["appeals"][0]
    return appeal


async def test_e26_a_request_is_answered_with_the_appeals() -> None:
    appeal = await an_appeal(Service(CHEATING))
    expected = {
        "case_number": "2018-19-000001",
        "appeal_number": "2018-19-000001-A001",
        "appeal_type": "invalidate",
        "student_ref": STUDENT,
        "status": "pending_cde",
        "decider": "cde",
        "routing": "defer_for_cde",
        "received_at": "2019-04-12T17:00:00Z",
        "decide_by": "2019-04-19T00:00:00Z",
        "overdue": False,
        "comments": "Both were told.",
        "decided_by": None,
        "effect": None,
        "reopened_until": None,
        "version": 1,
    }
    assert {name: appeal[name] for name in expected} == expected
    assert appeal["filed_by"]["sub"] == SITE_COORDINATOR.sub


async def test_whoever_writes_reads_what_they_wrote() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    shown = await ask(service, "GET", f"/v1/appeals/{appeal['id']}")
    assert (shown.status_code, shown.json(), shown.headers["ETag"]) == (200, appeal, '"1"')


async def test_the_list_shows_an_appeal_as_the_single_resource_does() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    await post(service, f"/v1/appeals/{appeal['id']}/approve", CDE, {"comments": "Agreed."})
    listed = await ask(service, "GET", "/v1/appeals?status=approved&decider=cde&order=due&overdue=false")
    shown = await ask(service, "GET", f"/v1/appeals/{appeal['id']}")
    assert listed.json() == {"items": [shown.json()], "next_cursor": None}


async def test_an_approval_is_answered_with_its_effect() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    approved = await post(service, f"/v1/appeals/{appeal['id']}/approve", CDE, {})
    assert approved.json()["status"] == "approved"
    assert "not proficient" in approved.json()["effect"]
    assert approved.headers["ETag"] == '"2"'


async def test_a_deed_needs_no_body() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    assert (await ask(service, "POST", f"/v1/appeals/{appeal['id']}/withdraw")).json()[
        "status"
    ] == "withdrawn"


@pytest.mark.parametrize(
    ("deed", "by", "body", "status", "code"),
    [
        ("approve", CALTAC, {}, 403, "forbidden"),
        ("approve", ADMINISTRATOR, {}, 403, "forbidden"),
        ("approve", FOREIGN_COORDINATOR, {}, 403, "forbidden"),
        ("withdraw", FOREIGN_COORDINATOR, {}, 404, "not_found"),
        ("deny", CDE, {}, 422, "reason_required"),
        ("deny", CDE, {"reason": "0123456789 did not"}, 422, "ssid_in_text"),
        ("deny", CDE, {"reason": "No.", "because": "x"}, 422, "validation_failed"),
        ("withdraw", CDE, {}, 403, "forbidden"),
        ("process", CALTAC, {}, 409, "not_approved"),
        ("resubmit", CALTAC, {}, 409, "processing_not_failed"),
        ("shred", CDE, {}, 404, "not_found"),
    ],
)
async def test_a_deed_is_refused_and_nothing_is_stored(
    deed: str, by: Actor, body: Json, status: int, code: str
) -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    stored = len(service.store.rows)
    refused = await post(service, f"/v1/appeals/{appeal['id']}/{deed}", by, body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert "0123456789" not in refused.text
    assert len(service.store.rows) == stored


async def test_a_second_decision_is_already_decided() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    await post(service, f"/v1/appeals/{appeal['id']}/approve", CDE, {})
    second = await post(service, f"/v1/appeals/{appeal['id']}/deny", CDE, {"reason": "No."})
    assert (second.status_code, second.json()["code"]) == (409, "already_decided")


async def test_a_stale_if_match_is_a_version_conflict() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    stale = await post(service, f"/v1/appeals/{appeal['id']}/approve", CDE, {}, If_Match='"9"')
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")


@pytest.mark.parametrize(
    ("change", "by", "status", "code"),
    [
        ({}, None, 401, "missing_token"),
        ({}, ADMINISTRATOR, 403, "forbidden"),
        ({}, FOREIGN_COORDINATOR, 409, "case_not_known_yet"),
        ({"case_number": "2018-19-999999"}, SITE_COORDINATOR, 409, "case_not_known_yet"),
        ({"case_number": str(CHEATING.incident_id)}, SITE_COORDINATOR, 409, "case_not_submitted"),
        ({"appeal_type": "restore"}, LEA_COORDINATOR, 403, "restore_through_caltac"),
        ({"appeal_type": "reset"}, LEA_COORDINATOR, 409, "appeal_type_not_offered"),
        ({"appeal_type": "grace_period_extension"}, LEA_COORDINATOR, 409, "not_a_disruption"),
        ({"appeal_type": "erase"}, LEA_COORDINATOR, 422, "validation_failed"),
        ({"students": []}, LEA_COORDINATOR, 422, "validation_failed"),
        (
            {"students": [{"student_ref": "1234567890", "event_state": "started"}]},
            CALTAC,
            422,
            "validation_failed",
        ),
        ({"students": [{"student_ref": STUDENT}]}, LEA_COORDINATOR, 422, "validation_failed"),
        ({"comments": "SSID 1234567890"}, LEA_COORDINATOR, 422, "ssid_in_text"),
        ({"urgent": True}, LEA_COORDINATOR, 422, "validation_failed"),
    ],
)
async def test_a_request_is_refused_and_nothing_is_stored(
    change: Json, by: Actor | None, status: int, code: str
) -> None:
    service = Service(CHEATING)
    refused = await post(service, "/v1/appeals", by, {**BODY, **change})
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert "1234567890" not in refused.text
    assert service.store.rows == []


async def test_a_case_not_known_yet_says_when_to_come_again() -> None:
    refused = await post(Service(), "/v1/appeals", SITE_COORDINATOR, BODY)
    assert refused.headers["Retry-After"] == "2"


async def test_501_students_are_too_many() -> None:
    student = {"student_ref": STUDENT, "event_state": "started"}
    refused = await post(
        Service(CHEATING), "/v1/appeals", SITE_COORDINATOR, {**BODY, "students": [student] * 501}
    )
    assert refused.json()["errors"][0]["code"] == "too_long"


async def test_the_same_key_again_is_answered_as_the_first_time() -> None:
    service = Service(CHEATING)
    first = await post(service, "/v1/appeals", SITE_COORDINATOR, BODY, Idempotency_Key="k-1")
    again = await post(service, "/v1/appeals", SITE_COORDINATOR, BODY, Idempotency_Key="k-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_the_same_key_with_another_body_is_refused() -> None:
    service = Service(CHEATING)
    await post(service, "/v1/appeals", SITE_COORDINATOR, BODY, Idempotency_Key="k-1")
    other = await post(
        service, "/v1/appeals", SITE_COORDINATOR, {**BODY, "comments": "Else."}, Idempotency_Key="k-1"
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_many_decisions_are_kept_under_their_key_too() -> None:
    service = Service(CHEATING)
    body = {"decision": "approve", "appeals": [(await an_appeal(service))["id"]]}
    first = await post(service, "/v1/appeals/decisions", CDE, body, Idempotency_Key="k-2")
    again = await post(service, "/v1/appeals/decisions", CDE, body, Idempotency_Key="k-2")
    assert first.json()["results"][0]["decided"] is True
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_many_decisions_have_a_result_each() -> None:
    service = Service(CHEATING)
    known = (await an_appeal(service))["id"]
    unknown = str(CHEATING.incident_id)
    done = await post(
        service,
        "/v1/appeals/decisions",
        CDE,
        {"decision": "deny", "reason": "No.", "appeals": [known, unknown, known]},
    )
    results = [(result["id"], result["decided"], result["code"]) for result in done.json()["results"]]
    assert results == [(known, True, None), (unknown, False, "not_found")]


async def test_e12_offers_name_the_extension_its_decider_and_its_clock() -> None:
    found = await ask(
        Service(FIRE_DRILL),
        "GET",
        f"/v1/offers?case_number={FIRE_DRILL.case_number}&student_ref={STUDENT}&event_state=paused&minutes_paused=35&part=cat",
    )
    offer = found.json()["offers"][0]
    assert found.json()["appeal_types"] == ["grace_period_extension"]
    assert (offer["decider"], offer["routing"], offer["business_days"]) == ("cde", "defer_for_cde", 4)
    assert found.json()["reason_code"] is None


@pytest.mark.parametrize(
    ("case", "query", "code"),
    [
        (ILLNESS, "event_state=paused", "test_not_closed"),
        (
            replace(FIRE_DRILL, test="sb_ela_pt"),
            "event_state=paused&minutes_paused=35",
            "grace_period_not_for_this_part",
        ),
        (RESET_IN_ERROR, "event_state=reset", "restore_through_caltac"),
        (CHEATING, "event_state=never_started", "never_started"),
    ],
    ids=["E55", "HR-21", "E23", "never started"],
)
async def test_offers_say_why_there_is_none(case: Any, query: str, code: str) -> None:  # noqa: ANN401 - a case
    found = await ask(Service(case), "GET", f"/v1/offers?case_number={case.case_number}&{query}")
    assert (found.json()["offers"], found.json()["reason_code"]) == ([], code)
    assert found.json()["text"]


async def test_offers_take_no_ssid() -> None:
    refused = await ask(
        Service(CHEATING), "GET", f"/v1/offers?case_number={CHEATING.case_number}&student_ref=1234567890"
    )
    assert (refused.status_code, "1234567890" in refused.text) == (422, False)


async def test_history_tells_what_who_and_when() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    service.later(hours=5)
    await post(service, f"/v1/appeals/{appeal['id']}/deny", CDE, {"reason": "Not convincing."})
    told = (await ask(service, "GET", f"/v1/appeals/{appeal['id']}/history")).json()["items"]
    assert [(item["what"], item["who"]["role"], item["occurred_at"]) for item in told] == [
        ("requested", "site_coordinator", "2019-04-12T17:00:00Z"),
        ("denied", "cde_reviewer", "2019-04-12T22:00:00Z"),
    ]
    assert told[1]["data"] == {"reason": "Not convincing.", "comments": None}
    assert all(item["recorded_at"] for item in told)


async def test_an_undecided_appeal_becomes_overdue_and_stays_undecided() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    service.later(days=30)
    shown = (await ask(service, "GET", f"/v1/appeals/{appeal['id']}")).json()
    assert (shown["overdue"], shown["status"]) == (True, "pending_cde")


@pytest.mark.parametrize(
    ("by", "status"), [(SYSTEM, 200), (AUDITOR, 200), (CDE, 403), (LEA_COORDINATOR, 403)]
)
async def test_the_feed_is_for_system_and_auditor(by: Actor, status: int) -> None:
    assert (await ask(Service(), "GET", "/v1/changes?after=7&limit=3", by)).status_code == status


@pytest.mark.parametrize("query", ["limit=201", "order=oldest", "cursor=Zm9v", "colour=red", "status=open"])
async def test_a_list_refuses_what_it_does_not_know(query: str) -> None:
    assert (await ask(Service(), "GET", f"/v1/appeals?{query}")).status_code == 422


async def test_a_test_administrator_sees_no_appeals() -> None:
    service = Service(CHEATING)
    appeal = await an_appeal(service)
    assert (await ask(service, "GET", f"/v1/appeals/{appeal['id']}", ADMINISTRATOR)).status_code == 403


async def test_what_caltac_executes_is_answered_step_by_step() -> None:
    service = Service(CHEATING)
    url = f"/v1/appeals/{(await an_appeal(service))['id']}"
    await post(service, f"{url}/approve", CDE, {})
    failed = await post(service, f"{url}/fail", CALTAC, {"reason": "The attempt is locked."})
    resubmitted = await post(service, f"{url}/resubmit", CALTAC, {})
    processed = await post(service, f"{url}/process", CALTAC, {})
    steps = [answer.json()["status"] for answer in (failed, resubmitted, processed)]
    assert steps == ["processing_failed", "approved", "processed"]
