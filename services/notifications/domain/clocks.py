"""Occasions that a clock makes: a draft that waits, a deadline that is near, a deadline that has passed.

A warning fits only as long as its clock runs: ``fits_until`` says so, and nothing warns of what has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.notifications.domain.occasions import AppealOccasion, Occasion, Somebody


@dataclass(frozen=True, kw_only=True)
class DraftReminder(Occasion):
    """A draft is unsent, and the testing window or the week after it is about to end (N9)."""

    state = "unsent"

    incident_title: str
    window_closes_on: date
    reporting_closes_on: date  # the last day on which it can be submitted, in California
    reporting_ends_at: datetime  # the first instant after that day
    noticed_at: datetime
    drafted_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Who drafted it."""
        return (self.drafted_by,)

    @property
    def fits_until(self) -> datetime | None:
        """Until it can no longer be submitted."""
        return self.reporting_ends_at


@dataclass(frozen=True, kw_only=True)
class ReportClock(Occasion):
    """What every mail about a clock of a case says (N10; K3, K4, K8)."""

    clock: str  # the id of domain §8, "K3"
    clock_title: str
    administration_year: str
    incident_title: str
    due_at: datetime  # as it was computed; an outage does not move it
    noticed_at: datetime
    filed_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Who drafted the case, or submitted it."""
        return (self.filed_by,)


@dataclass(frozen=True, kw_only=True)
class ReportAtRisk(ReportClock):
    """The clock still runs, and a warning is due (N10)."""

    state = "report_at_risk"

    @property
    def fits_until(self) -> datetime | None:
        """Until it is due."""
        return self.due_at


@dataclass(frozen=True, kw_only=True)
class ReportOverdue(ReportClock):
    """The clock ran out first (N10, A-3)."""

    state = "report_overdue"


@dataclass(frozen=True, kw_only=True)
class DecisionClock(AppealOccasion):
    """What every mail about a decision clock says (N10; K5, K6, K7): the decider's desk is told."""

    clock: str
    decide_by: datetime
    noticed_at: datetime

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Nobody but the desk: whoever asked for the appeal can only wait."""
        return ()


@dataclass(frozen=True, kw_only=True)
class DecisionAtRisk(DecisionClock):
    """Undecided, and a warning is due (N10)."""

    state = "decision_at_risk"

    @property
    def fits_until(self) -> datetime | None:
        """Until the decision is due."""
        return self.decide_by


@dataclass(frozen=True, kw_only=True)
class DecisionOverdue(DecisionClock):
    """Undecided when the clock ran out; nothing is decided by itself (K5, N10)."""

    state = "decision_overdue"
