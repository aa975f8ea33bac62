"""What pydantic found wrong, in our words: JSON pointers, stable codes, and nothing of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from fastapi.exceptions import RequestValidationError
from pydantic_core.core_schema import ErrorType

from shared.http.problem import UnsupportedMedia
from shared.kernel.errors import Invalid, Issue, NotFound, Refusal

MOST_ISSUES = 50  # of a thousand wrong rows the first fifty teach enough

_CODES = {
    "missing": ("missing", "This property is required."),
    "extra_forbidden": ("unknown_property", "This property is not known here."),
    "literal_error": ("not_allowed_value", "Not one of the allowed values: {expected}."),
    "enum": ("not_allowed_value", "Not one of the allowed values: {expected}."),
    "string_too_short": ("too_short", "At least {min_length} characters."),
    "string_too_long": ("too_long", "At most {max_length} characters."),
    "too_short": ("too_short", "At least {min_length} items."),
    "too_long": ("too_long", "At most {max_length} items."),
    "greater_than": ("out_of_range", "Must be greater than {gt}."),
    "greater_than_equal": ("out_of_range", "Must be at least {ge}."),
    "less_than": ("out_of_range", "Must be less than {lt}."),
    "less_than_equal": ("out_of_range", "Must be at most {le}."),
    "string_pattern_mismatch": ("wrong_format", "Not in the expected form."),
    "uuid_parsing": ("wrong_format", "Not a UUID."),
    "value_error": ("invalid_value", "This value cannot be accepted."),
    "assertion_error": ("invalid_value", "This value cannot be accepted."),
    "union_tag_invalid": ("not_allowed_value", "Not one of the allowed values: {expected_tags}."),
    "union_tag_not_found": ("missing", "The property that tells the kind is required."),
    "string_unicode": ("wrong_format", "Not Unicode text."),
    "date_from_datetime_inexact": ("bad_date", "A date, YYYY-MM-DD."),
    "date_from_datetime_parsing": ("bad_date", "A date, YYYY-MM-DD."),
    "date_parsing": ("bad_date", "A date, YYYY-MM-DD."),
    "date_type": ("bad_date", "A date, YYYY-MM-DD."),
}
_WRONG_TYPE = ("wrong_type", "Not of the expected type.")
_TYPE_SUFFIXES = ("_type", "_parsing", "_size", "_from_float", "is_instance_of")
_OF_PYDANTIC = frozenset(get_args(ErrorType))


class ValidationFailed(Invalid):
    """The body or the query is not of the form that the OpenAPI document describes."""

    code = "validation_failed"
    title = "The request is not of the expected form"


class UnknownPath(NotFound):
    """An address that cannot name anything (an id that is no UUID, …)."""

    title = "Not found"


def as_refusal(error: RequestValidationError) -> Refusal:
    """What a failed validation is to the caller."""
    found: Sequence[dict[str, Any]] = error.errors()
    if any(entry["loc"] and entry["loc"][0] == "path" for entry in found):
        return UnknownPath("There is nothing at this address.")
    if isinstance(error.body, bytes) and error.body:
        return UnsupportedMedia("Send application/json.")
    issues = [_issue(entry) for entry in found[:MOST_ISSUES]]
    return ValidationFailed("What was sent is not of the expected form; see errors.", issues=issues)


def _issue(entry: dict[str, Any]) -> Issue:
    kind, context = str(entry["type"]), entry.get("ctx") or {}
    code, words = _CODES.get(kind) or _other(kind, entry)
    return Issue(pointer=_pointer(entry["loc"]), code=code, detail=words.format_map(context))


def _other(kind: str, entry: dict[str, Any]) -> tuple[str, str]:
    if kind in _OF_PYDANTIC:  # whose own words may repeat what was sent
        return _WRONG_TYPE if kind.endswith(_TYPE_SUFFIXES) else _CODES["value_error"]
    # a PydanticCustomError of ours: its type is a code of ours and its words are written for callers
    return kind, str(entry["msg"]).replace("{", "{{").replace("}", "}}")


def _pointer(location: Sequence[str | int]) -> str:
    """``/students/0/ssid`` in a body, ``query:limit`` elsewhere."""
    where, *steps = location or ("body",)
    if where != "body":
        return f"{where}:" + "/".join(str(step)[:64] for step in steps)
    return "".join("/" + str(step)[:64].replace("~", "~0").replace("/", "~1") for step in steps)
