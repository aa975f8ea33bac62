"""Which refusals an operation may answer, by status, each code with its meaning.

The codes and the meanings come from the refusal classes. What the chassis may refuse follows from what
a route takes (a token, a body, a key, a precondition); what the service may refuse, its description says.
Every refusal in the test suites is watched: one at an operation that does not declare it fails the test.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from shared.http.auth import MissingToken, TokenExpired
from shared.http.body import ForbiddenCharacter, MalformedJson
from shared.http.claims import InvalidToken
from shared.http.idempotency import BadIdempotencyKey, KeyReused
from shared.http.jwks import KeysUnavailable
from shared.http.openapi.wording import sentence
from shared.http.paging import BadCursor
from shared.http.preconditions import MalformedPrecondition
from shared.http.problem import (
    INTERNAL_ERROR,
    MEDIA_TYPE,
    Busy,
    HeadTooLarge,
    MalformedRequest,
    StoreBusy,
    TooSlow,
    UnknownCoding,
    UnsupportedMedia,
    UploadTooLarge,
    status_of_kind,
)
from shared.http.shares import OverShare
from shared.http.validation import UnknownPath, ValidationFailed
from shared.kernel.errors import Conflict, Refusal, Stale, TooLarge

Document = dict[str, Any]  # Any: as JSON has it
Kind = type[Refusal]

OF_TOKENS: tuple[Kind, ...] = (MissingToken, InvalidToken, TokenExpired, KeysUnavailable)
OF_CONNECTIONS: tuple[Kind, ...] = (MalformedRequest, TooSlow, HeadTooLarge, UnknownCoding, Busy)
"""Answered before an operation is known: told once for all operations."""
OF_BODIES: tuple[Kind, ...] = (MalformedRequest, MalformedJson, TooSlow, UnsupportedMedia)
OF_KEYS: tuple[Kind, ...] = (BadIdempotencyKey, KeyReused)
OF_PRECONDITIONS: tuple[Kind, ...] = (MalformedPrecondition, Stale)
OF_THE_STORE: tuple[Kind, ...] = (StoreBusy, Busy)
HEADINGS = {
    "400": "The request cannot be read.",
    "401": "The caller is not known.",
    "403": "The caller may not do this.",
    "404": "There is nothing at this address for this caller.",
    "408": "The request was not whole in time.",
    "409": "Not possible in the present state.",
    "412": "The resource changed since the caller read it.",
    "413": "More than is taken at once.",
    "415": "A content type that is not taken here.",
    "422": "What was sent can never be accepted as it is.",
    "429": "More than one caller's share; repeat it later.",
    "500": "A fault of this system.",
    "503": "Not now; repeat it later.",
}
EARLY = (
    "HTTP/1.1; `HEAD` wherever `GET` is. What never becomes a request to an operation is answered by a "
    "problem too, and its connection is closed:"
)
CHALLENGE: Document = {
    "description": "How to authenticate (RFC 6750).",
    "schema": {"type": "string"},
    "example": 'Bearer realm="stairs", error="invalid_token"',
}
RATE_LIMITS: dict[str, Document] = {
    "RateLimit": {
        "description": "What is left (`r`) of the share nearest to its end, and the seconds (`t`) until "
        "all of it is free again (draft-ietf-httpapi-ratelimit-headers). Not told to the role `system`.",
        "schema": {"type": "string"},
        "example": '"caller";r=2998;t=1',
    },
    "RateLimit-Policy": {
        "description": "Every share by its name: its size (`q`) in so many seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"caller";q=3000;w=60, "lea";q=12000;w=60',
    },
}
RETRY_AFTER: Document = {
    "description": "Seconds until another try may succeed; absent where waiting does not help.",
    "schema": {"type": "integer", "format": "int32", "minimum": 0},
    "example": 5,
}


def of_the_chassis(operation: Document, *, keyed: bool, conditional: bool) -> Iterator[Kind]:
    """What follows from what the route takes."""
    parameters = operation.get("parameters", [])
    places = {parameter["in"] for parameter in parameters}
    names = {parameter["name"] for parameter in parameters}
    takes = operation.get("requestBody", {}).get("content", {})
    form = "multipart/form-data" in takes
    follows: tuple[tuple[bool, tuple[Kind, ...]], ...] = (
        (True, (ForbiddenCharacter,)),
        (bool(operation.get("security")), (*OF_TOKENS, *OF_THE_STORE, OverShare)),
        # a body that nobody asked for is judged too, where it belongs to a key's fingerprint
        (bool(takes) or keyed, (*OF_BODIES, TooLarge)),
        (bool(takes), (ValidationFailed,)),
        (form or (keyed and not takes), (UploadTooLarge,)),
        ("query" in places, (ValidationFailed,)),
        ("cursor" in names, (BadCursor,)),
        ("path" in places, (UnknownPath,)),
        (keyed, OF_KEYS),
        (conditional, OF_PRECONDITIONS),
        (keyed or conditional, (Conflict,)),
    )
    return chain.from_iterable(kinds for is_so, kinds in follows if is_so)


def before_any_operation() -> str:
    """What a request may be answered before its operation is known, in Markdown."""
    told = (f"* {status_of_kind(kind)} `{kind.code}`: {_meaning(kind)}" for kind in OF_CONNECTIONS)
    return "\n".join((EARLY, "", *told))


def answers(kinds: Iterable[Kind]) -> dict[str, Document]:
    """The responses of these refusals, and of a fault of ours, in the order of their status."""
    by_status: dict[str, dict[str, str]] = defaultdict(dict)
    for kind in kinds:
        meanings = by_status[str(status_of_kind(kind))]
        meaning, known = _meaning(kind), meanings.get(kind.code)
        # the service's own kinds come first, and tell more than the chassis' of the same code
        meanings.setdefault(kind.code, meaning)
        if known is not None and meaning not in known and not _of_the_chassis(kind):
            meanings[kind.code] = f"{known} {meaning}"
    by_status["500"][INTERNAL_ERROR] = "Something that should not have happened; the logs tell what."
    return {status: _answer(status, dict(sorted(by_status[status].items()))) for status in sorted(by_status)}


def _answer(status: str, meanings: dict[str, str]) -> Document:
    listed = "\n".join(f"* `{code}`: {meaning}" for code, meaning in meanings.items())
    made: Document = {
        "description": f"{HEADINGS[status]}\n\n{listed}",
        "x-problem-codes": meanings,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == "401":
        made["headers"] = {"WWW-Authenticate": CHALLENGE}
    if status in ("409", "429", "503"):
        made["headers"] = {"Retry-After": RETRY_AFTER}
    if status == "429":
        made["headers"] |= RATE_LIMITS
    return made


def _meaning(kind: Kind) -> str:
    return sentence(kind.__doc__ or kind.title)


def _of_the_chassis(kind: Kind) -> bool:
    return kind.__module__.startswith("shared.http")
