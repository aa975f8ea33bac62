"""Answers: a status, a resource as JSON, and the headers that go with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar, get_args
from uuid import UUID

import orjson
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema
from starlette.responses import Response

from shared.http.instants import as_text
from shared.http.resources import Resource

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


T = TypeVar("T")


class Answer(Response, Generic[T]):
    """An answer whose body is a ``T``, encoded at once: it can be sent, or kept under an idempotency key.

    ``Answer[CaseResource]`` as the return annotation of a route is all that FastAPI needs to describe the
    answer; because it is a ``Response``, FastAPI neither validates it nor encodes it again.
    """

    def __init__(
        self,
        status: int,
        body: T | None,
        headers: Mapping[str, str] | None = None,
        *,
        encoded: bytes | None = None,
    ) -> None:
        """Encode the body, unless it was encoded before (a kept answer).

        ``to_keep`` makes the body as an idempotency key keeps it, where that is another: without what may be
        shown now and perhaps not later. It is called for keyed requests only.

        :param body: ``None`` for none.
        :param headers: what belongs to this answer, such as ``ETag``; the content's own come by themselves.
        """
        self.own_headers: Mapping[str, str] = headers or {}
        self.to_keep: Callable[[], bytes] | None = None
        content = encode(body) if encoded is None else encoded
        media_type = "application/json" if content else None
        super().__init__(content, status, headers=self.own_headers, media_type=media_type)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's
        """The schema of the body: how FastAPI describes a route that returns an answer."""
        (body,) = get_args(source)
        return handler(body)


def ok(body: T, *, version: int | str | None = None) -> Answer[T]:
    """200, with an ``ETag`` for a single resource."""
    return Answer(200, body, {} if version is None else {"ETag": etag(version)})


def created(body: T, *, location: str, version: int) -> Answer[T]:
    """201 of a new resource: where it is, and its version."""
    return Answer(201, body, {"Location": location, "ETag": etag(version)})


def gone() -> Response:
    """204: done, and nothing to show."""
    return Response(status_code=204)


def etag(version: int | str) -> str:
    """The entity tag of an aggregate's version, or of a document's hash (contract §2)."""
    return f'"{version}"'


def encode(body: object | None) -> bytes:
    """JSON; resources by their fields, instants in UTC with ``Z``.

    :raises TypeError: something in it has no JSON form, or an instant has no offset: a bug of ours.
    """
    return b"" if body is None else orjson.dumps(body, default=_plain, option=_OPTIONS)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, Resource):
        return value.__dict__
    # asyncpg's UUIDs are of a class of its own, which orjson leaves to us
    if isinstance(value, (date, UUID)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
