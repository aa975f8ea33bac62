"""Which requests are in the audit: every refusal, and what a route says of itself."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request

from shared.http.app import build_app
from shared.http.audit import audited, note_act
from shared.http.auth import Caller, require
from shared.http.readiness import Readiness
from shared.kernel.actor import Role
from shared.observability import audit
from shared.observability.audit import configure_audit
from tests.support.http.sample_app import client
from tests.support.http.tokens import CDE_REVIEWER, LEA_COORDINATOR, authenticator, bearer

router = APIRouter()


@router.put("/places/{cds}", dependencies=[audited("place_set")])
async def put_place(cds: str, caller: Caller) -> None:
    require(caller, Role.CDE_REVIEWER)


@router.get("/search")
async def search(request: Request, caller: Caller, ssid: str | None = None) -> None:
    if ssid is not None:
        note_act(request.scope, "searched_by_ssid", student_ref="stu_1")


@router.get("/broken")
async def broken(caller: Caller) -> None:
    raise RuntimeError("a bug")


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture
def paper() -> Iterator[io.StringIO]:
    written = io.StringIO()
    configure_audit("sample", None, stream=written)
    yield written
    audit.close()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(
        title="sample", version="1", lifespan=lifespan, routers=[router],
        auth=authenticator(), readiness=Readiness(),
    )  # fmt: skip
    async with client(app) as asking:
        yield asking


def told(paper: io.StringIO) -> list[dict[str, Any]]:
    names = ("act", "who", "role", "lea", "method", "route", "on", "status", "verdict", "student_ref")
    return [
        {name: line[name] for name in names if name in line}
        for line in map(json.loads, paper.getvalue().splitlines())
    ]


WHO = {"who": "lea-1", "role": "lea_coordinator", "lea": "1964733"}


async def test_an_administrative_act_and_its_refusal(http: httpx.AsyncClient, paper: io.StringIO) -> None:
    await http.put("/places/1964733", headers=bearer(CDE_REVIEWER))
    await http.put("/places/1964733", headers=bearer(LEA_COORDINATOR))
    route = {"act": "place_set", "method": "PUT", "route": "/places/{cds}", "on": {"cds": "1964733"}}
    assert told(paper) == [
        {**route, "who": "cde-1", "role": "cde_reviewer", "status": 200, "verdict": "done"},
        {**route, **WHO, "status": 403, "verdict": "forbidden"},
    ]


async def test_a_search_by_ssid_names_the_student_by_reference(
    http: httpx.AsyncClient, paper: io.StringIO
) -> None:
    await http.get("/search?ssid=8472615039", headers=bearer(LEA_COORDINATOR))
    await http.get("/search", headers=bearer(LEA_COORDINATOR))
    (line,) = told(paper)
    assert (line["act"], line["student_ref"], line["who"]) == ("searched_by_ssid", "stu_1", "lea-1")
    assert "8472615039" not in paper.getvalue()


@pytest.mark.parametrize(
    ("asked", "headers", "status", "verdict", "route"),
    [
        (("GET", "/search"), {}, 401, "missing_token", "/search"),
        (("GET", "/search"), {"Authorization": "Bearer x"}, 401, "invalid_token", "/search"),
        (("GET", "/nowhere/8472615039"), {}, 404, "not_found", "unmatched"),
        (("DELETE", "/search"), {}, 405, "method_not_allowed", "/search"),
        (("GET", "/search?a=%00"), {}, 422, "forbidden_character", "unmatched"),
    ],
)
async def test_every_refusal_of_an_unknown_caller_has_a_line(
    http: httpx.AsyncClient, paper: io.StringIO,
    asked: tuple[str, str], headers: dict[str, str], status: int, verdict: str, route: str,
) -> None:  # fmt: skip
    method, path = asked
    answer = await http.request(method, path, headers=headers)
    (line,) = told(paper)
    assert line == {
        "act": "refused", "method": method, "route": route, "status": status, "verdict": verdict
    }  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (status, verdict)
    assert json.loads(paper.getvalue())["correlation_id"] == answer.headers["x-correlation-id"]
    assert "8472615039" not in paper.getvalue()


async def test_a_failure_of_ours_has_a_line_too(http: httpx.AsyncClient, paper: io.StringIO) -> None:
    await http.get("/broken", headers=bearer(LEA_COORDINATOR))
    (line,) = told(paper)
    assert (line["act"], line["status"], line["verdict"], line["who"]) == (
        "refused", 500, "internal_error", "lea-1",
    )  # fmt: skip


async def test_what_is_granted_and_usual_has_none(http: httpx.AsyncClient, paper: io.StringIO) -> None:
    assert (await http.get("/search", headers=bearer(LEA_COORDINATOR))).status_code == 200
    assert paper.getvalue() == ""
