"""HTTP/1.1 requests out of bytes (RFC 9112): what two readers may read in two ways is refused.

No I/O, and nothing of answers. Where a request ends is judged here and nowhere else, by its headers alone; so
a request that asks for an upgrade is read like any other. h11 is what it is measured by: whatever is taken
here, h11 reads the same (tests/unit/shared/process/test_http_parser.py).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.http.problem import HeadTooLarge, MalformedRequest, UnknownCoding
from shared.process.http_settings import ConnectionLimits

AT_A_TIME = 64  # chunks that are read before others have their turn
CHUNK_LINE = 256  # bytes of a chunk's size and extensions, which nobody here reads

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
_HEAD_END = re.compile(rb"\n\r?\n")
_BLANK = re.compile(rb"[\r\n]*")
_BEGINNING = re.compile(_TOKEN)
_REQUEST_LINE = re.compile(rb"(%b) ([\x21-\x7e]+) HTTP/1\.([0-9])\r?\n" % _TOKEN)
_FIELD = re.compile(rb"(%b):(%b)\r?\n" % (_TOKEN, _TEXT))
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;%b)?\r\n" % _TEXT)
_ABSOLUTE = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)

_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"})

Told = dict[bytes, list[bytes]]
"""The values of the headers by which a request is framed."""


class Head(NamedTuple):
    """The beginning of a request; ``in_body`` of its parser says whether a body follows."""

    method: str
    target: bytes  # in the origin form, whatever form was sent
    version: str  # "1.0" or "1.1"
    headers: list[tuple[bytes, bytes]]  # as ASGI has them: names in lower case
    keeps_open: bool  # whether another request may follow
    waits: bool  # whether the client sends its body only when it is asked to


class Parser:
    """What one client sends, as requests: ``head()``, then ``body()`` until ``in_body`` ends.

    :ivar in_body: whether the present request's body is not read to its end.
    :ivar stopped: whether ``body()`` left something that it could have read; others come first.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._bytes = b""
        self._at = 0  # where in them the unread ones begin
        self._searched = 0  # up to where there is no end of a head
        self.in_body = False
        self.stopped = False
        self._chunked = False
        self._chunks = 0
        self._left = 0  # bytes of the body, or of the present chunk
        self._behind_chunk = False  # its line break is still to come
        self._trailer: int | None = None  # bytes of it; None: not there yet

    @property
    def unread(self) -> bool:
        """Whether bytes are there that belong to nothing yet."""
        return self._at < len(self._bytes)

    @property
    def begun(self) -> bool:
        """Whether a part of a head is there."""
        return not self.in_body and self._at < len(self._bytes)

    def feed(self, data: bytes) -> None:
        """More of what the client sends."""
        if self._at == len(self._bytes):
            self._bytes, self._searched = data, 0
        else:
            self._bytes = self._bytes[self._at :] + data
            self._searched = max(0, self._searched - self._at)
        self._at = 0

    def head(self) -> Head | None:
        """The next request's, once it is whole.

        :raises HeadTooLarge: of more bytes or lines than are taken.
        :raises UnknownCoding: a ``Transfer-Encoding`` other than ``chunked``.
        :raises MalformedRequest: not what RFC 9112 has, or what somebody could read otherwise than we do.
        """
        # RFC 9112 §2.2: blank lines before a request are overlooked
        blank = _BLANK.match(self._bytes, self._at)
        at = self._at = blank.end() if blank else self._at
        end = _HEAD_END.search(self._bytes, max(at, self._searched))
        until = end.end() if end else len(self._bytes)
        # before anything is read, which costs more than counting
        if (
            until - at > self._limits.head_bytes
            or self._bytes.count(b"\n", at, until) > self._limits.head_lines
        ):
            raise self._too_large()
        if end is None:
            self._searched = max(at, until - 2)
            if at < until and not _BEGINNING.match(self._bytes, at):
                raise _malformed()  # TLS, as a rule
            return None
        self._at = self._searched = until
        return self._read_head(self._bytes[at:until])

    def body(self) -> bytes:
        """What is there of the present request's body, or a part of it.

        :raises HeadTooLarge: a trailer of more bytes than a head.
        :raises MalformedRequest: not what was announced, or in more chunks than are taken.
        """
        if self._chunked:
            part = self._next_chunks()
        else:
            part = self._next_part()
            self.in_body = self._left > 0
        if not self.unread:
            self.forget()
        return part

    def forget(self) -> None:
        """Hold no bytes any more: a connection that waits would keep its last 256 kB for nothing."""
        self._bytes, self._at, self._searched = b"", 0, 0

    def _read_head(self, head: bytes) -> Head:
        line = _REQUEST_LINE.match(head)
        if line is None:
            raise _malformed()
        headers: list[tuple[bytes, bytes]] = []
        told: Told = {}
        at = line.end()
        while (field := _FIELD.match(head, at)) is not None:
            at = field.end()
            name, value = field[1].lower(), field[2].strip(b" \t")
            if name in _FRAMING:
                there = told.setdefault(name, [])
                there.append(value)
                if name == b"content-length" and len(there) > 1:
                    continue  # the same again, or refused below
            headers.append((name, value))
        if head[at:] not in (b"\r\n", b"\n"):
            raise _malformed()
        version = "1.0" if line[3] == b"0" else "1.1"
        self._frame(told, version)
        expected = told.get(b"expect", ())
        return Head(
            method=line[1].decode("ascii"),
            target=_origin_form(line[2]),
            version=version,
            headers=headers,
            keeps_open=version != "1.0" and not _closes(told.get(b"connection", ())),
            waits=self.in_body
            and version != "1.0"
            and [one.lower() for one in expected] == [b"100-continue"],
        )

    def _frame(self, told: Told, version: str) -> None:
        """Where the body ends, if no proxy can think otherwise (RFC 9112 §3.2, §6.1, §6.3)."""
        hosts = len(told.get(b"host", ()))
        if hosts > 1 or (hosts == 0 and version != "1.0"):
            raise _malformed()
        codings, lengths = told.get(b"transfer-encoding"), told.get(b"content-length")
        self._chunked, self._chunks, self._left = codings is not None, 0, 0
        self._behind_chunk, self._trailer = False, None
        if codings is not None:
            if [coding.lower() for coding in codings] != [b"chunked"]:
                raise UnknownCoding("Send Transfer-Encoding: chunked, or a Content-Length.")
            if lengths is not None or version == "1.0":
                raise _malformed()
        elif lengths is not None:
            if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]):
                raise _malformed()
            self._left = int(lengths[0])
        self.in_body = self._chunked or self._left > 0

    def _next_part(self) -> bytes:
        part = self._bytes[self._at : self._at + self._left]
        self._at += len(part)
        self._left -= len(part)
        return part

    def _next_chunks(self) -> bytes:
        parts: list[bytes] = []
        self.stopped = False
        turn = self._chunks + AT_A_TIME
        while self.in_body:
            if self._left:
                part = self._next_part()
                if not part:
                    break
                parts.append(part)
                self._behind_chunk = not self._left
            elif self._chunks == turn:
                self.stopped = True
                break
            elif not self._pass_a_line():
                break
        return b"".join(parts)

    def _pass_a_line(self) -> bool:
        """What is between the parts of a body in chunks; answers whether it was there."""
        if self._behind_chunk:
            there = self._bytes[self._at : self._at + 2]
            if not b"\r\n".startswith(there):
                raise _malformed()
            self._behind_chunk = there != b"\r\n"
            self._at += 0 if self._behind_chunk else 2
            return not self._behind_chunk
        return self._pass_a_size() if self._trailer is None else self._pass_a_trailer(self._trailer)

    def _pass_a_size(self) -> bool:
        size = _CHUNK.match(self._bytes, self._at, self._at + CHUNK_LINE)
        if size is None:
            if self._bytes.find(b"\n", self._at) >= 0 or len(self._bytes) - self._at >= CHUNK_LINE:
                raise _malformed()
            return False
        self._at = size.end()
        self._left = int(size[1], 16)
        self._chunks += 1
        if self._chunks > self._limits.chunks:
            raise MalformedRequest("The body comes in too many chunks.")
        if not self._left:
            self._trailer = 0
        return True

    def _pass_a_trailer(self, before: int) -> bool:
        """A header behind the body; nobody here reads them (RFC 9110 §6.5.1 lets us drop them)."""
        end = self._bytes.find(b"\n", self._at) + 1
        self._trailer = before + (end or len(self._bytes)) - self._at
        if self._trailer > self._limits.head_bytes:
            raise self._too_large()
        if not end:
            self._trailer = before
            return False
        line = self._bytes[self._at : end]
        self._at = end
        if line == b"\r\n":
            self.in_body = False
        elif not line.endswith(b"\r\n") or not _FIELD.fullmatch(line):
            raise _malformed()
        return True

    def _too_large(self) -> HeadTooLarge:
        most = self._limits
        return HeadTooLarge(
            f"At most {most.head_bytes:,} bytes and {most.head_lines} lines of request line and headers."
        )


def _origin_form(target: bytes) -> bytes:
    """RFC 9112 §3.2.2: the form in which proxies are asked is taken by servers too."""
    absolute = _ABSOLUTE.match(target)
    if absolute is None:
        return target
    path = target[absolute.end() :]
    return path if path.startswith(b"/") else b"/" + path


def _closes(connection: list[bytes] | tuple[()]) -> bool:
    return any(option.strip(b" \t") == b"close" for one in connection for option in one.lower().split(b","))


def _malformed() -> MalformedRequest:
    return MalformedRequest("The request is not HTTP/1.1 as RFC 9112 describes it.")
