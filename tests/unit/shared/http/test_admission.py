"""What is judged before a route runs: first who calls, then the body; and what HEAD is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from shared.http.limits import BodyLimits
from tests.support.http.problems import expect_problem
from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import LEA_COORDINATOR, bearer

NOTICE: dict[str, object] = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}
NOWHERE = "/v1/notices/6f0c1d5e-0000-4000-8000-000000000000"
WHOLE = 400  # blanks, read to their end, are no JSON
JSON = {"Content-Type": "application/json"}


class Sent:
    """A body that notes how much of it was asked for."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.read += 1
            yield piece


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("POST", "/v1/notices", {}, 401, "missing_token"),
        ("POST", "/v1/notices", {"Authorization": "Bearer x"}, 401, "invalid_token"),
        ("POST", f"{NOWHERE}/withdraw", {}, 401, "missing_token"),
        ("POST", f"{NOWHERE}/upload", {}, 401, "missing_token"),
        ("PUT", "/v1/notices", bearer(LEA_COORDINATOR), 405, "method_not_allowed"),
        ("POST", "/nowhere", bearer(LEA_COORDINATOR), 404, "not_found"),
        ("POST", "/healthz", {}, 405, "method_not_allowed"),
    ],
)
async def test_a_body_that_will_not_be_used_is_not_read(
    anonymous: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    body = Sent(b"{", b"not even JSON")
    answer = await anonymous.request(method, path, content=body, headers={**JSON, **headers})
    expect_problem(answer, status, code)
    assert body.read == 0


async def test_of_two_tokens_none_is_believed(anonymous: httpx.AsyncClient) -> None:
    token = bearer(LEA_COORDINATOR)["Authorization"]
    answer = await anonymous.get(NOWHERE, headers=[("Authorization", token), ("Authorization", token)])
    expect_problem(answer, 401, "invalid_token")


async def test_a_body_where_none_is_taken_is_left_alone(http: httpx.AsyncClient) -> None:
    body = Sent(b"whatever")
    answer = await http.request("GET", "/v1/notices", content=body, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, body.read) == (200, 0)


async def test_a_body_that_stops_coming_is_given_up(desk: Desk) -> None:
    app = sample_app(desk, limits=BodyLimits(seconds=0.05))

    async def unfinished() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with client(app) as http:
        answer = await http.post(
            "/v1/notices", content=unfinished(), headers={**JSON, **bearer(LEA_COORDINATOR)}
        )
    expect_problem(answer, 408, "request_timeout")


class Uploading:
    """A request whose pieces come when the test says so."""

    def __init__(self, app: FastAPI) -> None:
        self.pieces: asyncio.Queue[Message] = asyncio.Queue()
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        headers = {**JSON, **bearer(LEA_COORDINATOR), "Transfer-Encoding": "chunked"}
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/notices",
            "raw_path": b"/v1/notices",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        self.task = asyncio.create_task(app(scope, self.pieces.get, self._send))

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status.set_result(message["status"])

    def piece(self, size: int, *, last: bool = False) -> None:
        self.pieces.put_nowait({"type": "http.request", "body": b" " * size, "more_body": not last})


async def test_large_bodies_make_no_small_one_wait(desk: Desk) -> None:
    app = sample_app(desk, limits=BodyLimits(largest=1_000_000, together=500_000))
    first, second, small = Uploading(app), Uploading(app), Uploading(app)
    first.piece(400_000)
    second.piece(400_000)
    assert await asyncio.wait_for(second.status, 5) == 503
    small.piece(60_000)
    small.piece(10, last=True)
    assert await asyncio.wait_for(small.status, 5) == WHOLE
    first.piece(10, last=True)
    assert await asyncio.wait_for(first.status, 5) == WHOLE
    await asyncio.gather(first.task, second.task, small.task)
    third = Uploading(app)
    third.piece(400_000)
    third.piece(10, last=True)
    assert await asyncio.wait_for(third.status, 5) == WHOLE
    await third.task


@pytest.mark.parametrize("path", ["/healthz", "/v1/notices", NOWHERE, "/nowhere", "/docs", "/openapi.json"])
async def test_head_answers_what_get_would_without_its_body(http: httpx.AsyncClient, path: str) -> None:
    got, asked = await http.get(path), await http.head(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    told = ("content-type", "content-length", "etag", "cache-control")
    assert [asked.headers.get(name) for name in told] == [got.headers.get(name) for name in told]


async def test_head_is_counted_as_head(http: httpx.AsyncClient) -> None:
    await http.head("/healthz")
    line = 'stairs_http_requests_total{method="HEAD",route="/healthz",status="200"}'
    assert line in (await http.get("/metrics")).text


async def test_head_is_not_where_get_is_not(http: httpx.AsyncClient) -> None:
    answer = await http.head(f"{NOWHERE}/withdraw")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")
