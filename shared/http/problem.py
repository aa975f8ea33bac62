"""Refusals on the wire: RFC 9457 ``application/problem+json``, and the one table that names their status.

``type`` is ``https://stairs.invalid/problems/<code>``: absolute, so that one code is one type in all three
services (a relative one would resolve to three), and under ``.invalid`` (RFC 2606), because it identifies and
must never lead to somebody else's page. ``instance`` is the correlation id, by which the logs are found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import orjson
from starlette.responses import Response

from shared.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Issue,
    NotFound,
    RateLimited,
    Refusal,
    Stale,
    TooLarge,
)
from shared.observability.correlation import correlation_id
from shared.observability.logging import tell
from shared.observability.redaction import redact

TYPE = "https://stairs.invalid/problems/"
MEDIA_TYPE = "application/problem+json"
INTERNAL_ERROR = "internal_error"  # the code of a fault of ours, which is no refusal


class Unauthenticated(Refusal):
    """No token, or none that can be believed; ``error`` is RFC 6750's word for it."""

    code = "invalid_token"
    title = "Not authenticated"
    error: ClassVar[str | None] = "invalid_token"


class MalformedRequest(Refusal):
    """The request cannot be read: not what its headers or the protocol promise."""

    code = "malformed_request"
    title = "The request cannot be read"


class TooSlow(Refusal):
    """A request that was not whole in time."""

    code = "request_timeout"
    title = "The request took too long"


class HeadTooLarge(Refusal):
    """A request line and headers of more bytes, or of more lines, than are taken."""

    code = "head_too_large"
    title = "The request's head is too large"


class UnknownCoding(Refusal):
    """A ``Transfer-Encoding`` other than ``chunked``."""

    code = "transfer_coding_not_supported"
    title = "Transfer coding not supported"


class UploadTooLarge(TooLarge):
    """An uploaded file of more bytes than are taken."""

    code = "upload_too_large"
    title = "The file is too large"


class UnsupportedMedia(Refusal):
    """A content type that this resource does not take."""

    code = "unsupported_media_type"
    title = "Content type not supported"


class MethodNotAllowed(Refusal):
    """The resource is there; this is not something it does."""

    code = "method_not_allowed"
    title = "Method not allowed"

    def __init__(self, detail: str, *, allow: str = "") -> None:
        super().__init__(detail)
        self.allow = allow  # the methods that it takes


class Busy(Refusal):
    """We cannot answer now; it may go better after ``retry_after`` seconds."""

    code = "busy"
    title = "Temporarily unavailable"


class StoreBusy(Busy):
    """The event store is away, or more waits for it than it can take."""

    code = "store_unavailable"


STATUS: dict[type[Refusal], int] = {
    MalformedRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    TooSlow: 408,
    Conflict: 409,
    Stale: 412,
    TooLarge: 413,
    UnsupportedMedia: 415,
    Invalid: 422,
    RateLimited: 429,
    HeadTooLarge: 431,
    UnknownCoding: 501,
    Busy: 503,
}


def status_of(refusal: Refusal) -> int:
    """The status of a refusal's kind.

    :raises LookupError: the refusal is of no kind; a bug, and answered as one.
    """
    return status_of_kind(type(refusal))


def status_of_kind(refusal: type[Refusal]) -> int:
    """The same for a class of refusals.

    :raises LookupError: as above.
    """
    for kind in refusal.__mro__:
        if kind in STATUS:
            return STATUS[kind]
    raise LookupError(f"{refusal.__name__} is of no kind that has a status")


def problem(status: int, code: str, title: str, detail: str, issues: Iterable[Issue] = ()) -> bytes:
    """The body. Its words are masked once more, so that not even a careless sentence tells an SSID."""
    body: dict[str, object] = {
        "type": TYPE + code,
        "title": title,
        "status": status,
        "detail": redact(detail),
        "code": code,
    }
    errors = [{"pointer": redact(i.pointer), "code": i.code, "detail": redact(i.detail)} for i in issues]
    if errors:
        body["errors"] = errors
    body["instance"] = correlation_id.get()
    return orjson.dumps(body)


def refused(refusal: Refusal) -> Response:
    """The answer that a refusal becomes; the log hears of it."""
    status = status_of(refusal)
    tell(__name__, "request_refused", code=refusal.code, status=status)
    body = problem(status, refusal.code, refusal.title, refusal.detail, refusal.issues)
    return Response(body, status, headers=_headers(refusal), media_type=MEDIA_TYPE)


def unexpected() -> Response:
    """The answer to what should not have happened: nothing of the inside is told."""
    detail = "Something went wrong on our side; the instance id finds it in the logs."
    return Response(problem(500, INTERNAL_ERROR, "Internal error", detail), 500, media_type=MEDIA_TYPE)


def _headers(refusal: Refusal) -> dict[str, str]:
    headers: dict[str, str] = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Unauthenticated):
        error = f', error="{refusal.error}"' if refusal.error else ""
        headers["WWW-Authenticate"] = f'Bearer realm="stairs"{error}'
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = refusal.allow
    return headers
