"""The body, read once at the door: bounded, of a type we take, and JSON that is JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson
from starlette.types import Message, Receive

from shared.http.problem import MalformedRequest, UnsupportedMedia, UploadTooLarge
from shared.kernel.errors import Invalid, TooLarge

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

LIMIT = 1_000_000  # bytes of a body, an upload of 500 SSIDs included


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


async def read(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """The whole body, if it is one that we take.

    :raises TooLarge: more than ``LIMIT`` bytes, announced or counted.
    :raises UnsupportedMedia: neither JSON nor a form, or compressed.
    :raises MalformedJson: called JSON and is not.
    :raises ForbiddenCharacter: NUL in it.
    :raises Disconnected: nobody is there to be answered.
    """
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia("Send the body uncompressed.")
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > LIMIT:
        raise _too_large(media_type)
    body = await _counted(receive, media_type)
    if body:
        _check(body, media_type)
    return body


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


async def _counted(receive: Receive, media_type: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > LIMIT:
            raise _too_large(media_type)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _check(body: bytes, media_type: bytes) -> None:
    if media_type == b"application/json" or media_type.endswith(b"+json"):
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise MalformedJson("The body is not valid JSON in UTF-8.") from error
        if b"\\u0000" in body and _ESCAPED_NUL.search(body) is not None:
            raise ForbiddenCharacter("The character NUL is not allowed.")
    elif media_type != b"multipart/form-data":
        raise UnsupportedMedia("Send application/json.")


def _too_large(media_type: bytes) -> TooLarge:
    kind = UploadTooLarge if media_type == b"multipart/form-data" else TooLarge
    return kind(f"At most {LIMIT:,} bytes are taken.")
