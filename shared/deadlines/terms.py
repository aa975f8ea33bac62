"""The terms of deadlines (domain §8): what a year's rules say, and what a service asks of the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID, uuid5

NAMES = UUID("3f2b8a6e-5f0c-5d0f-9b7a-6f4f0d1f5c11")
ZONE = "America/Los_Angeles"  # where every deadline of this system is meant (domain §8)

_DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?)?")


class DeadlineState(StrEnum):
    """How a deadline stands (contract §3, ``GET /v1/deadlines?state=``)."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    WAIVED = "waived"


@dataclass(frozen=True)
class PlannedWarning:
    """A warning, and when it is due."""

    warning: str  # what it leaves, as the rulebook writes it: "PT4H", "P1BD"
    at: datetime

    def as_fact(self) -> dict[str, object]:
        """The form in which an event keeps it."""
        return {"warning": self.warning, "at": self.at}

    @classmethod
    def from_fact(cls, kept: Mapping[str, Any]) -> PlannedWarning:
        """The warning that an event kept."""
        return cls(kept["warning"], kept["at"])


@dataclass(frozen=True)
class Terms:
    """Which deadline it is, and by which rules it was computed."""

    clock: str  # the id of domain §8: "K3"
    title: str  # in a coordinator's words
    published: bool  # whether others are told when it is at risk or missed
    rulebook: str  # the administration year
    rulebook_version: str
    calendar_version: str | None = None  # of the business calendar, where days were counted by one
    zone: str = ZONE
    # it ends by itself, because nobody tells this system whether it was done (K20)
    lapses: bool = False

    def as_fact(self) -> dict[str, object]:
        """The form in which an event keeps them."""
        return dict(vars(self))

    @classmethod
    def from_fact(cls, kept: Mapping[str, object]) -> Terms:
        """The terms that an event kept."""
        return cls(**cast("Mapping[str, Any]", kept))


@dataclass(frozen=True)
class DeadlineRule:
    """What a rulebook says of one deadline."""

    clock: str
    title: str
    length: timedelta | None  # elapsed; None: it ends with a day, or is counted in business days
    warnings: tuple[str, ...]
    published: bool

    def terms(self, rulebook: str, version: str, calendar_version: str | None = None) -> Terms:
        """The terms of a deadline that runs by this rule."""
        return Terms(self.clock, self.title, self.published, rulebook, version, calendar_version)

    def warned(self, before: datetime, since: datetime) -> tuple[PlannedWarning, ...]:
        """The warnings before a due instant, without those that would come before ``since``."""
        planned = (PlannedWarning(each, before - duration(each)) for each in self.warnings)
        return tuple(each for each in planned if each.at > since)


@dataclass(frozen=True)
class Due:
    """Something has to be done until an instant: this sets the deadline, moves it, or changes nothing."""

    subject: str
    terms: Terms
    due_at: datetime
    at: datetime  # when the fact happened that makes it due
    warnings: tuple[PlannedWarning, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)  # what and whom it concerns; plain values
    at_first: dict[str, Any] = field(default_factory=dict)  # the same, said only when it is set
    why: str = ""  # told when it moves a deadline

    @property
    def clock(self) -> str:
        """The id of domain §8."""
        return self.terms.clock


@dataclass(frozen=True)
class Done:
    """It was done; this changes nothing if the deadline was never set."""

    clock: str
    subject: str
    at: datetime
    about: dict[str, Any] = field(default_factory=dict)  # what is known of it only now


@dataclass(frozen=True)
class Moot:
    """There is nothing to be done any more."""

    clock: str
    subject: str
    at: datetime
    why: str


DeadlineChange = Due | Done | Moot


def deadline_id(service: str, clock: str, subject: str) -> UUID:
    """The id of a deadline's stream, which follows from service, clock and subject."""
    return uuid5(NAMES, f"{service}/{clock}/{subject}")


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours and minutes: ``P7D``, ``PT4H``.

    :raises ValueError: it is none.
    """
    matched = _DURATION.fullmatch(text)
    if matched is None:
        raise ValueError(f"not a duration such as P7D or PT4H: {text!r}")
    days, hours, minutes = (int(part or 0) for part in matched.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
