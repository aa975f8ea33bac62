"""Instants on the wire: RFC 3339 with an offset, kept and answered in UTC (contract §2)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

FIRST_YEAR, LAST_YEAR = 2000, 2100  # outside of these it is a typing error, and calendars misbehave

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?P<fraction>\.[0-9]{1,9})?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def parse(text: object) -> datetime:
    """The instant that a text names, in UTC; digits beyond the microsecond are dropped.

    :raises PydanticCustomError: ``bad_instant``: not RFC 3339, no offset, or not of a year of this century.
    """
    if isinstance(text, datetime) and text.tzinfo is not None:
        return text.astimezone(UTC)
    matched = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if matched is None or not isinstance(text, str):
        raise _bad("An instant with its offset, such as 2019-04-12T10:00:00-07:00.")
    if matched["fraction"]:
        text = text.replace(matched["fraction"], matched["fraction"][:7], 1)
    try:
        instant = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _bad("There is no such day or time.") from error
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise _bad(f"Only years from {FIRST_YEAR} to {LAST_YEAR}.")
    return instant


def as_text(instant: datetime) -> str:
    """RFC 3339 in UTC: ``2019-04-12T17:00:00Z``, with a fraction only if there is one.

    :raises TypeError: the instant has no offset; a bug of ours.
    """
    if instant.tzinfo is None:
        raise TypeError("an instant without an offset")
    return instant.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _bad(words: str) -> PydanticCustomError:
    return PydanticCustomError("bad_instant", "{words}", {"words": words})


def parse_day(text: object) -> date:
    """The date that a text names, as ``YYYY-MM-DD`` and no other way.

    :raises PydanticCustomError: ``bad_date``.
    """
    if type(text) is date:
        return text
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise PydanticCustomError("bad_date", "A date, YYYY-MM-DD.")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("bad_date", "There is no such day.") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("bad_date", "Only years from 2000 to 2100.")
    return day


Instant = Annotated[
    datetime, BeforeValidator(parse), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A field of a request: an instant in UTC."""

Day = Annotated[date, BeforeValidator(parse_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A field of a request: a date in America/Los_Angeles (contract §2)."""
