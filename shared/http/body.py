"""The body, read once before its route: bounded in size and time, of a known type, JSON that is JSON."""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import orjson
from starlette.types import Message, Receive

from shared.http.limits import BodyLimits
from shared.http.problem import Busy, MalformedRequest, TooSlow, UnsupportedMedia, UploadTooLarge
from shared.kernel.errors import Invalid, TooLarge
from shared.observability.metrics import gauge

Headers = Sequence[tuple[bytes, bytes]]
"""A request's headers as ASGI has them: names in lower case."""

ONCE = (b"content-type", b"content-encoding")
"""Where one of these is given twice, whoever reads the body behind us may take the other one."""

SMALL = 65_536  # bytes of a body that is taken however many large ones are under way
WAIT = 2  # seconds; a guess, for when some of the large ones are whole
FORM = "multipart/form-data"
_FORM = FORM.encode()
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})  # ASCII is a part of UTF-8

_CHARSET = re.compile(r'(?:^|;)\s*charset\s*=\s*"?([^";\s]*)', re.IGNORECASE)
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class MalformedJson(MalformedRequest):
    """Not UTF-8, or not JSON (RFC 8259: no NaN, no lone surrogates, no thousandfold nesting)."""

    code = "malformed_json"
    title = "The body is not JSON"


class ForbiddenCharacter(Invalid):
    """NUL: valid JSON, and what PostgreSQL keeps in no text."""

    code = "forbidden_character"
    title = "A character that is not allowed"


class Disconnected(Exception):  # noqa: N818 - says what happened
    """The client left before its request was whole."""


class Received(NamedTuple):
    """A body as it came."""

    content: bytes
    media_type: str  # in lower case, without parameters


class BodyReader:
    """Reads the bodies of one API, and knows how many bytes of them it holds."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits
        self._held = 0
        held = gauge("http_bodies_held_bytes", "Bytes of bodies that are not answered yet.")
        held.set_function(lambda: self._held)

    @asynccontextmanager
    async def reading(self, headers: Headers, receive: Receive) -> AsyncIterator[Received]:
        """The whole body as it came; held, and counted, until its request is answered.

        :raises TooLarge: more bytes than are taken, announced or counted.
        :raises UnsupportedMedia: compressed, or not in UTF-8.
        :raises TooSlow: it was not whole in time.
        :raises Busy: too many bytes of large bodies are held already.
        :raises Disconnected: nobody is there to be answered.
        """
        by_name = _each_once(headers)
        media_type = _media_type(by_name.get(b"content-type", b""))
        if by_name.get(b"content-encoding", b"identity").lower() != b"identity":
            raise UnsupportedMedia("Send the body uncompressed.")
        announced = by_name.get(b"content-length", b"")
        if announced.isdigit():
            self._require_size(int(announced), media_type)
        parts: list[bytes] = []
        try:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    await self._take(parts, receive, media_type)
            except TimeoutError:
                raise TooSlow(f"The body was not whole after {self._limits.seconds:g} seconds.") from None
            whole = parts[0] if len(parts) == 1 else b"".join(parts)
            parts[:] = [whole]  # so that it is not held twice
            yield Received(whole, media_type)
        finally:
            self._held -= sum(map(len, parts))

    async def _take(self, parts: list[bytes], receive: Receive, media_type: str) -> None:
        """All parts of a body, each counted as it comes."""
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part: bytes = message.get("body", b"")
            parts.append(part)
            size += len(part)
            self._held += len(part)
            more = message.get("more_body", False)
            self._require_size(size, media_type)
            if more:
                self._require_room(size)

    def _require_size(self, size: int, media_type: str) -> None:
        if size > self._limits.largest:
            kind = UploadTooLarge if media_type == FORM else TooLarge
            raise kind(f"At most {self._limits.largest:,} bytes are taken.")

    def _require_room(self, size: int) -> None:
        if size > SMALL and self._held > self._limits.together:
            raise Busy("Too many large bodies are under way; please try again.", retry_after=WAIT)


def there_is_one(headers: Headers) -> bool:
    """Whether a request with these headers has a body."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in headers
    )


def is_form(headers: Headers) -> bool:
    """Whether a request with these headers brings a form, in which files come."""
    return any(name == b"content-type" and value.lower().startswith(_FORM) for name, value in headers)


def replayed(body: bytes, receive: Receive) -> Receive:
    """The ASGI ``receive`` that gives this body, and afterwards what the connection says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _each_once(headers: Headers) -> dict[bytes, bytes]:
    by_name = dict(headers)
    if len(by_name) < len(headers):
        names = [name for name, _ in headers]
        if any(names.count(name) > 1 for name in ONCE):
            raise MalformedRequest("Content-Type or Content-Encoding is given more than once.")
    return by_name


def _media_type(content_type: bytes) -> str:
    """In lower case and without parameters.

    :raises UnsupportedMedia: in a charset that would be read wrongly.
    """
    name, _, parameters = content_type.decode("latin-1").partition(";")
    if parameters and any(one.lower() not in UTF_8 for one in _CHARSET.findall(parameters)):
        raise UnsupportedMedia("Send it in UTF-8; no other charset is taken.")
    return name.strip().lower()


def checked(received: Received) -> bytes:
    """The body without a byte order mark; JSON that is JSON, or a form.

    :raises UnsupportedMedia: neither JSON nor a form.
    :raises MalformedJson: called JSON and is not.
    :raises ForbiddenCharacter: NUL in it.
    """
    body, media_type = received
    if not body or media_type == FORM:
        return body
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMedia("Send application/json.")
    body = body.removeprefix(codecs.BOM_UTF8)  # RFC 8259 §8.1 allows to ignore it, and .NET writes it
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson("The body is not valid JSON in UTF-8.") from error
    if b"\\u0000" in body and _ESCAPED_NUL.search(body) is not None:
        raise ForbiddenCharacter("The character NUL is not allowed.")
    return body
