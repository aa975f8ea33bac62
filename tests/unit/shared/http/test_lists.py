from __future__ import annotations

import base64
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.api_secret import ApiSecret
from shared.http.paging import BadCursor, Cursors, Paging
from shared.kernel.actor import Actor, Role
from tests.support.http.problems import expect_problem, issues_of
from tests.support.http.sample_app import Desk
from tests.support.http.tokens import LEA_COORDINATOR

AT = "2019-04-12T10:00:00-07:00"


async def pin(http: httpx.AsyncClient, *texts: str) -> None:
    for text in texts:
        await http.post("/v1/notices", json={"text": text, "happened_at": AT})


async def listed(http: httpx.AsyncClient, **query: object) -> tuple[list[str], str | None]:
    body = (await http.get("/v1/notices", params={name: str(value) for name, value in query.items()})).json()
    return [item["text"] for item in body["items"]], body["next_cursor"]


async def test_a_list_goes_on_where_the_cursor_says(http: httpx.AsyncClient) -> None:
    await pin(http, "a", "b", "c")
    first, cursor = await listed(http, limit=2)
    await pin(http, "aa")
    second, end = await listed(http, limit=2, cursor=cursor)
    assert (first, second, end) == (["a", "b"], ["c"], None)


async def test_the_last_full_page_says_that_it_is_the_last(http: httpx.AsyncClient) -> None:
    await pin(http, "a", "b")
    assert await listed(http, limit=2) == (["a", "b"], None)


async def test_an_empty_list_is_a_list(http: httpx.AsyncClient) -> None:
    assert await listed(http) == ([], None)


async def test_fifty_are_answered_unless_asked_otherwise(http: httpx.AsyncClient, desk: Desk) -> None:
    await pin(http, *(f"{number:03}" for number in range(51)))
    texts, cursor = await listed(http)
    assert (len(texts), cursor is None) == (50, False)


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("limit=0", "query:limit", "out_of_range"),
        ("limit=201", "query:limit", "out_of_range"),
        ("limit=many", "query:limit", "wrong_type"),
        ("color=mauve", "query:color", "not_allowed_value"),
        ("colour=red", "query:colour", "unknown_property"),
        (f"cursor={'x' * 1001}", "query:cursor", "too_long"),
    ],
)
async def test_what_is_wrong_in_a_query_is_named(
    http: httpx.AsyncClient, query: str, pointer: str, code: str
) -> None:
    answer = await http.get(f"/v1/notices?{query}")
    assert issues_of(expect_problem(answer, 422, "validation_failed")) == {pointer: code}


def _cursor(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "!", "é", "zzz", "===="),
        *map(_cursor, (b'"a"', b"[]", b"[1]", b'["a","b"]', b"[null]", b"[true]", b'{"a":1}')),
        *map(_cursor, (b'["\\u0000"]', b"\xff")),
    ],
)
async def test_what_was_never_answered_is_no_cursor(http: httpx.AsyncClient, cursor: str) -> None:
    answer = await http.get("/v1/notices", params={"cursor": cursor})
    expect_problem(answer, 422, "bad_cursor")


SECRET = ApiSecret(bytes(32))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def cursors(of_list: str = "notices", caller: Actor = LEA_COORDINATOR, secret: ApiSecret = SECRET) -> Cursors:
    return Cursors(secret, of_list, caller)


@given(st.tuples(TEXT, st.integers(-(2**63), 2**63 - 1), TEXT))
def test_a_cursor_stands_for_its_key(key: tuple[str, int, str]) -> None:
    assert cursors().opened(cursors().sealed(key), "sis") == key


@given(st.text())
def test_no_text_does_more_than_be_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        cursors().opened(cursor, "si")


OTHERS = {
    "another list's": cursors("deadlines"),
    "another person's": cursors(caller=replace(LEA_COORDINATOR, sub="lea-9")),
    "the same person's in another role": cursors(caller=replace(LEA_COORDINATOR, role=Role.AUDITOR)),
    "the same person's in another LEA": cursors(caller=replace(LEA_COORDINATOR, lea="3768338")),
    "the same person's at a school": cursors(caller=replace(LEA_COORDINATOR, school="19647336012345")),
    "another service's": cursors(secret=ApiSecret(bytes(31) + b"x")),
}


@pytest.mark.parametrize("whose", OTHERS)
def test_a_cursor_belongs_to_its_list_and_its_caller(whose: str) -> None:
    with pytest.raises(BadCursor):
        cursors().opened(OTHERS[whose].sealed(("a", "b")), "ss")


@given(st.data())
def test_a_changed_cursor_is_none(data: st.DataObject) -> None:
    cursor = cursors().sealed(("2019-04-12T17:00:00+00:00", "8e03978e-40d5-43dd-bc93-6894a57f9324"))
    whole = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadCursor):
        cursors().opened(_cursor(bytes(whole)), "ss")


@pytest.mark.parametrize("kinds", ["s", "si", "sss"])
def test_a_key_of_another_form_is_refused(kinds: str) -> None:
    with pytest.raises(BadCursor):
        cursors().opened(cursors().sealed(("a", "b")), kinds)


@pytest.mark.parametrize("place", [("yesterday", str(UUID(int=1))), ("2019-04-12T17:00:00+00:00", "x")])
def test_a_key_that_is_no_place_in_time_is_refused(place: tuple[str, str]) -> None:
    with pytest.raises(BadCursor):
        cursors().after_instant(Paging(cursor=cursors().sealed(place)))
