"""Contract §2: never an SSID in an error. A canary is put wherever a caller can put something."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.kernel.errors import Conflict, Issue
from tests.support.http.sample_app import Desk, Notice, client, sample_app
from tests.support.http.tokens import LEA_COORDINATOR, bearer

CANARY = "8472615039"
NUMBER = int(CANARY)
NOTICES = "/v1/notices"
NOTICE: dict[str, Any] = {"text": "x", "happened_at": "2019-04-12T17:00:00Z"}
JSON = {"Content-Type": "application/json"}


def posted(**change: object) -> dict[str, Any]:
    return {"method": "POST", "url": NOTICES, "json": {**NOTICE, **change}}


def raw(content: bytes, **headers: str) -> dict[str, Any]:
    return {"method": "POST", "url": NOTICES, "content": content, "headers": {**JSON, **headers}}


def asked(url: str, **headers: str) -> dict[str, Any]:
    return {"method": "GET", "url": url, "headers": headers}


PLACES: dict[str, dict[str, Any]] = {
    "wrong-type": posted(text=NUMBER),
    "wrong-enum": posted(color=CANARY),
    "bad-instant": posted(happened_at=CANARY),
    "bad-instant-number": posted(happened_at=NUMBER),
    "bad-date": posted(on=CANARY),
    "bad-uuid": posted(owner=CANARY),
    "union-tag": posted(shape={"kind": CANARY}),
    "multiple": posted(even=CANARY),
    "bad-pattern": posted(grade=CANARY),
    "too-large-number": posted(pages=NUMBER),
    "number-as-text": posted(pages=CANARY),
    "flag": posted(urgent=CANARY),
    "list-as-text": posted(pupils=CANARY),
    "list-of-text": posted(pupils=[CANARY]),
    "nested": posted(pupils=[{"name": NUMBER, "seat": CANARY}]),
    "property-name": posted(**{CANARY: 1}),
    "part-of-a-property-name": posted(**{f"ssid_{CANARY}_of": 1}),
    "nested-property-name": posted(pupils=[{CANARY: 1}]),
    "mapping-as-text": posted(details=CANARY),
    "whole-body": raw(CANARY.encode()),
    "malformed": raw(b'{"ssid": ' + CANARY.encode()),
    "no-utf8": raw(b'{"ssid": "' + CANARY.encode() + b'\xff"}'),
    "nul": raw(b'{"ssid": "' + CANARY.encode() + b'\\u0000"}'),
    "media-type": raw(b"{}", **{"Content-Type": f"text/{CANARY}"}),
    "path": asked(f"{NOTICES}/{CANARY}"),
    "unknown-path": asked(f"/v1/students/{CANARY}"),
    "query": asked(f"{NOTICES}?ssid={CANARY}"),
    "query-name": asked(f"{NOTICES}?{CANARY}=1"),
    "filter": asked(f"{NOTICES}?color={CANARY}"),
    "limit": asked(f"{NOTICES}?limit={CANARY}"),
    "cursor": asked(f"{NOTICES}?cursor={CANARY}"),
    "token": asked(NOTICES, Authorization=f"Bearer {CANARY}"),
    "scheme": asked(NOTICES, Authorization=CANARY),
    "correlation-id": asked(f"{NOTICES}/nope", **{"X-Correlation-ID": CANARY}),
    "traceparent": asked(f"{NOTICES}/nope", traceparent=CANARY),
    "idempotency-key": raw(b"{}", **{"Idempotency-Key": f"{CANARY} {CANARY}"}),
    "if-match": {
        "method": "POST",
        "url": f"{NOTICES}/6f0c1d5e-0000-4000-8000-000000000000/withdraw",
        "headers": {"If-Match": CANARY},
    },
    "method": {"method": CANARY, "url": NOTICES},
    "upload-field": {
        "method": "POST",
        "url": f"{NOTICES}/6f0c1d5e-0000-4000-8000-000000000000/upload",
        "files": {CANARY: (f"{CANARY}.csv", CANARY.encode())},
    },
    "bug": {"method": "POST", "url": f"{NOTICES}/break", "json": {"ssid": CANARY}},
    "refusal-of-the-domain": posted(text=CANARY),
}


class IndiscreetDesk(Desk):
    """Its refusals say what they should not."""

    async def pin(self, *_: object) -> Notice:
        raise Conflict(f"Student {CANARY} …", issues=[Issue(f"/ssids/{CANARY}", "x", f"{CANARY}?")])


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client(sample_app(IndiscreetDesk())) as asking:
        asking.headers.update(bearer(LEA_COORDINATOR))
        yield asking


@pytest.mark.parametrize("request_", PLACES.values(), ids=PLACES.keys())
async def test_no_problem_and_no_log_line_repeats_what_was_sent(
    http: httpx.AsyncClient, request_: dict[str, Any], log: io.StringIO
) -> None:
    answer = await http.request(**request_)
    assert answer.status_code >= 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert CANARY not in answer.text
    assert CANARY not in str(answer.headers)
    assert log.getvalue()
    assert CANARY not in log.getvalue()


async def test_no_figure_repeats_what_was_sent(http: httpx.AsyncClient) -> None:
    with capture_logs():
        for request_ in PLACES.values():
            await http.request(**request_)
    assert CANARY not in (await http.get("/metrics")).text
