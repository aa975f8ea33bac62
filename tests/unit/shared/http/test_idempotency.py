from __future__ import annotations

import asyncio

import httpx
import pytest

from shared.kernel.store import Receipt
from tests.support.http.problems import expect_problem
from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import SITE_COORDINATOR, bearer

NOTICE: dict[str, object] = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}
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
