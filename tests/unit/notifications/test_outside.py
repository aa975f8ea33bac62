"""A mailer outside delivers (ADR 0016): nothing of ours sends, and its reports keep the ledger whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.notifications.domain.values import MessageKind, MessageStatus, Verdict
from services.notifications.messaging.outbound import publish
from shared.contracts.notifications_v1 import NotificationCreated, NotificationResendRequested
from shared.http.instants import parse
from shared.kernel.actor import Actor
from tests.support.http.tokens import AUDITOR, CALTAC_AGENT, LEA_COORDINATOR, SYSTEM, bearer
from tests.support.notifications.service import Service
from tests.support.notifications.states import TUESDAY, a_report_at_risk, a_submitted_case

DELIVERED = {"outcome": "delivered", "detail": "250 2.0.0 Ok", "at": "2019-04-16T18:00:00Z"}
DEFERRED = {"outcome": "temporary_failure", "detail": "451 4.3.0 later", "at": "2019-04-16T18:00:00Z"}
REFUSED = {"outcome": "permanent_failure", "at": "2019-04-16T18:00:00Z"}


async def report(
    service: Service, told: UUID, body: dict[str, Any], by: Actor = SYSTEM, **headers: str
) -> httpx.Response:
    url = f"/v1/notifications/{told}/attempts"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with service.client() as http:
        return await http.post(url, json=body, headers={**bearer(by), **named})


async def a_told_case(service: Service) -> UUID:
    return await service.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())


async def test_our_own_sender_finds_nothing_to_send_and_nothing_is_overdue() -> None:
    service = Service(outside=True)
    await a_told_case(service)
    service.clock.advance(timedelta(days=4))
    assert await service.sender.send_what_is_due() == 0
    assert await service.sender.overdue() == (0, timedelta())


async def test_a_reported_delivery_is_a_delivery() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    answer = await report(service, told, DELIVERED)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["status"], shown["attempts"], shown["version"]) == ("delivered", 1, 3)
    assert shown["delivered_at"] == "2019-04-16T18:00:00Z"


async def test_a_reported_deferral_waits_without_an_instant_of_ours_and_never_runs_out() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    first = (await report(service, told, DEFERRED)).json()
    assert (first["status"], first["reason"], first["retry_at"]) == (
        "temporary_failure",
        "451 4.3.0 later",
        None,
    )
    service.clock.advance(timedelta(hours=80))
    again = (await report(service, told, {**DEFERRED, "at": "2019-04-20T01:00:00Z"})).json()
    assert (again["status"], again["attempts"]) == ("temporary_failure", 2)
    assert (await report(service, told, DELIVERED)).json()["attempts"] == 3


async def test_a_reported_refusal_ends_it_and_says_who_reported_it() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    shown = (await report(service, told, REFUSED)).json()
    assert shown["status"] == "permanent_failure"
    assert shown["reason"] == "sia.site@school.example.org: permanent_failure, as reported by STAIRS"


async def test_a_settled_message_takes_no_further_report() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    await report(service, told, DELIVERED)
    late = await report(service, told, DEFERRED)
    assert (late.status_code, late.json()["code"]) == (409, "not_being_sent")


async def test_a_report_under_the_same_key_is_recorded_once() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    first = await report(service, told, DEFERRED, Idempotency_Key="attempt-1")
    again = await report(service, told, DEFERRED, Idempotency_Key="attempt-1")
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", first.json())
    assert (await service.message(told)).attempts == 1


@pytest.mark.parametrize("person", [LEA_COORDINATOR, CALTAC_AGENT, AUDITOR], ids=lambda each: each.role)
async def test_no_person_reports_attempts(person: Actor) -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    answer = await report(service, told, DELIVERED, by=person)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await service.message(told)).status is MessageStatus.CREATED


async def test_an_attempt_still_to_come_is_refused_but_clocks_may_differ() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    too_far = await report(service, told, {**DELIVERED, "at": "2019-04-16T18:05:01Z"})
    assert (too_far.status_code, too_far.json()["code"]) == (422, "in_the_future")
    assert (await report(service, told, {**DELIVERED, "at": "2019-04-16T18:05:00Z"})).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {**DELIVERED, "outcome": "technical_failure"},
        {**DELIVERED, "detail": "x" * 501},
        {"outcome": "delivered"},
        {**DELIVERED, "at": "yesterday"},
        {**DELIVERED, "more": 1},
    ],
)
async def test_a_report_that_is_none_is_refused(body: dict[str, Any]) -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    assert (await report(service, told, body)).status_code == 422
    assert (await service.message(told)).status is MessageStatus.CREATED


async def test_an_unknown_message_is_not_found_and_a_stale_version_refused() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    assert (await report(service, UUID(int=1), DELIVERED)).status_code == 404
    assert (await report(service, told, DELIVERED, If_Match='"7"')).status_code == 412


async def test_what_is_in_our_own_queue_is_not_an_outside_mailers_to_report() -> None:
    service = Service()
    told = await a_told_case(service)
    answer = await report(service, told, DELIVERED)
    assert (answer.status_code, answer.json()["code"]) == (409, "sent_by_ourselves")
    assert (await service.message(told)).status is MessageStatus.CREATED


async def test_what_waited_in_our_queue_when_we_stopped_is_the_outside_mailers() -> None:
    service = Service(Verdict.DEFERRED)
    told = await a_told_case(service)
    await service.sender.send_what_is_due()
    service.change_delivery(outside=True)
    shown = (await report(service, told, DELIVERED)).json()
    assert (shown["status"], shown["attempts"], service.outgoing.due) == ("delivered", 2, {})


async def test_what_the_outside_mailer_took_over_stays_its_own_when_we_send_again() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    service.change_delivery(outside=False)
    assert await service.sender.send_what_is_due() == 0
    assert (await report(service, told, DELIVERED)).status_code == 200


async def test_a_resend_is_published_whole_and_stays_out_of_our_queue() -> None:
    service = Service(outside=True)
    told = await a_told_case(service)
    await report(service, told, DELIVERED)
    async with service.client() as http:
        answer = await http.post(f"/v1/notifications/{told}/resend", headers=bearer(CALTAC_AGENT))
    assert (answer.status_code, service.outgoing.due) == (200, {})
    said = [event for each in service.store.all_facts() if (event := publish(each.fact)) is not None]
    created, again = said[0], said[-1]
    assert isinstance(created, NotificationCreated)
    assert isinstance(again, NotificationResendRequested)
    assert {**created.model_dump(), "resent_at": TUESDAY} == {**again.model_dump(), "created_at": TUESDAY}


async def test_the_published_message_says_from_when_on_not_to_send_it() -> None:
    service = Service(outside=True)
    await service.tell(MessageKind.DEADLINE_AT_RISK, a_report_at_risk())
    (created,) = [publish(each.fact) for each in service.store.all_facts()]
    assert isinstance(created, NotificationCreated)
    assert created.fits_until == parse("2019-04-16T22:00:00Z")
    assert created.sender is not None
    assert (created.sender.name, created.sender.email) == ("STAIRS", "stairs@stairs.example.org")
    assert created.list_id == "<stairs.stairs.example.org>"
