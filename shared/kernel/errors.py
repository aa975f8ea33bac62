"""Why something is refused.

    Refusal                        a sentence, a stable ``code``, and what is wrong where
    ├── Invalid            422     what was sent can never be accepted as it is
    ├── Forbidden          403     the caller is known, and may not do this
    ├── NotFound           404     no such thing, or not in the caller's scope
    ├── Conflict           409     not in this state; it may be possible in another
    ├── Stale              412     the caller decided on an older version
    ├── TooLarge           413     more than is taken at once
    └── RateLimited        429     more than one caller's share; it passes with time

A domain raises subclasses with a ``code`` of docs/contract.md; ``shared.http.problem`` alone turns a kind
into a status. A refusal's words never hold an SSID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong at one place (a JSON pointer, or a cell of a spreadsheet)."""

    pointer: str
    code: str
    detail: str


class Refusal(Exception):  # noqa: N818 - the field's word; "RefusalError" would say it twice
    """An answer that says no, why, and what to do instead."""

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"

    def __init__(self, detail: str, *, issues: Sequence[Issue] = (), retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.issues = tuple(issues)
        self.retry_after = retry_after  # seconds, when waiting helps


class Invalid(Refusal):
    """What was sent can never be accepted as it is."""

    code = "invalid"
    title = "The request cannot be accepted as it is"


class Forbidden(Refusal):
    """The caller is known, and may not do this."""

    code = "forbidden"
    title = "Not allowed for this role"


class NotFound(Refusal):
    """No such thing, or not in the caller's scope: the two look the same from outside."""

    code = "not_found"
    title = "Not found"


class Conflict(Refusal):
    """Not possible in the present state."""

    code = "conflict"
    title = "Not possible in this state"


class Stale(Refusal):
    """The caller decided on an older version than the present one (``If-Match``)."""

    code = "version_conflict"
    title = "Changed in the meantime"


class TooLarge(Refusal):
    """More than is taken at once."""

    code = "body_too_large"
    title = "The body is too large"


class RateLimited(Refusal):
    """More than one caller's share; ``retry_after`` says when there is room again."""

    code = "rate_limited"
    title = "Too many requests"
