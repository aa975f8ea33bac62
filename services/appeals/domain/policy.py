"""A year's rules of appeals as data, in the form in which the domain uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.appeals.domain.business_calendar import BusinessCalendar
from services.appeals.domain.values import AppealType, Decider, EventState, Part, Routing


@dataclass(frozen=True)
class WithheldReason:
    """Why an appeal is not offered, and what to do instead."""

    reason_code: str
    refusal: str  # the contract's refusal code
    text: str
    source: str


@dataclass(frozen=True)
class DecisionDeadlineRule:
    """How long the decider has (K5–K7); of K9 and K20 how they are called, their length is said elsewhere."""

    id: str
    business_days: int | None  # None: no deadline
    published: bool  # False: an internal target that is promised to nobody
    title: str = ""  # in a coordinator's words
    warnings: tuple[int, ...] = ()  # how many business days each leaves
    announced: bool = False  # whether others are told when it is at risk or overdue


@dataclass(frozen=True)
class TypeRule:
    """The rules of every appeal of one type."""

    appeal_type: AppealType
    withdrawable: bool  # HR-19, A-12
    effect: str  # what an approval does, in words (§5.1, HR-24)
    reopened_days: int | None  # calendar days to finish the test (K20, A-13)


@dataclass(frozen=True)
class Route:
    """One row of the routing table (§5.7): when an appeal is offered, who decides, and why not otherwise."""

    id: str
    appeal_type: AppealType
    incident_types: frozenset[str]
    states: frozenset[EventState]
    decider: Decider
    routing: Routing
    clock: DecisionDeadlineRule
    source: str
    otherwise: str  # the reason when the incident is none of these
    state_reasons: Mapping[EventState, str]
    caltac_only: bool = False
    state_settles: bool = False  # the state declared now outweighs what the case said when it was submitted
    causes: frozenset[str] | None = None
    parts: frozenset[Part] | None = None
    part_reason: str = ""
    minutes_paused_over: int | None = None
    minutes_reason: str = ""
    delivery_modes: frozenset[str] | None = None
    delivery_reason: str = ""


@dataclass(frozen=True)
class Retest:
    """When the student would have too little time left to test after the decision: a warning, no refusal."""

    types: frozenset[AppealType]  # those after which somebody tests
    business_days: int  # to test, beyond the decider's
    warning: WithheldReason


@dataclass(frozen=True)
class AppealPolicy:
    """A year's rulebook."""

    year: str
    version: str  # content hash
    clocks: Mapping[str, DecisionDeadlineRule]
    routes: tuple[Route, ...]
    types: Mapping[AppealType, TypeRule]
    tests: Mapping[str, frozenset[Part]]  # which parts a test has, as far as a rule asks
    paper_tests: frozenset[str]  # on paper whatever the case says of its delivery
    reasons: Mapping[str, WithheldReason]
    retest: Retest
    calendar: BusinessCalendar

    def clock_called(self, name: str) -> DecisionDeadlineRule:
        """The deadline rule of this name; if the year lacks one that an old fact names, its name alone."""
        return self.clocks.get(name) or DecisionDeadlineRule(name, None, published=False, title=name)

    def decide_by(self, clock: DecisionDeadlineRule, received_at: datetime) -> datetime | None:
        """When the decision is due; None if the rulebook sets no deadline."""
        if clock.business_days is None:
            return None
        return self.calendar.due(received_at, clock.business_days)

    def reopened_until(
        self, appeal_type: AppealType, approved_at: datetime, window: date | None
    ) -> date | None:
        """The last day of a re-opened test: day N after the approval, or the window's end if sooner (A-13).

        :param window: the last day of the selected testing window, when it is known.
        """
        days = self.types[appeal_type].reopened_days
        if days is None:
            return None
        last = self.calendar.local_date(approved_at) + timedelta(days)
        return min(last, window) if window else last

    def terms(self, route: Route) -> dict[str, Any]:
        """The rules by which an appeal is accepted; it keeps them, whatever the rulebook says later."""
        return {
            "routing": route.routing.value,
            "clock": route.clock.id,
            "clock_published": route.clock.published,
            "withdrawable": self.types[route.appeal_type].withdrawable,
            "route": route.id,
            "source": route.source,
            "rulebook": self.year,
            "rulebook_version": self.version,
            "calendar_version": self.calendar.version,
        }
