"""The demonstration's client has the patience that the contract asks of every client, and says so."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from deploy.console.demo.public_api import PublicApi, UnexpectedAnswer
from deploy.console.local.run_record import RunRecord
from shared.kernel.actor import Role

WHO = Role.AUDITOR
BUSY = httpx.Response(503, headers={"Retry-After": "0"}, json={"code": "store_unavailable"})


class Service:
    """Answers with one after the other, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers: Iterator[httpx.Response] = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return next(self._answers)


def doors_to(service: Service, *, within: float = 5) -> PublicApi:
    urls = {"incidents": "http://incidents"}
    notes = RunRecord(urls=urls, ports={}, kafka=None, socket="", separate_relays=False, pid=0)
    return PublicApi(notes, within, httpx.Client(transport=httpx.MockTransport(service)), {WHO: "token"})


def test_a_busy_service_is_asked_again_and_that_is_noted() -> None:
    service = Service(BUSY, httpx.Response(200, json={"set": True}))
    doors = doors_to(service)
    assert doors.put("incidents", "/v1/directory/19", WHO, {}) == {"set": True}
    assert doors.busy == ["PUT /v1/directory/19"]


def test_a_repeated_creation_has_the_key_of_the_first() -> None:
    service = Service(
        BUSY, httpx.Response(409, json={"code": "case_not_known_yet"}), httpx.Response(201, json={})
    )
    doors_to(service).post("incidents", "/v1/appeals", WHO, {})
    assert len({request.headers["Idempotency-Key"] for request in service.asked}) == 1
    assert len(service.asked) == 3


def test_a_service_that_stays_busy_for_longer_than_we_wait_is_said_to_be() -> None:
    service = Service(httpx.Response(503, headers={"Retry-After": "30"}, json={"code": "store_unavailable"}))
    with pytest.raises(UnexpectedAnswer, match="GET /v1/incidents answered 503"):
        doors_to(service).get("incidents", "/v1/incidents", WHO)


def test_a_refusal_is_no_reason_for_patience() -> None:
    service = Service(httpx.Response(409, json={"code": "version_conflict"}))
    with pytest.raises(UnexpectedAnswer, match="version_conflict"):
        doors_to(service).post("incidents", "/v1/incidents", WHO, {})
