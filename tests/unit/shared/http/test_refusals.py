from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from shared.http.limits import BodyLimits
from shared.http.problem import STATUS, status_of
from shared.http.readiness import Readiness
from shared.kernel.errors import Refusal
from shared.kernel.store import StreamMoved, StreamUnknown
from shared.persistence.faults import QueueFull, StoreUnavailable
from tests.support.http.problems import expect_problem, issues_of
from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import CDE_REVIEWER, LEA_COORDINATOR, bearer

NOTICE: dict[str, object] = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}
NOWHERE = "/v1/notices/6f0c1d5e-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}
LIMIT = BodyLimits().largest


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"text": None}, "/text", "wrong_type"),
        ({"text": 7}, "/text", "wrong_type"),
        ({"text": "  "}, "/text", "too_short"),
        ({"text": "x" * 20_001}, "/text", "too_long"),
        ({"happened_at": "2019-04-12T10:00:00"}, "/happened_at", "bad_instant"),
        ({"happened_at": 1555088400}, "/happened_at", "bad_instant"),
        ({"on": "2019-02-30"}, "/on", "bad_date"),
        ({"on": 1555088400}, "/on", "bad_date"),
        ({"color": "mauve"}, "/color", "not_allowed_value"),
        ({"pages": "3"}, "/pages", "wrong_type"),
        ({"pages": 1.5}, "/pages", "wrong_type"),
        ({"pages": True}, "/pages", "wrong_type"),
        ({"pages": -1}, "/pages", "out_of_range"),
        ({"urgent": "yes"}, "/urgent", "wrong_type"),
        ({"pupils": {}}, "/pupils", "wrong_type"),
        ({"pupils": [{"name": "A", "seat": 1}, 5]}, "/pupils/1", "wrong_type"),
        ({"pupils": [{"seat": 1}]}, "/pupils/0/name", "missing"),
        ({"pupils": [{"name": "A", "seat": 1, "age": 9}]}, "/pupils/0/age", "unknown_property"),
        ({"surprise": 1}, "/surprise", "unknown_property"),
        ({"a/b~c": 1}, "/a~1b~0c", "unknown_property"),
        ({"owner": "not-a-uuid"}, "/owner", "wrong_format"),
        ({"owner": 7}, "/owner", "wrong_type"),
        ({"grade": "13"}, "/grade", "wrong_format"),
        ({"shape": {"kind": "blob"}}, "/shape", "not_allowed_value"),
        ({"shape": {}}, "/shape", "missing"),
        ({"shape": {"kind": "circle", "radius": "wide"}}, "/shape/circle/radius", "wrong_type"),
        ({"even": 3}, "/even", "invalid_value"),
    ],
)
async def test_what_is_wrong_in_a_body_is_named_where_it_is(
    http: httpx.AsyncClient, desk: Desk, change: dict[str, object], pointer: str, code: str
) -> None:
    answer = await http.post("/v1/notices", json={**NOTICE, **change})
    assert issues_of(expect_problem(answer, 422, "validation_failed")) == {pointer: code}
    assert desk.saves == 0


async def test_everything_that_is_wrong_is_told_at_once(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notices", json={"color": "mauve", "x": 1})
    assert issues_of(expect_problem(answer, 422, "validation_failed")) == {
        "/text": "missing",
        "/happened_at": "missing",
        "/color": "not_allowed_value",
        "/x": "unknown_property",
    }


async def test_a_missing_body_is_missing_as_a_whole(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notices")
    assert issues_of(expect_problem(answer, 422, "validation_failed")) == {"": "missing"}


@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"'])
async def test_a_body_that_is_no_object_is_of_the_wrong_type(http: httpx.AsyncClient, body: str) -> None:
    answer = await http.post("/v1/notices", content=body, headers=JSON)
    issues = issues_of(expect_problem(answer, 422, "validation_failed"))
    assert issues in ({"": "wrong_type"}, {"": "missing"})


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"text": "\xff\xfe"}',
        b'{"text": NaN}',
        b'{"text": "\\ud800"}',
        b'{"text": "a\nb"}',
        b"[" * 2000,
        b"{} {}",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
    ],
    ids=["cut", "no-utf8", "nan", "lone-surrogate", "raw-newline", "nested", "two", "two-marks", "utf-16"],
)
async def test_what_is_not_json_is_malformed(http: httpx.AsyncClient, body: bytes) -> None:
    expect_problem(await http.post("/v1/notices", content=body, headers=JSON), 400, "malformed_json")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
async def test_only_json_is_taken(http: httpx.AsyncClient, media_type: str) -> None:
    answer = await http.post("/v1/notices", content=b"{}", headers={"Content-Type": media_type})
    expect_problem(answer, 415, "unsupported_media_type")


async def test_a_compressed_body_is_not_taken(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notices", content=b"{}", headers={**JSON, "Content-Encoding": "gzip"})
    expect_problem(answer, 415, "unsupported_media_type")


async def test_a_form_is_not_taken_for_json(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notices", files={"file": b"x"})
    expect_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "parameters",
    [
        "; charset=utf-8",
        ';charset="UTF-8"',
        "; v=1; Charset = utf8",
        "; charset=us-ascii",
        "; profile=charset",
    ],
)
async def test_utf_8_may_be_named(http: httpx.AsyncClient, desk: Desk, parameters: str) -> None:
    content_type = {"Content-Type": "application/json" + parameters}
    await http.post("/v1/notices", content=orjson.dumps(NOTICE), headers=content_type)
    assert desk.saves == 1


@pytest.mark.parametrize("charset", ["iso-8859-1", '"windows-1252"', "utf-16", "punycode", "x", ""])
@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=x"])
async def test_another_charset_is_refused_and_not_misread(
    http: httpx.AsyncClient, desk: Desk, media_type: str, charset: str
) -> None:
    body = orjson.dumps({**NOTICE, "text": "José"}).decode().encode("latin-1")
    content_type = {"Content-Type": f"{media_type}; charset={charset}"}
    answer = await http.post("/v1/notices", content=body, headers=content_type)
    expect_problem(answer, 415, "unsupported_media_type")
    assert desk.saves == 0


async def test_a_byte_order_mark_is_no_part_of_the_body(http: httpx.AsyncClient, desk: Desk) -> None:
    body, keyed = orjson.dumps(NOTICE), {**JSON, "Idempotency-Key": "k"}
    made = await http.post("/v1/notices", content=b"\xef\xbb\xbf" + body, headers=keyed)
    again = await http.post("/v1/notices", content=body, headers=keyed)
    assert (made.status_code, again.headers.get("idempotency-replayed"), desk.saves) == (201, "true", 1)


async def test_nul_is_refused_in_body_query_and_path(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.post("/v1/notices", json={**NOTICE, "details": {"deep": ["a\0b"]}}),
        await http.get("/v1/notices", params={"cursor": "a\0"}),
        await http.get("/v1/notices/a%00b"),
    ):
        expect_problem(answer, 422, "forbidden_character")


@pytest.mark.parametrize("last", ["multipart/form-data; boundary=x", "application/json"])
async def test_a_content_type_given_twice_is_not_chosen_from(
    http: httpx.AsyncClient, desk: Desk, last: str
) -> None:
    """What was judged as a form would be read as JSON behind that, its NUL and all."""
    body = orjson.dumps({**NOTICE, "text": "a\0b"})
    headers = [("Content-Type", "application/json"), ("Content-Type", last)]
    expect_problem(await http.post("/v1/notices", content=body, headers=headers), 400, "malformed_request")
    assert desk.saves == 0


async def test_a_backslash_before_u0000_is_only_text(http: httpx.AsyncClient, desk: Desk) -> None:
    await http.post("/v1/notices", json={**NOTICE, "text": "a\\u0000b"})
    assert [notice.text for notice in desk.notices.values()] == ["a\\u0000b"]


async def test_a_body_that_says_it_is_too_large_is_not_read(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notices", content=b" " * (LIMIT + 1), headers=JSON)
    expect_problem(answer, 413, "body_too_large")


async def test_a_body_that_does_not_say_is_counted(http: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 100_000

    answer = await http.post("/v1/notices", content=endless(), headers=JSON)
    expect_problem(answer, 413, "body_too_large")
    assert read <= 12


async def test_a_body_in_pieces_is_put_together(http: httpx.AsyncClient, desk: Desk) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"text": "a", ', b'"happened_at": ', b'"2019-04-12T17:00:00Z"}'):
            yield piece

    await http.post("/v1/notices", content=pieces(), headers=JSON)
    assert [notice.text for notice in desk.notices.values()] == ["a"]


async def test_a_file_that_is_too_large_has_a_code_of_its_own(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{NOWHERE}/upload", files={"file": b"x" * LIMIT})
    expect_problem(answer, 413, "upload_too_large")


async def test_the_largest_body_is_taken(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notices", content=b"{}" + b" " * (LIMIT - 2), headers=JSON)
    expect_problem(answer, 422, "validation_failed")


@pytest.mark.parametrize("path", ["/nope", "/v1/notices/", "/v1/notices/not-a-uuid", NOWHERE])
async def test_there_is_nothing_at_other_addresses(http: httpx.AsyncClient, path: str) -> None:
    expect_problem(await http.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "OPTIONS"])
async def test_another_method_is_not_allowed_and_the_right_ones_are_named(
    http: httpx.AsyncClient, method: str
) -> None:
    answer = await http.request(method, NOWHERE, headers={"Origin": "https://elsewhere.example"})
    expect_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


async def test_all_methods_of_an_address_with_several_are_named(http: httpx.AsyncClient) -> None:
    assert (await http.put("/v1/notices")).headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_an_address_with_a_name_is_not_taken_for_one_with_an_id(
    http: httpx.AsyncClient, method: str
) -> None:
    answer = await http.request(method, "/v1/notices/break")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_the_wrong_role_is_forbidden(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post(f"{NOWHERE}/withdraw", headers=bearer(CDE_REVIEWER))
    expect_problem(answer, 403, "forbidden")


async def test_a_refusal_of_the_domain_tells_its_issues(http: httpx.AsyncClient) -> None:
    address = (await http.post("/v1/notices", json=NOTICE)).headers["location"]
    await http.post(f"{address}/withdraw")
    body = expect_problem(await http.post(f"{address}/withdraw"), 409, "already_withdrawn")
    assert body["errors"] == [{"pointer": "", "code": "x", "detail": "y"}]


async def test_a_bug_tells_nothing_of_the_inside(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notices/break", json={"secret": "of the inside"})
    expect_problem(answer, 500, "internal_error")
    assert "inside" not in answer.json()["detail"].replace("our side", "")


@pytest.mark.parametrize(
    ("trouble", "status", "code", "wait"),
    [
        (QueueFull(3), 503, "store_unavailable", "3"),
        (StoreUnavailable(), 503, "store_unavailable", "5"),
        (OperationalError("SELECT 1", {}, ConnectionRefusedError()), 503, "store_unavailable", "5"),
        (ProgrammingError("SELECT", {}, ValueError()), 500, "internal_error", None),
        (StreamUnknown(), 404, "not_found", None),
        (StreamMoved(), 409, "conflict", "1"),
    ],
)
async def test_the_stores_trouble_has_its_answers(
    trouble: Exception, status: int, code: str, wait: str | None
) -> None:
    async with client(sample_app(FailingDesk(trouble))) as http:
        answer = await http.post("/v1/notices", json=NOTICE, headers=bearer(LEA_COORDINATOR))
    expect_problem(answer, status, code)
    assert answer.headers.get("retry-after") == wait


class FailingDesk(Desk):
    def __init__(self, trouble: Exception) -> None:
        super().__init__()
        self._trouble = trouble

    async def pin(self, *_: object) -> object:  # type: ignore[override]  # it never answers
        raise self._trouble


async def _fine() -> str | None:
    return None


async def _behind() -> str | None:
    return "12 migrations behind"


async def _broken() -> str | None:
    raise ConnectionError("postgresql://user:secret@host")


async def test_an_unready_process_says_why_and_no_secret() -> None:
    readiness = Readiness(store=_fine, migrations=_behind, broker=_broken)
    async with client(sample_app(Desk(), readiness=readiness)) as http:
        answer = await http.get("/readyz")
        alive = await http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"migrations": "12 migrations behind", "broker": "ConnectionError"}
    assert alive.status_code == 200


async def test_a_stopping_process_is_not_ready() -> None:
    app = sample_app(Desk())
    app.state.stopping.set()
    async with client(app) as http:
        answer = await http.get("/readyz")
    assert answer.json() == {"status": "unready", "reasons": {"process": "stopping"}}


def test_every_kind_of_refusal_has_a_status() -> None:
    kinds = {kind for kind in Refusal.__subclasses__() if kind.__module__.startswith("shared.")}
    assert kinds == set(STATUS)


def test_a_refusal_of_no_kind_is_a_bug() -> None:
    with pytest.raises(LookupError):
        status_of(Refusal("of no kind"))
