"""A deadline of domain §8 for one thing, from the fact that starts it to its end.

    RUNNING --done in time--> MET
       |  '----- moot ------> WAIVED --needed after all--> RUNNING
       '-- noticed too late, or done too late --> MISSED   (it stays missed, also when it is done late)

When it is due is computed from facts; that time passed is only noticed, some time later. An outage delays
the notice and moves nothing. Read top to bottom: what can have happened, what may be asked, what changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from eventsourcing.domain import Aggregate, event

from shared.deadlines.terms import DeadlineState, Due, PlannedWarning, Terms, deadline_id

Stored = dict[str, Any]  # plain values, as an event keeps them
LAPSED = "its time is over; whether it was used is not reported here"


class Deadline(Aggregate):
    """What has to be done, until when, and whether it was done."""

    TOPIC = "deadlines.deadline"

    # --- What can have happened: complete, so that whoever publishes or shows it asks nobody. ---

    class Event(Aggregate.Event):
        """Every fact says which deadline it is, what and whom it concerns, and when it happened."""

        subject: str
        terms: Stored  # ``Terms.as_fact``: which one it is, and the rules by which it was computed
        about: Stored  # the service's own words for what and whom it concerns: ids, numbers, LEA, school
        due_at: datetime  # as computed; of ``Retimed`` the new one
        occurred_at: datetime

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered."""

        TOPIC = "deadlines.deadline.created"

    class Set(Created):
        """The deadline began to run."""

        TOPIC = "deadlines.deadline.set"
        warnings: list[Stored]  # ``PlannedWarning.as_fact``: what is to be warned of, and at which instants

    class Retimed(Event):
        """The due instant moved: its basis or the calendar changed. A waived deadline runs again."""

        TOPIC = "deadlines.deadline.retimed"
        old_due_at: datetime
        warnings: list[Stored]
        why: str

    class Redescribed(Event):
        """The due instant stays; the words for what or whom it concerns changed."""

        TOPIC = "deadlines.deadline.redescribed"

    class AtRisk(Event):
        """The deadline runs, and the instant of a warning has come."""

        TOPIC = "deadlines.deadline.at_risk"
        warning: str
        noticed_at: datetime
        passed_over: list[str]  # earlier warnings that nobody noticed in time to be of use

    class Missed(Event):
        """The deadline ran out; noticed by the poller, or by the act that came too late."""

        TOPIC = "deadlines.deadline.missed"
        noticed_at: datetime
        passed_over: list[str]

    class Met(Event):
        """It was done in time."""

        TOPIC = "deadlines.deadline.met"
        met_at: datetime

    class MetLate(Event):
        """It was done after it was missed."""

        TOPIC = "deadlines.deadline.met_late"
        met_at: datetime
        late_by_seconds: int  # rounded up

    class Waived(Event):
        """There is nothing to be done any more."""

        TOPIC = "deadlines.deadline.waived"
        why: str

    # --- What may be asked: every rule lives here, and runs once. ---

    @classmethod
    def begin(cls, service: str, wanted: Due) -> Deadline:
        """Let a deadline run that nobody has set before."""
        return cls._create(
            cls.Set,
            id=deadline_id(service, wanted.terms.clock, wanted.subject),
            warnings=_planned(wanted.warnings),
            **_said(wanted, {**wanted.at_first, **wanted.about}),
        )

    def require(self, wanted: Due) -> None:
        """Set or move the deadline as wanted; nothing changes if it is so already, or done already."""
        if self.met_at is not None:
            return
        about = {**self.about, **wanted.about}
        if self.state is DeadlineState.WAIVED or wanted.due_at != self.due_at:
            self.trigger_event(
                self.Retimed,
                old_due_at=self.due_at,
                warnings=_planned(wanted.warnings),
                why=wanted.why,
                **_said(wanted, about),
            )
        elif about != self.about:
            self._trigger(self.Redescribed, wanted.at, about=about)

    def fulfil(self, met_at: datetime, about: Stored | None = None) -> None:
        """Record that it was done; if it was too late, it is recorded as missed first.

        If it was done in time, it is met, even if it had been noticed as missed before that was known.

        :param about: the new words for what and whom it concerns, if more is known now.
        """
        if self.met_at is not None or self.state is DeadlineState.WAIVED:
            return
        said = {"about": self.about if about is None else {**self.about, **about}}
        if met_at <= self.due_at:
            self._trigger(self.Met, met_at, met_at=met_at, **said)
            return
        if self.state is DeadlineState.RUNNING:
            self._miss(met_at, **said)
        late = math.ceil((met_at - self.due_at).total_seconds())
        self._trigger(self.MetLate, met_at, met_at=met_at, late_by_seconds=late, **said)

    def waive(self, why: str, at: datetime) -> None:
        """Record that nothing is left to do; a deadline that was missed before stays missed."""
        if self.state is DeadlineState.RUNNING:
            self._trigger(self.Waived, at, why=why)

    def notice(self, now: datetime, grace: timedelta = timedelta()) -> None:
        """Record that it is missed, or that a warning is due (of several, the last one).

        :param grace: how long to wait after an instant, since an act before it may arrive later.
        """
        if self.state is not DeadlineState.RUNNING:
            return
        if now - grace > self.due_at:
            self._end(now)
        elif now <= self.due_at:  # no warning is of use after that, and it is not missed for certain yet
            self._warn(now, grace)

    def _end(self, now: datetime) -> None:
        if self.terms.lapses:
            self.waive(LAPSED, self.due_at)
        else:
            self._miss(now)

    def _warn(self, now: datetime, grace: timedelta) -> None:
        come = [each for each in self.unnoticed if each.at <= now - grace]
        if come:
            *earlier, last = come
            passed = [each.warning for each in earlier]
            self._trigger(self.AtRisk, last.at, warning=last.warning, noticed_at=now, passed_over=passed)

    def _miss(self, noticed_at: datetime, **said: object) -> None:
        passed = [each.warning for each in self.unnoticed]
        self._trigger(self.Missed, self.due_at, noticed_at=noticed_at, passed_over=passed, **said)

    def _trigger(self, fact: type[Event], occurred_at: datetime, **body: object) -> None:
        kept = {"subject": self.subject, "terms": self.terms.as_fact(), "about": self.about}
        self.trigger_event(fact, **{**kept, "due_at": self.due_at, "occurred_at": occurred_at, **body})

    # --- What changes: no rule, no clock, no choice; runs again on every replay. ---

    @event(Set)
    def __init__(
        self, *, subject: str, terms: Stored, about: Stored, due_at: datetime, warnings: list[Stored]
    ) -> None:
        self.subject, self.terms, self.about = subject, Terms.from_fact(terms), about
        self.due_at, self.unnoticed = due_at, _in_order(warnings)
        self.state = DeadlineState.RUNNING
        self.met_at: datetime | None = None

    @event(Retimed)
    def _apply_retimed(
        self, terms: Stored, about: Stored, due_at: datetime, warnings: list[Stored], occurred_at: datetime
    ) -> None:
        self.terms, self.about = Terms.from_fact(terms), about
        self.due_at, self.unnoticed = due_at, _in_order(warnings)
        self.state = after_retiming(self.state, due_at, occurred_at)

    @event(Redescribed)
    def _apply_redescribed(self, about: Stored) -> None:
        self.about = about

    @event(AtRisk)
    def _apply_at_risk(self, warning: str, passed_over: list[str]) -> None:
        noticed = {warning, *passed_over}
        self.unnoticed = [each for each in self.unnoticed if each.warning not in noticed]

    @event(Missed)
    def _apply_missed(self, about: Stored) -> None:
        self.about, self.state, self.unnoticed = about, DeadlineState.MISSED, []

    @event(Met)
    def _apply_met(self, about: Stored, met_at: datetime) -> None:
        self.about, self.state, self.met_at = about, DeadlineState.MET, met_at

    @event(MetLate)
    def _apply_met_late(self, about: Stored, met_at: datetime) -> None:
        self.about, self.met_at = about, met_at

    @event(Waived)
    def _apply_waived(self) -> None:
        self.state = DeadlineState.WAIVED


def after_retiming(state: DeadlineState, due_at: datetime, at: datetime) -> DeadlineState:
    """The state after a move: a missed deadline runs again only if it is now due in the future."""
    return DeadlineState.MISSED if state is DeadlineState.MISSED and due_at <= at else DeadlineState.RUNNING


def _said(wanted: Due, about: Stored) -> dict[str, object]:
    return {
        "subject": wanted.subject,
        "terms": wanted.terms.as_fact(),
        "about": about,
        "due_at": wanted.due_at,
        "occurred_at": wanted.at,
    }


def _planned(warnings: Sequence[PlannedWarning]) -> list[Stored]:
    return [each.as_fact() for each in warnings]


def _in_order(warnings: Sequence[Stored]) -> list[PlannedWarning]:
    return sorted(map(PlannedWarning.from_fact, warnings), key=lambda each: each.at)
