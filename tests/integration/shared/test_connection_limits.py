"""Every limit of connections, heads and bodies, seen from outside against a real server; each is counted."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.http.raw_socket import RawClient
from tests.support.http.served_sample import figure, served_sample
from tests.support.http.tokens import LEA_COORDINATOR, bearer, token

NOTICE = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}
UPLOAD = "/v1/notices/6f0c1d5e-0000-4000-8000-000000000000/upload"
ALIVE = b"GET /healthz HTTP/1.1\r\nHost: sample\r\n\r\n"
LIMITS = {
    "http_connections": 12,
    "http_head_seconds": 0.4,
    "http_body_seconds": 0.4,
    "http_idle_seconds": 1,
    "http_answer_seconds": 0.5,
    "http_body_chunks": 100,
    "http_drain_bytes": 24_000_000,
    "http_drain_seconds": 2,
}


@pytest.fixture(scope="module")
def port(unused_tcp_port_factory: Callable[[], int]) -> Iterator[int]:
    with served_sample(unused_tcp_port_factory(), **LIMITS) as port:
        yield port


class Ended:
    """How many connections ended for this reason since the test began."""

    def __init__(self, port: int, reason: str) -> None:
        self._port, self._reason = port, reason
        self._before = self._now()

    def _now(self) -> float:
        return figure(self._port, "http_connections_ended_total", reason=self._reason)

    async def once(self) -> None:
        async def grown() -> bool:
            return self._now() > self._before

        await eventually(grown, within=15)


def posting(*headers: str, path: str = "/v1/notices") -> bytes:
    told = [
        "Host: sample",
        f"Authorization: Bearer {token(LEA_COORDINATOR)}",
        "Content-Type: application/json",
    ]
    return "\r\n".join([f"POST {path} HTTP/1.1", *told, *headers, "", ""]).encode()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: sample\r\nX: " + b"x" * 16_400 + b"\r\n\r\n",
        b"GET /healthz?" + b"x" * 16_400 + b" HTTP/1.1\r\nHost: sample\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: sample\r\n" + b"a: b\r\n" * 100 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: sample\r\nX: " + b"x" * 20_000,  # and no end
    ],
    ids=["header", "address", "many", "endless"],
)
async def test_a_head_that_is_too_large_is_answered_with_431(port: int, head: bytes) -> None:
    counted = Ended(port, "head_too_large")
    with RawClient(port) as client:
        answer = client.send(head).answer()
        assert (answer.status, answer.code, answer.closes) == (431, "head_too_large", True)
    await counted.once()


async def test_a_head_of_24_megabytes_is_refused_and_read_away(port: int) -> None:
    with RawClient(port) as client:
        client.send(b"GET /healthz HTTP/1.1\r\nHost: sample\r\n", *[b"X: " + b"x" * 65_533] * 360)
        assert client.answer().status == 431


async def test_a_large_head_within_the_limit_is_taken(port: int) -> None:
    with RawClient(port) as client:
        head = b"GET /healthz HTTP/1.1\r\nHost: sample\r\n" + b"a: b\r\n" * 90 + b"X: " + b"x" * 15_700
        assert client.send(head + b"\r\n\r\n").answer().status == 200


async def test_a_head_that_stops_coming_is_answered_with_408(port: int) -> None:
    counted = Ended(port, "head_too_slow")
    with RawClient(port) as client:
        assert client.send(ALIVE).answer().status == 200
        answer = client.send(ALIVE[:20]).answer()
        assert (answer.status, answer.code, answer.closes) == (408, "request_timeout", True)
        assert client.closed()
    await counted.once()


async def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    counted = Ended(port, "silent")
    with RawClient(port) as client:
        assert client.closed()
    await counted.once()


async def test_a_connection_between_two_requests_is_closed_after_a_while(port: int) -> None:
    counted = Ended(port, "idle")
    with RawClient(port) as client:
        client.send(ALIVE).answer()
        assert client.closed()
    await counted.once()


@pytest.mark.parametrize("framing", ["Content-Length: 99", "Transfer-Encoding: chunked"])
async def test_a_body_that_stops_coming_is_answered_with_408(port: int, framing: str) -> None:
    with RawClient(port) as client:
        answer = client.send(posting(framing), b"5\r\n{").answer()
        assert (answer.status, answer.code, answer.closes) == (408, "request_timeout", True)
    assert figure(port, "http_bodies_held_bytes") == 0


async def test_a_body_of_many_tiny_chunks_is_refused(port: int) -> None:
    with RawClient(port) as client:
        client.send(posting("Transfer-Encoding: chunked"), b"1\r\n \r\n" * 200)
        answer = client.answer()
        assert (answer.status, answer.code, answer.closes) == (400, "malformed_request", True)


async def test_a_body_is_not_waited_for_where_nobody_may_send_it(port: int) -> None:
    stranger = b"POST /v1/notices HTTP/1.1\r\nHost: sample\r\nContent-Length: 900000\r\n\r\n"
    with RawClient(port) as client:
        answer = client.send(stranger).answer()
        assert (answer.status, answer.code, answer.closes) == (401, "missing_token", True)


@pytest.mark.parametrize("headers", [bearer(LEA_COORDINATOR), {}], ids=["token", "stranger"])
@pytest.mark.parametrize("size", [2_000_000, 20_000_000])
async def test_a_refused_upload_gets_its_refusal_readable_by_ordinary_clients(
    port: int, size: int, headers: dict[str, str]
) -> None:
    """httpx and http.client send all before they read; closing on them would reset the connection."""
    expected = (413, "upload_too_large") if headers else (401, "missing_token")
    for _ in range(3):
        with httpx.Client(timeout=30) as client:
            answer = client.post(
                f"http://127.0.0.1:{port}{UPLOAD}", files={"file": b"x" * size}, headers=headers
            )
        assert (answer.status_code, answer.json()["code"]) == expected
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    form = {"Content-Type": "multipart/form-data; boundary=x", **headers}
    plain.request("POST", UPLOAD, body=b"x" * size, headers=form)
    with plain.getresponse() as got:
        assert (got.status, json.loads(got.read())["code"]) == expected
    plain.close()


async def test_nothing_is_kept_of_a_refused_body_while_its_client_goes_on(
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    """A hundred and fifty that are held open would keep 256 kB each, twice."""
    unfinished = (
        b"POST /v1/notices HTTP/1.1\r\nHost: sample\r\nContent-Length: 800000\r\n\r\n" + b" " * 600_000
    )
    with served_sample(unused_tcp_port_factory()) as port, ExitStack() as held:
        figure(port, "process_resident_memory_bytes")
        before = figure(port, "process_resident_memory_bytes")
        for _ in range(150):
            assert held.enter_context(RawClient(port)).send(unfinished).answer().status == 401
        assert figure(port, "process_resident_memory_bytes") - before < 20e6


async def test_a_refused_upload_without_a_length_is_read_away_too(port: int) -> None:
    pieces = (b"x" * 50_000 for _ in range(200))
    form = {"Content-Type": "multipart/form-data; boundary=x", **bearer(LEA_COORDINATOR)}
    with httpx.Client(timeout=30) as client:
        answer = client.post(f"http://127.0.0.1:{port}{UPLOAD}", content=pieces, headers=form)
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


async def test_what_follows_a_refusal_is_not_read_without_end(port: int) -> None:
    counted = Ended(port, "not_drained")
    with RawClient(port) as client:
        client.send(posting("Content-Length: 90000000"))
        assert client.answer().status == 413
        with pytest.raises(OSError, match=r"reset|pipe"):
            client.send(*[b" " * 100_000] * 900)
    await counted.once()


async def test_a_client_that_does_not_read_its_answers_is_cut_off(port: int) -> None:
    counted = Ended(port, "answer_not_taken")
    # so long that the server's buffer for requests holds few of them
    asking = b"GET /openapi.json HTTP/1.1\r\nHost: sample\r\nX: " + b"x" * 15_000 + b"\r\n\r\n"
    with RawClient(port, receive_buffer=4096) as client:
        client.socket.settimeout(0.2)
        try:
            while True:
                client.send(asking)
        except OSError:  # nothing more fits into the buffers, or it was cut off already
            pass
        await counted.once()


async def test_the_connection_that_did_least_makes_room(port: int) -> None:
    """Silent connections never keep an honest one out."""
    counted = Ended(port, "made_room")
    with ExitStack() as held:
        for _ in range(12):
            held.enter_context(RawClient(port))
        honest = held.enter_context(RawClient(port))
        assert honest.send(ALIVE).answer().status == 200
        await counted.once()
        assert figure(port, "http_connections") <= 13


@pytest.fixture(scope="module")
def narrow(unused_tcp_port_factory: Callable[[], int]) -> Iterator[int]:
    """Few connections, and the times that are shipped: nothing makes room by its own time being over."""
    with served_sample(unused_tcp_port_factory(), http_connections=12) as port:
        yield port


async def test_a_flood_of_strangers_closes_no_connection_of_a_known_client(narrow: int) -> None:
    """Though it was silent for longer than any of them: its next request may be on its way."""
    counted = Ended(narrow, "made_room")
    with ExitStack() as held:
        known = held.enter_context(RawClient(narrow))
        asking = posting(f"Content-Length: {len(json.dumps(NOTICE))}") + json.dumps(NOTICE).encode()
        assert known.send(asking).answer().status == 201
        for _ in range(60):
            held.enter_context(RawClient(narrow)).send(ALIVE).answer()
        assert known.send(asking).answer().status == 201
    await counted.once()


async def test_strangers_who_do_not_take_their_answers_keep_nobody_out(narrow: int) -> None:
    asking = b"GET /openapi.json HTTP/1.1\r\nHost: sample\r\n\r\n" * 500
    with ExitStack() as held:
        for _ in range(12):
            held.enter_context(RawClient(narrow, receive_buffer=4096)).send(asking)

        async def answered() -> bool:
            with RawClient(narrow) as honest:
                return honest.send(ALIVE).answer().status == 200

        await eventually(answered, within=15)


async def test_where_all_connections_are_at_work_one_more_is_told_to_come_again(
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    with served_sample(unused_tcp_port_factory(), http_connections=10) as port, ExitStack() as held:
        for _ in range(10):
            client = held.enter_context(RawClient(port))
            client.send(posting("Content-Length: 99", "Expect: 100-continue"))
            assert client.answer().status == 100
        one_more = held.enter_context(RawClient(port))
        answer = one_more.send(ALIVE).answer()
        assert (answer.status, answer.code, answer.closes) == (503, "busy", True)
        assert answer.headers["retry-after"] == "2"
        client.socket.close()

        async def taken_again() -> bool:
            return figure(port, "http_connections_ended_total", reason="full") == 1

        await eventually(taken_again)
