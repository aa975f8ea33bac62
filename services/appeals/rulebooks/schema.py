"""The shape of a rulebook file; a fault is refused with its place in the file."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.appeals.domain.values import AppealType, Decider, EventState, Part, Routing

Basis = Literal["stated", "derived", "ruling"]
BusinessDays = Annotated[str, Field(pattern=r"^P[1-9][0-9]?BD$")]
"""P1BD: one business day."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Strict(BaseModel):
    """Nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sourced(Strict):
    """Every entry says where it comes from, and whether that is said, derived or ruled there."""

    source: Annotated[str, Field(min_length=1)]
    basis: Basis
    inherited_from: str | None = None  # the year whose entry this is, unchanged


class TypeEntry(Sourced):
    """What is so of every appeal of one type."""

    withdrawable: bool
    effect: str
    reopened_days: int | None = None


class DeadlineEntry(Sourced):
    """How long a decider has, in business days; or what a clock is called whose length stands elsewhere."""

    business_days: Annotated[int, Field(ge=1)] | None = None
    published: bool
    title: Annotated[str, Field(min_length=1)]
    warnings: list[BusinessDays] = []  # what each leaves
    announced: bool = False  # whether others are told when it is at risk or overdue


class RetestEntry(Sourced):
    """When to warn that the window leaves no time to test after a decision."""

    types: frozenset[AppealType]
    business_days: Annotated[int, Field(ge=1)]
    text: str


class TestEntry(Sourced):
    """Which parts of a test a rule may ask for, and whether it is one on paper."""

    parts: frozenset[Part]
    on_paper: bool = False


class ReasonEntry(Sourced):
    """Why not, and what to do instead."""

    text: str
    refusal: str | None = None


class RouteEntry(Sourced):
    """One row of the routing table."""

    appeal_type: AppealType
    incident_types: frozenset[str]
    states: frozenset[EventState]
    state_reasons: dict[EventState, str]
    decider: Decider
    routing: Routing
    clock: str
    otherwise: str
    caltac_only: bool = False
    state_settles: bool = False
    causes: frozenset[str] | None = None
    parts: frozenset[Part] | None = None
    part_reason: str = ""
    minutes_paused_over: int | None = None
    minutes_reason: str = ""
    delivery_modes: frozenset[Literal["online", "paper"]] | None = None
    delivery_reason: str = ""

    @model_validator(mode="after")
    def answers_for_every_state(self) -> RouteEntry:
        """Either a state fits or there is a reason why not: no undefined answer."""
        explained, fitting = frozenset(self.state_reasons), self.states
        if explained & fitting or explained | fitting != frozenset(EventState):
            raise ValueError("each event state is in states, or has a reason, and never both")
        return self

    def reasons(self) -> set[str]:
        """The reasons that this row can give."""
        conditional = {
            self.part_reason: self.parts,
            self.minutes_reason: self.minutes_paused_over,
            self.delivery_reason: self.delivery_modes,
        }
        return (
            {self.otherwise}
            | set(self.state_reasons.values())
            | {reason for reason, condition in conditional.items() if condition is not None}
        )


class RulebookFile(Sourced):
    """One year's file."""

    year: str
    extends: str | None = None  # the year that holds wherever this one says nothing else
    calendar: str
    types: dict[AppealType, TypeEntry]
    retest: RetestEntry
    clocks: dict[str, DeadlineEntry]
    tests: dict[str, TestEntry]
    routes: dict[str, RouteEntry]
    reasons: dict[str, ReasonEntry]


class HolidayEntry(Strict):
    """A date, or the nth weekday of a month."""

    name: str
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    when_saturday: int = 0
    when_sunday: int = 1
    weekday: Weekday | None = None
    nth: int | None = None
    days_after: int = 0
    since: int = 0

    @model_validator(mode="after")
    def is_one_of_the_two(self) -> HolidayEntry:
        """A date, or a weekday with its number; never both, never neither."""
        if (self.day is None) != (self.weekday is not None and self.nth is not None):
            raise ValueError("give a day, or a weekday and its number")
        return self


class CalendarFile(Sourced):
    """When an office is open."""

    name: str
    zone: str
    opens: time
    closes: time
    weekdays: frozenset[Weekday]
    holidays: list[HolidayEntry]
