from __future__ import annotations

import asyncio
import io
import json
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.types import Message

from shared.http.answers import Answer, created, encode, gone, ok
from shared.kernel.trail import Trail
from shared.observability.correlation import present
from tests.support.http.sample_app import Desk, sample_app
from tests.support.http.tokens import LEA_COORDINATOR, bearer

NOTICE: dict[str, object] = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}


@pytest.mark.parametrize("sane", ["a", "0f-7.x:Y_z", "x" * 64, "6f0c1d5e-0000-4000-8000-000000000000"])
async def test_the_callers_correlation_id_is_kept(http: httpx.AsyncClient, sane: str) -> None:
    answer = await http.get("/healthz", headers={"X-Correlation-ID": sane})
    assert answer.headers["x-correlation-id"] == sane


@pytest.mark.parametrize("odd", ["", "x" * 65, "a b", "<script>", "ssid-1234567890", "1234567890", "-x"])
async def test_an_odd_correlation_id_is_replaced(http: httpx.AsyncClient, odd: str) -> None:
    answer = await http.get("/healthz", headers={"X-Correlation-ID": odd})
    assert UUID(answer.headers["x-correlation-id"]).version == 4


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/v1/notices", "/nowhere", "/%00"])
async def test_no_answer_is_kept_on_the_way_or_taken_for_something_else(
    http: httpx.AsyncClient, path: str
) -> None:
    headers = (await http.get(path)).headers
    assert headers.get_list("cache-control") == ["no-store"]
    assert headers.get_list("x-content-type-options") == ["nosniff"]


async def test_requests_are_counted_by_template_never_by_address(http: httpx.AsyncClient) -> None:
    await http.get("/v1/notices/6f0c1d5e-1111-4000-8000-000000000000")
    await http.get("/v1/1234567890")
    await http.request("BREW", "/v1/notices")
    figures = (await http.get("/metrics")).text
    line = 'stairs_http_requests_total{method="GET",route="/v1/notices/{notice_id}",status="404"}'
    assert line in figures
    assert 'method="other"' in figures
    assert "6f0c1d5e" not in figures
    assert "1234567890" not in figures


async def test_the_document_tells_what_the_chassis_adds(http: httpx.AsyncClient) -> None:
    document: dict[str, Any] = (await http.get("/openapi.json")).json()
    pin = document["paths"]["/v1/notices"]["post"]
    withdraw = document["paths"]["/v1/notices/{notice_id}/withdraw"]["post"]
    show = document["paths"]["/v1/notices/{notice_id}"]["get"]
    assert pin["security"] == [{"bearer": []}]
    assert [p["name"] for p in pin["parameters"]] == ["Idempotency-Key"]
    assert [p["name"] for p in withdraw["parameters"]] == ["notice_id", "Idempotency-Key", "If-Match"]
    assert [p["name"] for p in show["parameters"]] == ["notice_id"]
    assert " ".join(pin["responses"]) == "201 400 401 408 409 413 415 422 429 500 503"
    for early in ("400 `malformed_request`", "408 `request_timeout`", "431 `head_too_large`", "503 `busy`"):
        assert early in document["info"]["description"]
    assert "application/problem+json" in pin["responses"]["400"]["content"]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    assert "HTTPValidationError" not in json.dumps(document)


async def test_the_documentation_is_there(http: httpx.AsyncClient) -> None:
    assert (await http.get("/docs")).status_code == 200


async def test_a_client_that_leaves_is_not_answered(desk: Desk) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"content-type": "application/json", "content-length": "99", **bearer(LEA_COORDINATOR)}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/notices",
        "raw_path": b"/v1/notices",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await asyncio.wait_for(sample_app(desk)(scope, receive, send), timeout=5)
    assert (sent, desk.saves) == ([], 0)


class Letter(Enum):
    A = "a"


class DriversUuid(UUID):
    """As asyncpg answers them."""


def test_answers_are_plain_json() -> None:
    body = {
        "id": UUID(int=7),
        "row": DriversUuid(int=8),
        "letter": Letter.A,
        "set": frozenset({1}),
        "mapping": MappingProxyType({"a": (1, 2)}),
        1: None,
    }
    assert encode(body) == (
        b'{"id":"00000000-0000-0000-0000-000000000007","row":"00000000-0000-0000-0000-000000000008",'
        b'"letter":"a","set":[1],"mapping":{"a":[1,2]},"1":null}'
    )


def test_what_has_no_json_form_is_a_bug() -> None:
    with pytest.raises(TypeError):
        encode({"thing": object()})


def test_answers_have_their_headers() -> None:
    assert (ok({}).status_code, ok({}).body, ok({}).own_headers) == (200, b"{}", {})
    assert ok({}, version=3).headers["etag"] == '"3"'
    made: Answer[dict[str, str]] = created({}, location="/x", version=1)
    assert (made.status_code, made.headers["location"], made.headers["etag"]) == (201, "/x", '"1"')
    response = gone()
    assert (response.status_code, response.body, response.headers.get("content-type")) == (204, b"", None)


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_change_is_told_of_under_the_callers_ids(http: httpx.AsyncClient, log: io.StringIO) -> None:
    sent = {"X-Correlation-ID": "order-66", "traceparent": TRACE}
    await http.post("/v1/notices", json=NOTICE, headers=sent)
    await http.get("/v1/notices", headers=sent)
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert line.pop("seconds") >= 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request_done",
        "level": "info",
        "logger": "shared.http.middleware",
        "service": "sample",
        "method": "POST",
        "route": "/v1/notices",
        "status": 201,
        "correlation_id": "order-66",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


async def test_a_route_knows_what_led_to_it_and_nothing_stays(http: httpx.AsyncClient, desk: Desk) -> None:
    sent = {"X-Correlation-ID": "order-66", "traceparent": TRACE}
    await http.post("/v1/notices", json=NOTICE, headers=sent)
    await http.post("/v1/notices", json=NOTICE, headers={"X-Correlation-ID": "order-67", "traceparent": "0"})
    assert desk.trails == [Trail("order-66", TRACE), Trail("order-67")]
    assert present() is None
