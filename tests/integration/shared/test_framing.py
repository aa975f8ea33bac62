"""Where a request begins and ends: raw bytes against a real server. A body that is lost, or becomes a request
of its own, decides a case without its comment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from tests.support.http.raw_socket import RawAnswer, RawClient
from tests.support.http.served_sample import served_sample
from tests.support.http.tokens import LEA_COORDINATOR, token

NOTICE = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}
BODY = json.dumps(NOTICE).encode()
HOST, LENGTH = b"Host: sample", b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
H2C = (
    b"Connection: Upgrade, HTTP2-Settings",
    b"Upgrade: h2c",
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)
SECOND = b"GET /healthz HTTP/1.1\r\nHost: sample\r\n\r\n"


@pytest.fixture(scope="module")
def port(unused_tcp_port_factory: Callable[[], int]) -> Iterator[int]:
    with served_sample(unused_tcp_port_factory()) as port:
        yield port


def head(
    *headers: bytes, line: bytes = b"POST /v1/notices HTTP/1.1", host: tuple[bytes, ...] = (HOST,)
) -> bytes:
    told = b"Authorization: Bearer " + token(LEA_COORDINATOR).encode()
    return b"\r\n".join([line, *host, told, b"Content-Type: application/json", *headers]) + b"\r\n\r\n"


def chunks(body: bytes, size: int = 7, *, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    sent = [b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces]
    return b"".join([*sent, b"0\r\n", trailer, b"\r\n"])


def expect_the_notice(answer: RawAnswer) -> None:
    assert answer.status == 201, answer
    assert answer.json["text"] == NOTICE["text"]


ASKED = {
    "length": head(LENGTH) + BODY,
    "chunks": head(CHUNKED) + chunks(BODY),
    "chunks-of-one": head(CHUNKED) + chunks(BODY, 1),
    "chunks-with-extension-and-trailer": head(CHUNKED) + chunks(BODY, extension=b";a=b", trailer=b"X: y\r\n"),
    "upgrade-and-length": head(LENGTH, *H2C) + BODY,
    "upgrade-and-chunks": head(CHUNKED, *H2C) + chunks(BODY),
    "upgrade-to-websocket": head(LENGTH, b"Connection: Upgrade", b"Upgrade: websocket") + BODY,
    "absolute-form": head(LENGTH, line=b"POST http://sample/v1/notices HTTP/1.1") + BODY,
    "same-length-twice": head(LENGTH, LENGTH) + BODY,
    "blank-line-first": b"\r\n" + head(LENGTH) + BODY,
    "bare-line-feeds": head(LENGTH).replace(b"\r\n", b"\n") + BODY,
}


@pytest.mark.parametrize("asked", list(ASKED.values()), ids=list(ASKED))
def test_the_body_is_the_requests_and_the_next_request_follows_it(port: int, asked: bytes) -> None:
    with RawClient(port) as client:
        expect_the_notice(client.send(asked).answer())
        assert client.send(SECOND).answer().json == {"status": "alive"}


@pytest.mark.parametrize("asked", list(ASKED.values()), ids=list(ASKED))
def test_packets_may_be_cut_anywhere(port: int, asked: bytes) -> None:
    cuts = [0, *range(1, len(asked), max(1, len(asked) // 40)), len(asked)]
    with RawClient(port) as client:
        expect_the_notice(client.send(*(asked[a:b] for a, b in pairwise(cuts))).answer())


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunks"])
@pytest.mark.parametrize("upgrade", [(), H2C], ids=["plain", "upgrade"])
def test_a_body_may_come_long_after_its_head(port: int, upgrade: tuple[bytes, ...], framing: bytes) -> None:
    """Another connection is answered in between, so the head has been read alone."""
    with RawClient(port) as client, RawClient(port) as other:
        client.send(head(framing, *upgrade))
        assert other.send(SECOND).answer().status == 200
        expect_the_notice(client.send(BODY if framing is LENGTH else chunks(BODY)).answer())
        assert client.send(SECOND).answer().json == {"status": "alive"}


@pytest.mark.parametrize("upgrade", [(), H2C], ids=["plain", "upgrade"])
def test_a_body_may_wait_until_it_is_asked_for(port: int, upgrade: tuple[bytes, ...]) -> None:
    with RawClient(port) as client:
        client.send(head(LENGTH, b"Expect: 100-continue", *upgrade))
        assert client.answer().status == 100
        expect_the_notice(client.send(BODY).answer())
        assert client.send(SECOND).answer().json == {"status": "alive"}


@pytest.mark.parametrize("asked", list(ASKED.values()), ids=list(ASKED))
def test_requests_that_do_not_wait_are_answered_in_their_order(port: int, asked: bytes) -> None:
    with RawClient(port) as client:
        client.send(SECOND + asked + asked + SECOND)
        assert client.answer().status == 200
        expect_the_notice(client.answer())
        expect_the_notice(client.answer())
        assert client.answer().json == {"status": "alive"}


@pytest.mark.parametrize("upgrade", [(), H2C], ids=["plain", "upgrade"])
def test_a_body_that_looks_like_a_request_is_no_request(port: int, upgrade: tuple[bytes, ...]) -> None:
    smuggled = b"DELETE /v1/notices HTTP/1.1\r\nHost: sample\r\n\r\n"
    with RawClient(port) as client:
        answer = client.send(head(b"Content-Length: %d" % len(smuggled), *upgrade) + smuggled).answer()
        assert (answer.status, answer.code) == (400, "malformed_json")
        assert client.send(SECOND).answer().json == {"status": "alive"}


@pytest.mark.parametrize(
    "closing",
    [head(LENGTH, b"Connection: close"), head(LENGTH, line=b"POST /v1/notices HTTP/1.0")],
    ids=["close", "http-1.0"],
)
@pytest.mark.parametrize("after", [b"", b"\r\n", SECOND], ids=["nothing", "blank-line", "request"])
def test_the_last_request_is_answered_whatever_follows_it(port: int, closing: bytes, after: bytes) -> None:
    with RawClient(port) as client:
        answer = client.send(closing + BODY + after).answer()
        expect_the_notice(answer)
        assert (answer.closes, client.closed()) == (True, True)


REFUSED = {
    "both-lengths": (head(LENGTH, CHUNKED) + chunks(BODY), 400),
    "both-lengths-other-order": (head(CHUNKED, LENGTH) + chunks(BODY), 400),
    "two-lengths": (head(LENGTH, b"Content-Length: 5") + BODY, 400),
    "a-list-of-lengths": (head(b"Content-Length: 5, 6") + BODY, 400),
    "signed-length": (head(b"Content-Length: +5") + BODY, 400),
    "negative-length": (head(b"Content-Length: -5") + BODY, 400),
    "length-in-hex": (head(b"Content-Length: 0x5") + BODY, 400),
    "endless-length": (head(b"Content-Length: " + b"9" * 30) + BODY, 400),
    "gzip-then-chunked": (head(b"Transfer-Encoding: gzip, chunked") + chunks(BODY), 501),
    "chunked-twice": (head(CHUNKED, CHUNKED) + chunks(BODY), 501),
    "identity": (head(b"Transfer-Encoding: identity", LENGTH) + BODY, 501),
    "chunked-with-a-tail": (head(b"Transfer-Encoding: chunked;q=1") + chunks(BODY), 501),
    "chunks-in-http-1.0": (head(CHUNKED, line=b"POST /v1/notices HTTP/1.0") + chunks(BODY), 400),
    "no-host": (head(LENGTH, host=()) + BODY, 400),
    "two-hosts": (head(LENGTH, host=(HOST, b"Host: other")) + BODY, 400),
    "blank-before-colon": (head(b"Content-Length : 5") + BODY, 400),
    "line-without-colon": (head(b"Content-Length") + BODY, 400),
    "nul-in-a-header": (head(b"X: a\0b", LENGTH) + BODY, 400),
    "return-in-a-header": (head(b"X: a\rContent-Length: 5") + BODY, 400),
    "chunk-size-of-no-number": (head(CHUNKED) + b"zz\r\n", 400),
    "chunk-size-signed": (head(CHUNKED) + b"+5\r\nhello\r\n0\r\n\r\n", 400),
    "chunk-longer-than-told": (head(CHUNKED) + b"5\r\nhello, world\r\n0\r\n\r\n", 400),
    "http-2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "http-0.9": (b"GET /healthz\r\n\r\n", 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
}


@pytest.mark.parametrize(("asked", "status"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_two_readers_may_read_in_two_ways_is_refused_and_ends_the_connection(
    port: int, asked: bytes, status: int
) -> None:
    """Nothing that follows is taken for a request."""
    with RawClient(port) as client:
        answer = client.send(asked + SECOND).answer()
        assert (answer.status, answer.closes) == (status, True)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["instance"] == answer.headers["x-correlation-id"]
        client.socket.shutdown(1)
        assert client.closed()


def test_head_has_no_body_on_the_wire(port: int) -> None:
    with RawClient(port) as client:
        client.send(SECOND.replace(b"GET", b"HEAD"))
        assert client.answer(bodyless=True).headers["content-length"] == "18"
        assert client.send(SECOND).answer().json == {"status": "alive"}
