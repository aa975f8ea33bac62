"""Answers: plain data until the last moment, so that they can be kept under an idempotency key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from uuid import UUID

import orjson
from starlette.responses import Response

from shared.http.instants import as_text

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True)
class Answer:
    """A status, headers, and a JSON body (``None`` for none)."""

    status: int
    body: object | None
    headers: Mapping[str, str] = field(default_factory=dict)


def ok(body: object, *, version: int | str | None = None) -> Answer:
    """200, with an ``ETag`` for a single resource."""
    return Answer(200, body, {} if version is None else {"ETag": etag(version)})


def created(body: object, *, location: str, version: int) -> Answer:
    """201 of a new resource: where it is, and its version."""
    return Answer(201, body, {"Location": location, "ETag": etag(version)})


def gone() -> Answer:
    """204: done, and nothing to show."""
    return Answer(204, None)


def etag(version: int | str) -> str:
    """The entity tag of an aggregate's version, or of a document's hash (contract §2)."""
    return f'"{version}"'


def encode(body: object | None) -> bytes:
    """JSON; instants in UTC with ``Z``.

    :raises TypeError: something in it has no JSON form, or an instant has no offset: a bug of ours.
    """
    return b"" if body is None else orjson.dumps(body, default=_plain, option=_OPTIONS)


def respond(answer: Answer) -> Response:
    """What goes over the wire."""
    return raw(answer.status, encode(answer.body), answer.headers)


def raw(status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    """An answer that is encoded already (a kept one)."""
    media_type = "application/json" if body else None
    return Response(body, status, headers=headers, media_type=media_type)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
