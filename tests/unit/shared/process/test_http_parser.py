"""Requests as the parser reads them, measured by h11: whatever ours takes, h11 reads the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.http.problem import HeadTooLarge
from shared.kernel.errors import Refusal
from shared.process.http_parser import AT_A_TIME, Head, Parser
from shared.process.http_settings import ConnectionLimits

LIMITS = ConnectionLimits()
HOST = b"Host: sample\r\n"
BODY = b"hello, world"
SEEDS = (
    b"POST /v1/notices?a=%20b HTTP/1.1\r\n" + HOST + b"Content-Length: 12\r\n\r\n" + BODY,
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 12\r\nContent-Length: 12\r\n\r\n" + BODY,
    b"PUT /a HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\nX: y\r\n\r\n",
    b"GET http://sample/a HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"\r\nDELETE /a HTTP/1.1\r\nhost:sample\r\nX:\t a b \t\r\nConnection: a, Close\r\n\r\n",
    b"HEAD /a HTTP/1.0\r\nAccept: */*\r\n\r\n",
    b"POST /a HTTP/1.1\nHost: sample\nExpect: 100-continue\nContent-Length: 12\n\n" + BODY,
)
EDITS = (
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"0",
        b"5",
        b"f",
        b"-",
        b"\0",
        b"\x0b",
        b"\x7f",
        b"\xff",
        b"",
    ),
    *(
        b"Content-Length: 5\r\n",
        b"Content-Length: 12\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding:\r\n",
    ),
    *(
        b"Host: other\r\n",
        b"Upgrade: h2c\r\n",
        b"Connection: close\r\n",
        b" folded\r\n",
        b"0\r\n\r\n",
        b"\r\n\r\n",
    ),
)


@dataclass
class Read:
    """What somebody made of some bytes."""

    # method, target, headers, body
    requests: list[tuple[str, bytes, list[tuple[bytes, bytes]], bytes]] = field(default_factory=list)
    refused: bool = False


class Ours:
    """A client's bytes as our parser reads them."""

    def __init__(self) -> None:
        self.read = Read()
        self._parser = Parser(LIMITS)
        self._head: Head | None = None
        self._body = b""
        self._closed = False

    def take(self, packet: bytes) -> None:
        self._parser.feed(packet)
        while self._goes_on():
            pass

    def _goes_on(self) -> bool:
        if self._closed:
            return False
        if self._head is None:
            self._head, self._body = self._parser.head(), b""
        if self._head is None:
            return False
        if self._parser.in_body:
            self._body += self._parser.body()
        if self._parser.in_body:
            return self._parser.stopped
        method, target, _, headers, keeps_open, _ = self._head
        self.read.requests.append((method, target, _plain(headers), self._body))
        self._head, self._closed = None, not keeps_open
        return True


def read_by_ours(*packets: bytes) -> Read:
    ours = Ours()
    try:
        for packet in packets:
            ours.take(packet)
    except Refusal:
        ours.read.refused = True
    return ours.read


def read_by_h11(data: bytes) -> Read:
    read = Read()
    try:
        while data := data.lstrip(b"\r\n"):  # which h11 refuses, and RFC 9112 §2.2 overlooks
            connection = h11.Connection(h11.SERVER, LIMITS.head_bytes)
            connection.receive_data(data)
            request = connection.next_event()
            if not isinstance(request, h11.Request):
                break
            body = b""
            while isinstance(event := connection.next_event(), h11.Data):
                body += event.data
            if not isinstance(event, h11.EndOfMessage):
                break
            read.requests.append(
                (request.method.decode(), request.target, _plain(list(request.headers)), body)
            )
            if connection.their_state is h11.MUST_CLOSE:
                break
            data = connection.trailing_data[0]
    except h11.RemoteProtocolError:
        read.refused = True
    return read


def _plain(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in headers]


edits = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(EDITS)), max_size=4
)  # where, how many bytes go, what comes


def edited(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for where, gone, new in changes:
        at = where % (len(data) + 1)
        data = data[:at] + new + data[at + gone :]
    return data


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(SEEDS), min_size=1, max_size=3), edits, st.lists(st.integers(0, 400), max_size=4)
)
@example(list(SEEDS), [], [])
def test_what_is_taken_is_read_as_h11_reads_it(
    seeds: list[bytes], changes: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    data = edited(b"".join(seeds), changes)
    ours, theirs = read_by_ours(data), read_by_h11(data)
    if not ours.refused:
        assert (len(theirs.requests), theirs.refused) == (len(ours.requests), False)
    for mine, its in zip(ours.requests, theirs.requests, strict=False):
        assert mine[0::2] == its[0::2]
        assert mine[3] == its[3]
        assert its[1].endswith(mine[1].removeprefix(b"/"))  # ours is without the name of the host
    assert len(ours.requests) <= len(theirs.requests)
    ends = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    assert read_by_ours(*(data[a:b] for a, b in pairwise(ends))) == ours


@pytest.mark.parametrize("seed", SEEDS)
def test_each_seed_is_taken_byte_by_byte(seed: bytes) -> None:
    """So the property above is not about refusals alone."""
    read = read_by_ours(*(seed[at : at + 1] for at in range(len(seed))))
    assert (len(read.requests), read.refused) == (1, False)


def test_many_chunks_are_read_a_few_at_a_time() -> None:
    parser = Parser(LIMITS)
    parser.feed(
        b"PUT / HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * 100
        + b"0\r\n\r\n"
    )
    assert parser.head() is not None
    assert (len(parser.body()), parser.stopped, parser.in_body) == (AT_A_TIME, True, True)
    assert (len(parser.body()), parser.stopped, parser.in_body) == (100 - AT_A_TIME, False, False)


@pytest.mark.parametrize(
    "behind",
    [b"X: y\r\n" * 4000, b"X: " + b"y" * 17_000],
    ids=["lines", "one-line"],
)
def test_a_trailer_is_no_longer_than_a_head(behind: bytes) -> None:
    parser = Parser(LIMITS)
    parser.feed(b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + behind)
    assert parser.head() is not None
    with pytest.raises(HeadTooLarge):
        parser.body()


def test_a_chunk_extension_has_an_end() -> None:
    asked = b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 300
    assert read_by_ours(asked).refused
