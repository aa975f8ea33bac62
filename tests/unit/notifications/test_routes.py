"""The REST doors (contract §2, §5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.domain.values import MessageKind, Verdict
from shared.kernel.actor import Actor
from tests.support.http.tokens import (
    AUDITOR,
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA,
    LEA_COORDINATOR,
    NEIGHBOUR_SITE_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.notifications.service import Service
from tests.support.notifications.states import a_submitted_case

LENA = {"role": "lea_coordinator", "name": "Lena Ortiz", "email": "lena@lea.example.org"}
DIRECTORY = f"/v1/directory/{LEA}"


async def told(service: Service, *verdicts: Verdict, event_id: str = "x.1") -> UUID:
    """A message of a case of our school, tried once."""
    service.mailer.verdicts.extend(verdicts)
    case = a_submitted_case(lea=LEA, school=SCHOOL)
    notification_id = await service.tell(MessageKind.CASE_SUBMITTED, case, event_id)
    await service.sender.send_what_is_due()
    return notification_id


async def test_a_directory_entry_is_put_and_read() -> None:
    async with Service().client() as http:
        put = await http.put(DIRECTORY, json={"contacts": [LENA]}, headers=bearer(LEA_COORDINATOR))
        got = await http.get(DIRECTORY, headers=bearer(LEA_COORDINATOR))
    assert (put.status_code, put.headers["etag"], put.headers["location"]) == (201, '"1"', DIRECTORY)
    assert got.json() == put.json()
    assert got.json()["contacts"] == [LENA]


async def test_an_entry_that_is_put_again_is_replaced() -> None:
    async with Service().client() as http:
        await http.put(DIRECTORY, json={"contacts": [LENA]}, headers=bearer(LEA_COORDINATOR))
        again = await http.put(DIRECTORY, json={"contacts": []}, headers=bearer(LEA_COORDINATOR))
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')
    assert again.json()["contacts"] == []


async def test_a_stale_precondition_changes_nothing() -> None:
    service = Service()
    headers = bearer(LEA_COORDINATOR)
    async with service.client() as http:
        await http.put(DIRECTORY, json={"contacts": [LENA]}, headers=headers)
        stale = await http.put(DIRECTORY, json={"contacts": []}, headers={**headers, "If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    assert len(service.store.rows) == 1


BAD_BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({"contacts": [{**LENA, "role": "test_administrator"}]}, "/contacts/0/role", "not_allowed"),
    ({"contacts": [{**LENA, "phone": "1"}]}, "/contacts/0/phone", "unknown_property"),
    ({"contacts": [{"role": "lea_coordinator", "name": "L"}]}, "/contacts/0/email", "missing"),
    ({"contacts": [LENA, {**LENA, "email": "x@y.org\nBcc: z@y.org"}]}, "/contacts/1/email", "invalid_email"),
    ({"contacts": [{**LENA, "name": "L\r\nBcc: z@y.org"}]}, "/contacts/0/name", "invalid_name"),
    ({"contacts": [{**LENA, "name": "Ann 1357924680"}]}, "/contacts/0/name", "ssid_in_text"),
    ({"contacts": [{**LENA, "email": "1357924680@school.org"}]}, "/contacts/0/email", "ssid_in_text"),
    ({"contacts": "everybody"}, "/contacts", ""),
    ({}, "/contacts", "missing"),
]


@pytest.mark.parametrize(("body", "pointer", "code"), BAD_BODIES, ids=lambda part: str(part)[:40])
async def test_a_bad_entry_is_refused_with_its_place(body: dict[str, Any], pointer: str, code: str) -> None:
    service = Service()
    async with service.client() as http:
        answer = await http.put(DIRECTORY, json=body, headers=bearer(LEA_COORDINATOR))
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["pointer"] == pointer
    assert code in error["code"]
    assert service.store.rows == []


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        (OTHER_LEA_COORDINATOR, 404),
        (SITE_COORDINATOR, 403),
        (CDE_REVIEWER, 403),
        (TEST_ADMINISTRATOR, 403),
    ],
    ids=["another LEA", "site", "cde", "test administrator"],
)
async def test_others_do_not_change_the_directory_of_an_lea(actor: Actor, status: int) -> None:
    service = Service()
    async with service.client() as http:
        answer = await http.put(DIRECTORY, json={"contacts": [LENA]}, headers=bearer(actor))
    assert answer.status_code == status
    assert service.store.rows == []


async def test_a_request_without_a_token_is_not_answered() -> None:
    async with Service().client() as http:
        answers = [await http.get(path) for path in (DIRECTORY, "/v1/notifications", "/v1/changes")]
    assert {answer.status_code for answer in answers} == {401}


async def test_a_message_is_read_as_it_is() -> None:
    service = Service()
    notification_id = await told(service)
    async with service.client() as http:
        answer = await http.get(f"/v1/notifications/{notification_id}", headers=bearer(SITE_COORDINATOR))
    message = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')
    assert (message["status"], message["attempts"], message["kind"]) == ("delivered", 1, "case_submitted")
    assert message["recipients"][0].keys() == {"role", "name", "email"}
    assert message["message_id"] == f"<{notification_id}@stairs.example.org>"
    assert "2018-19-000123" in message["body_text"]


SEES = [SITE_COORDINATOR, LEA_COORDINATOR, CALTAC_AGENT, CDE_REVIEWER, AUDITOR, SYSTEM]


@pytest.mark.parametrize("actor", SEES, ids=lambda actor: actor.role)
async def test_whoever_sees_the_case_sees_its_messages(actor: Actor) -> None:
    service = Service()
    notification_id = await told(service)
    async with service.client() as http:
        one = await http.get(f"/v1/notifications/{notification_id}", headers=bearer(actor))
        listed = await http.get("/v1/notifications", headers=bearer(actor))
    assert one.status_code == 200
    assert [item["id"] for item in listed.json()["items"]] == [str(notification_id)]


@pytest.mark.parametrize("actor", [NEIGHBOUR_SITE_COORDINATOR, OTHER_LEA_COORDINATOR], ids=lambda a: a.sub)
async def test_whoever_does_not_see_the_case_does_not_see_its_messages(actor: Actor) -> None:
    service = Service()
    notification_id = await told(service)
    async with service.client() as http:
        one = await http.get(f"/v1/notifications/{notification_id}", headers=bearer(actor))
        resent = await http.post(f"/v1/notifications/{notification_id}/resend", headers=bearer(actor))
        listed = await http.get("/v1/notifications", headers=bearer(actor))
    assert (one.status_code, resent.status_code) == (404, 404)
    assert listed.json() == {"items": [], "next_cursor": None}


async def test_test_administrators_have_no_part_in_it() -> None:
    service = Service()
    notification_id = await told(service)
    async with service.client() as http:
        one = await http.get(f"/v1/notifications/{notification_id}", headers=bearer(TEST_ADMINISTRATOR))
        listed = await http.get("/v1/notifications", headers=bearer(TEST_ADMINISTRATOR))
    assert (one.status_code, listed.status_code) == (403, 403)


async def test_a_list_goes_on_where_its_cursor_says() -> None:
    service = Service()
    ids = {str(await told(service, event_id=f"x.{n}")) for n in range(3)}
    headers = bearer(AUDITOR)
    async with service.client() as http:
        first = (await http.get("/v1/notifications?limit=2", headers=headers)).json()
        second = (
            await http.get(f"/v1/notifications?limit=2&cursor={first['next_cursor']}", headers=headers)
        ).json()
    assert {item["id"] for item in first["items"] + second["items"]} == ids
    assert second["next_cursor"] is None


async def test_what_is_asked_for_is_handed_on() -> None:
    service = Service()
    query = "case_number=2018-19-000123&status=delivered&kind=note_added&recipient=Sia@x.org"
    async with service.client() as http:
        answer = await http.get(f"/v1/notifications?{query}", headers=bearer(AUDITOR))
    assert answer.status_code == 200
    (asked,) = service.list.asked
    assert (asked.case_number, asked.status, asked.kind, asked.recipient) == (
        "2018-19-000123",
        "delivered",
        "note_added",
        "Sia@x.org",
    )


@pytest.mark.parametrize(
    "query", ["status=lost", "kind=poem", "limit=201", "cursor=abc", "cursor=WyJ4IiwieSJd", "color=red"]
)
async def test_a_question_that_makes_no_sense_is_refused(query: str) -> None:
    async with Service().client() as http:
        answer = await http.get(f"/v1/notifications?{query}", headers=bearer(AUDITOR))
    assert answer.status_code == 422


async def test_a_settled_message_is_sent_again_once_per_key() -> None:
    service = Service()
    notification_id = await told(service, Verdict.REFUSED)
    headers = {**bearer(LEA_COORDINATOR), "Idempotency-Key": "again-1"}
    async with service.client() as http:
        first = await http.post(f"/v1/notifications/{notification_id}/resend", headers=headers)
        await service.sender.send_what_is_due()
        again = await http.post(f"/v1/notifications/{notification_id}/resend", headers=headers)
    assert (first.status_code, first.json()["status"], first.json()["resends"]) == (200, "created", 1)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(service.mailer.taken) == 2


async def test_what_is_on_its_way_is_not_sent_again() -> None:
    service = Service()
    notification_id = await told(service, Verdict.DEFERRED)
    async with service.client() as http:
        answer = await http.post(
            f"/v1/notifications/{notification_id}/resend", headers=bearer(LEA_COORDINATOR)
        )
    assert (answer.status_code, answer.json()["code"]) == (409, "already_on_its_way")


async def test_an_unknown_message_is_not_found() -> None:
    async with Service().client() as http:
        one = await http.get(f"/v1/notifications/{uuid4()}", headers=bearer(AUDITOR))
        resent = await http.post(f"/v1/notifications/{uuid4()}/resend", headers=bearer(CDE_REVIEWER))
    assert (one.status_code, resent.status_code) == (404, 404)


async def test_the_feed_is_for_system_and_auditor() -> None:
    async with Service().client() as http:
        statuses = {
            actor.role: (await http.get("/v1/changes", headers=bearer(actor))).status_code
            for actor in (SYSTEM, AUDITOR, LEA_COORDINATOR, CDE_REVIEWER)
        }
    assert list(statuses.values()) == [200, 200, 403, 403]
