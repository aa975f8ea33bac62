"""What a type of incident asks for beyond the common form (§4.3–§4.6), and whether it was given.

Details arrive as JSON. ``wrong_details`` judges them as they came, with plain SSIDs; ``sealed`` replaces each
SSID by its sealed student before anything is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from services.incidents.domain.conditions import ALWAYS, Circumstances, Condition
from services.incidents.domain.values import MOST_STUDENTS, SealedStudent
from shared.kernel.errors import Issue
from shared.kernel.ssid import is_ssid

PAIR = ("logon_ssid", "tested_ssid")
"""The SSIDs of an accidental swap: whose logon was used, and who tested with it."""

LONGEST_TEXT = 4000

CALENDAR = range(2000, 2101)
"""The years that a date may have; others are taken for typing errors."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class DetailKind(StrEnum):
    """What a detail's value looks like."""

    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    INSTANT = "instant"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    SSID = "ssid"
    SSID_PAIRS = "ssid_pairs"


@dataclass(frozen=True)
class Detail:
    """One thing that a type asks for."""

    name: str
    kind: DetailKind
    meaning: str
    choices: tuple[str, ...] = ()
    required: Condition = ALWAYS

    @property
    def pointer(self) -> str:
        """Its place in the case's body."""
        return f"/details/{self.name}"


Asked = Mapping[str, Detail]


def instant(value: object) -> datetime | None:
    """The instant that RFC 3339 text with an offset names, in UTC; None for anything else."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        # datetime would also accept week dates and the basic form
        return None
    try:
        found = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year in CALENDAR else None


def wrong_details(details: Mapping[str, object], asked: Asked) -> list[Issue]:
    """What is wrong with the details that were given; missing ones are another matter."""
    issues: list[Issue] = []
    for name, value in details.items():
        if name not in asked:
            issues.append(
                Issue(f"/details/{_escaped(name)}", "unknown_property", "This type has no such detail.")
            )
        elif value is not None:
            issues.extend(_CHECKS[asked[name].kind](asked[name], value))
    return issues


def missing_details(details: Mapping[str, object], asked: Asked, circumstances: Circumstances) -> list[Issue]:
    """What the type requires for submission and nobody gave."""
    return [
        Issue(detail.pointer, "missing", detail.meaning)
        for detail in asked.values()
        if says_nothing(details.get(detail.name)) and detail.required.holds(circumstances)
    ]


def says_nothing(value: object) -> bool:
    """Whether a field counts as absent: no value, an empty list, or text of blanks alone."""
    return value in (None, []) or (isinstance(value, str) and not value.strip())


def ssids_in(details: Mapping[str, object], asked: Asked) -> Iterator[str]:
    """Every plain SSID in details that ``wrong_details`` found nothing wrong with."""
    for name, value in details.items():
        if isinstance(value, str) and asked[name].kind is DetailKind.SSID:
            yield value
        elif isinstance(value, list):
            for pair in value:
                yield from (pair[end] for end in PAIR)


def sealed(
    details: Mapping[str, object], asked: Asked, by_ssid: Mapping[str, SealedStudent]
) -> dict[str, object]:
    """The details as a fact may keep them: each SSID replaced by its sealed student, each instant in UTC."""

    def seal(detail: Detail, value: object) -> object:
        if detail.kind is DetailKind.SSID and isinstance(value, str):
            return by_ssid[value].as_fact()
        if detail.kind is DetailKind.SSID_PAIRS and isinstance(value, list):
            return [{end: by_ssid[pair[end]].as_fact() for end in PAIR} for pair in value]
        if detail.kind is DetailKind.INSTANT and (found := instant(value)) is not None:
            return found.isoformat().removesuffix("+00:00") + "Z"
        return value

    return {name: seal(asked[name], value) for name, value in details.items() if value is not None}


def students_in(details: Mapping[str, object]) -> Iterator[SealedStudent]:
    """Every sealed student in details that a fact kept."""
    for value in details.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                for leaf in (part,) if "student_ref" in part else part.values():
                    yield SealedStudent.from_fact(leaf)


def _escaped(name: str) -> str:
    # JSON pointer (RFC 6901). The name is the caller's, so it is shortened, and its digits are masked.
    shown = "".join("*" if character.isdigit() else character for character in name[:60])
    return shown.replace("~", "~0").replace("/", "~1")


def _wrong(detail: Detail, code: str, sentence: str) -> list[Issue]:
    return [Issue(detail.pointer, code, sentence)]


def _check_text(detail: Detail, value: object) -> list[Issue]:
    if not isinstance(value, str):
        return _wrong(detail, "wrong_type", "This must be text.")
    if len(value) > LONGEST_TEXT:
        return _wrong(detail, "too_long", f"At most {LONGEST_TEXT} characters.")
    return []


def _check_integer(detail: Detail, value: object) -> list[Issue]:
    if not isinstance(value, int) or isinstance(value, bool):
        return _wrong(detail, "wrong_type", "This must be a whole number.")
    if not 0 <= value <= 1_000_000:
        return _wrong(detail, "out_of_range", "This must be between 0 and 1,000,000.")
    return []


def _check_boolean(detail: Detail, value: object) -> list[Issue]:
    return [] if isinstance(value, bool) else _wrong(detail, "wrong_type", "This must be true or false.")


def _check_date(detail: Detail, value: object) -> list[Issue]:
    try:
        day = date.fromisoformat(value if isinstance(value, str) and _DAY.fullmatch(value) else "")
    except ValueError:
        return _wrong(detail, "bad_date", "This must be a date, YYYY-MM-DD.")
    return [] if day.year in CALENDAR else _wrong(detail, "bad_date", "This must be a day of our time.")


def _check_instant(detail: Detail, value: object) -> list[Issue]:
    if instant(value) is None:
        return _wrong(detail, "bad_instant", "This must be an RFC 3339 instant with an offset.")
    return []


def _check_choice(detail: Detail, value: object) -> list[Issue]:
    if isinstance(value, str) and value in detail.choices:
        return []
    return _wrong(detail, "unknown_choice", f"This must be one of: {', '.join(detail.choices)}.")


def _check_ssid(detail: Detail, value: object) -> list[Issue]:
    return [] if is_ssid(value) else _wrong(detail, "invalid_ssid", "An SSID is exactly ten digits, as text.")


def _check_pairs(detail: Detail, value: object) -> list[Issue]:
    if not isinstance(value, list) or len(value) > MOST_STUDENTS:
        return _wrong(detail, "wrong_type", f"This must be a list of at most {MOST_STUDENTS} pairs.")
    return [issue for at, pair in enumerate(value) for issue in _check_pair(f"{detail.pointer}/{at}", pair)]


def _check_pair(pointer: str, pair: object) -> list[Issue]:
    if not isinstance(pair, dict) or set(pair) != set(PAIR):
        return [Issue(pointer, "wrong_type", f"A pair has exactly {' and '.join(PAIR)}.")]
    wrong = [
        Issue(f"{pointer}/{end}", "invalid_ssid", "An SSID is exactly ten digits, as text.")
        for end in PAIR
        if not is_ssid(pair[end])
    ]
    if not wrong and pair[PAIR[0]] == pair[PAIR[1]]:
        return [Issue(pointer, "duplicate_ssid", "A pair is of two different students.")]
    return wrong


_CHECKS: Mapping[DetailKind, Callable[[Detail, object], list[Issue]]] = {
    DetailKind.TEXT: _check_text,
    DetailKind.INTEGER: _check_integer,
    DetailKind.DATE: _check_date,
    DetailKind.INSTANT: _check_instant,
    DetailKind.BOOLEAN: _check_boolean,
    DetailKind.CHOICE: _check_choice,
    DetailKind.SSID: _check_ssid,
    DetailKind.SSID_PAIRS: _check_pairs,
}
