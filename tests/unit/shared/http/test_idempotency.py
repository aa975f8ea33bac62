from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from fastapi import Request

from shared.http.api_secret import ApiSecret
from shared.http.idempotency import meaning
from shared.kernel.actor import Role
from shared.kernel.store import Receipt
from tests.support.http.problems import expect_problem
from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import SECRET, SITE_COORDINATOR, bearer

NOTICE: dict[str, object] = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}
TYPED = {"Content-Type": "application/json"}
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def essence(answer: httpx.Response) -> tuple[int, bytes, str | None, str | None]:
    return answer.status_code, answer.content, answer.headers.get("etag"), answer.headers.get("location")


async def test_the_same_request_again_gets_the_first_answer_again(
    http: httpx.AsyncClient, desk: Desk
) -> None:
    first = await http.post("/v1/notices", json=NOTICE, headers=KEY)
    again = await http.post("/v1/notices", json=NOTICE, headers=KEY)
    assert essence(again) == essence(first)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == "application/json"
    assert "idempotency-replayed" not in first.headers
    assert desk.saves == 1


async def test_without_a_key_every_request_counts(http: httpx.AsyncClient, desk: Desk) -> None:
    await http.post("/v1/notices", json=NOTICE)
    await http.post("/v1/notices", json=NOTICE)
    assert desk.saves == 2


async def test_another_body_under_the_same_key_is_refused(http: httpx.AsyncClient, desk: Desk) -> None:
    await http.post("/v1/notices", json=NOTICE, headers=KEY)
    answer = await http.post("/v1/notices", json={**NOTICE, "text": "Other"}, headers=KEY)
    expect_problem(answer, 422, "idempotency_key_reused")
    assert desk.saves == 1


async def test_another_address_under_the_same_key_is_refused(http: httpx.AsyncClient) -> None:
    one, two = [(await http.post("/v1/notices", json=NOTICE)).headers["location"] for _ in range(2)]
    await http.post(f"{one}/withdraw", headers=KEY)
    expect_problem(await http.post(f"{two}/withdraw", headers=KEY), 422, "idempotency_key_reused")


async def test_two_callers_may_choose_the_same_key(http: httpx.AsyncClient, desk: Desk) -> None:
    await http.post("/v1/notices", json=NOTICE, headers=KEY)
    await http.post("/v1/notices", json=NOTICE, headers={**KEY, **bearer(SITE_COORDINATOR)})
    assert desk.saves == 2


async def test_a_decision_repeated_is_answered_as_the_first_time(http: httpx.AsyncClient) -> None:
    address = (await http.post("/v1/notices", json=NOTICE)).headers["location"]
    first = await http.post(f"{address}/withdraw", headers={**KEY, "If-Match": '"1"'})
    again = await http.post(f"{address}/withdraw", headers={**KEY, "If-Match": '"1"'})
    assert first.status_code == 200
    assert essence(again) == essence(first)


async def test_a_refusal_is_not_kept(http: httpx.AsyncClient) -> None:
    address = (await http.post("/v1/notices", json=NOTICE)).headers["location"]
    stale = await http.post(f"{address}/withdraw", headers={**KEY, "If-Match": '"9"'})
    expect_problem(stale, 412, "version_conflict")
    later = await http.post(f"{address}/withdraw", headers=KEY)
    assert later.status_code == 200


async def test_many_at_once_act_once(http: httpx.AsyncClient, desk: Desk) -> None:
    answers = await asyncio.gather(*(http.post("/v1/notices", json=NOTICE, headers=KEY) for _ in range(20)))
    assert desk.saves == 1
    assert len({essence(answer) for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 19


async def test_an_upload_tried_again_is_the_same_request(http: httpx.AsyncClient) -> None:
    address = (await http.post("/v1/notices", json=NOTICE)).headers["location"]
    first = await http.post(f"{address}/upload", files={"file": b"a,b\n1,2\n"}, headers=KEY)
    again = await http.post(f"{address}/upload", files={"file": b"a,b\n1,2\n"}, headers=KEY)
    other = await http.post(f"{address}/upload", files={"file": b"a,b\n1,3\n"}, headers=KEY)
    assert first.json() == again.json() == {"size": 8}
    assert again.headers["idempotency-replayed"] == "true"
    expect_problem(other, 422, "idempotency_key_reused")


def form(
    content: str, *, boundary: str, name: str = "file", file: str = "a.csv", kind: str = "text/csv"
) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: {kind}'
    return f"--{boundary}\r\n{head}\r\n\r\n{content}\r\n--{boundary}--\r\n".encode()


async def upload(http: httpx.AsyncClient, address: str, body: bytes, boundary: str) -> httpx.Response:
    kind = f"multipart/form-data; boundary={boundary}"
    return await http.post(f"{address}/upload", content=body, headers={**KEY, "Content-Type": kind})


@pytest.fixture
async def address(http: httpx.AsyncClient) -> str:
    return str((await http.post("/v1/notices", json=NOTICE)).headers["location"])


async def test_another_file_is_another_request_though_it_holds_the_boundary(
    http: httpx.AsyncClient, address: str
) -> None:
    one, two = "8391045527", "8391045528"
    first = await upload(http, address, form(f"{one}\n{two}", boundary=one), one)
    other = await upload(http, address, form(f"{two}\n{one}", boundary=one), one)
    assert first.status_code == 200, first.text
    expect_problem(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"boundary": "another-one"}, True),
        ({"kind": "TEXT/CSV"}, True),
        ({"content": "1,3"}, False),
        ({"content": "1,2\r\n"}, False),
        ({"file": "b.csv"}, False),
        ({"kind": "text/plain"}, False),
    ],
    ids=str,
)
async def test_a_form_is_what_its_parts_say(
    http: httpx.AsyncClient, address: str, changed: dict[str, str], same: bool
) -> None:
    sent = {"content": "1,2", "boundary": "one"}
    await upload(http, address, form(**sent), "one")
    again = {**sent, **changed}
    answer = await upload(http, address, form(**again), again["boundary"])
    assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (
        (200, "true") if same else (422, None)
    )


SAME_JSON = {
    "blanks": json.dumps(NOTICE, indent=4),
    "another order": json.dumps(dict(reversed(NOTICE.items()))),
    "escapes": json.dumps(NOTICE).replace("P", "\\u0050"),
}
OTHER_JSON = {
    "another value": json.dumps({**NOTICE, "pages": 2}),
    "null": json.dumps({**NOTICE, "remark": None}),
    "blanks in a text": json.dumps({**NOTICE, "text": "Posters  were up"}),
}


@pytest.mark.parametrize("body", [*SAME_JSON.values(), *OTHER_JSON.values()], ids=[*SAME_JSON, *OTHER_JSON])
async def test_json_is_what_its_values_say(http: httpx.AsyncClient, desk: Desk, body: str) -> None:
    headers = {**KEY, **TYPED}
    await http.post("/v1/notices", content=json.dumps(NOTICE), headers=headers)
    again = await http.post("/v1/notices", content=body, headers=headers)
    same = body in SAME_JSON.values()
    assert (again.status_code, desk.saves) == (201 if same else 422, 1)


async def test_json_that_is_nested_deeper_than_we_write_is_judged_by_its_form(
    http: httpx.AsyncClient, desk: Desk
) -> None:
    deep: object = 1
    for _ in range(300):
        deep = [deep]
    body = {**NOTICE, "details": {"deep": deep}}
    answers = [await http.post("/v1/notices", json=body, headers=KEY) for _ in range(2)]
    assert ([answer.status_code for answer in answers], desk.saves) == ([201, 201], 1)


async def test_a_query_is_its_parameters() -> None:
    scope = {"type": "http", "method": "POST", "path": "/v1/notices", "headers": []}
    parts = [
        meaning(Request({**scope, "query_string": query})) for query in (b"a=1&b=%32", b"b=2&a=1", b"a=1")
    ]
    assert (parts[0] == parts[1], parts[0] == parts[2]) == (True, False)


async def test_nobody_can_try_out_what_a_fingerprint_was_made_of(http: httpx.AsyncClient, desk: Desk) -> None:
    await http.post("/v1/notices", json=NOTICE, headers=KEY)
    (kept,) = desk.receipts.values()
    scope = {"type": "http", "method": "POST", "path": "/v1/notices", "query_string": b""}
    typed = [(b"content-type", b"application/json")]
    body = json.dumps(NOTICE, separators=(",", ":")).encode()
    request = Request({**scope, "headers": typed, "stairs.body": body})
    parts = meaning(request)
    assert kept.fingerprint == b"\x01" + SECRET.mark("request", *parts)
    assert kept.fingerprint != b"\x01" + ApiSecret(bytes(32)).mark("request", *parts)


def before(receipt: Receipt, body: bytes, path: bytes = b"/v1/notices") -> Receipt:
    """The receipt as it was kept until November 2026."""
    return replace(receipt, fingerprint=hashlib.sha256(b"\0".join((b"POST", path, b"", body))).digest())


async def test_a_receipt_of_before_is_checked_as_it_was_made(http: httpx.AsyncClient, desk: Desk) -> None:
    body = json.dumps(NOTICE).encode()
    headers = {**KEY, **TYPED}
    first = await http.post("/v1/notices", content=body, headers=headers)
    ((place, kept),) = desk.receipts.items()
    desk.receipts[place] = before(kept, body)
    again = await http.post("/v1/notices", content=body, headers=headers)
    assert (essence(again), again.headers["idempotency-replayed"]) == (essence(first), "true")
    other = await http.post("/v1/notices", json={**NOTICE, "text": "Other"}, headers=KEY)
    expect_problem(other, 422, "idempotency_key_reused")


async def test_a_key_that_was_kept_as_a_bare_digest_holds_until_it_is_pruned(
    http: httpx.AsyncClient, desk: Desk
) -> None:
    headers, body = {"Idempotency-Key": "1357924680"}, json.dumps(NOTICE).encode()
    first = await http.post("/v1/notices", content=body, headers={**headers, **TYPED})
    ((caller, key),) = desk.receipts
    bare = hashlib.sha256(f"{caller}\0001357924680".encode()).hexdigest()
    assert key != bare
    desk.receipts[caller, bare] = before(desk.receipts.pop((caller, key)), body)
    again = await http.post("/v1/notices", content=body, headers={**headers, **TYPED})
    assert (essence(again), desk.saves) == (essence(first), 1)


async def test_a_kept_answer_is_given_as_it_may_be_seen_now(http: httpx.AsyncClient, desk: Desk) -> None:
    first = (await http.post("/v1/notices", json=NOTICE, headers=KEY)).json()
    notice = desk.notices[UUID(first["id"])]
    desk.notices[notice.id] = replace(notice, text="Taken down")
    again = await http.post("/v1/notices", json=NOTICE, headers=KEY)
    assert (again.status_code, again.json()) == (201, {**first, "text": "Taken down"})
    assert again.headers["location"] == f"/v1/notices/{first['id']}"


async def test_what_may_not_be_seen_now_is_not_given_again(http: httpx.AsyncClient, desk: Desk) -> None:
    first = (await http.post("/v1/notices", json=NOTICE, headers=KEY)).json()
    del desk.notices[UUID(first["id"])]
    expect_problem(await http.post("/v1/notices", json=NOTICE, headers=KEY), 404, "not_found")
    assert desk.saves == 1


async def test_who_may_not_act_now_gets_no_answer_of_before(desk: Desk) -> None:
    auditor = replace(SITE_COORDINATOR, role=Role.AUDITOR)
    async with client(sample_app(desk)) as http:
        mine = {**KEY, **bearer(SITE_COORDINATOR)}
        address = (await http.post("/v1/notices", json=NOTICE, headers=bearer(SITE_COORDINATOR))).headers[
            "location"
        ]
        first = await http.post(f"{address}/withdraw", headers=mine)
        again = await http.post(f"{address}/withdraw", headers={**KEY, **bearer(auditor)})
    assert first.status_code == 200
    expect_problem(again, 403, "forbidden")


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb", "schlüssel"])
async def test_what_is_no_key_is_refused(http: httpx.AsyncClient, desk: Desk, key: str) -> None:
    answer = await http.post("/v1/notices", json=NOTICE, headers={b"Idempotency-Key": key.encode("latin-1")})
    expect_problem(answer, 400, "bad_idempotency_key")
    assert desk.saves == 0


@pytest.mark.parametrize("key", ["1357924680", "submit-1357924680"])
async def test_a_key_that_may_hold_an_ssid_is_not_stored_and_holds_all_the_same(
    http: httpx.AsyncClient, desk: Desk, key: str
) -> None:
    headers = {"Idempotency-Key": key}
    first = await http.post("/v1/notices", json=NOTICE, headers=headers)
    again = await http.post("/v1/notices", json=NOTICE, headers=headers)
    other = await http.post("/v1/notices", json={**NOTICE, "text": "Other"}, headers=headers)
    assert essence(again) == essence(first)
    expect_problem(other, 422, "idempotency_key_reused")
    assert [stored for _, stored in desk.receipts if "1357924680" in stored] == []


@pytest.mark.parametrize("key", ["!", "x" * 255, "~:/?#[]@\\"])
async def test_any_visible_ascii_is_a_key(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post("/v1/notices", json=NOTICE, headers={"Idempotency-Key": key})
    assert answer.status_code == 201


class SlowDesk(Desk):
    """Its receipts are seen only later than they collide."""

    async def find_receipt(self, caller: str, key: str) -> Receipt | None:  # noqa: ARG002 - it sees none yet
        return None


async def test_a_receipt_that_is_not_visible_yet_asks_for_patience() -> None:
    desk = SlowDesk()
    async with client(sample_app(desk)) as http:
        headers = {**KEY, **bearer(SITE_COORDINATOR)}
        await http.post("/v1/notices", json=NOTICE, headers=headers)
        answer = await http.post("/v1/notices", json=NOTICE, headers=headers)
    expect_problem(answer, 409, "conflict")
    assert answer.headers["retry-after"] == "1"


async def test_of_two_keys_none_is_chosen(http: httpx.AsyncClient, desk: Desk) -> None:
    two = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
    expect_problem(await http.post("/v1/notices", json=NOTICE, headers=two), 400, "bad_idempotency_key")
    assert desk.saves == 0
