"""What can have happened to an appeal: stored for ever, complete, changed only by upcasting."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from eventsourcing.domain import Aggregate


class Event(Aggregate.Event):
    """Every fact says who acted, when, and on which appeal, so that it can be published alone."""

    TOPIC: ClassVar[str]
    actor: dict[str, str | None]
    occurred_at: datetime
    about: dict[str, Any]  # an Identity, as JSON


class Created(Aggregate.Created, Event):
    """Required by the library; never triggered. ``Requested`` opens a stream."""

    TOPIC = "appeals.appeal.created"


class Requested(Created):
    """A coordinator (or CalTAC for them) requested the appeal; the decider's deadline runs."""

    TOPIC = "appeals.appeal.requested"
    declared: dict[str, Any]  # event_state, minutes_paused, part
    terms: dict[str, Any]  # routing, clock, withdrawable, and the rules they come from
    received_at: datetime
    decide_by: datetime | None
    comments: str | None


class Approved(Event):
    """The decider approved; CalTAC has it executed (A-31)."""

    TOPIC = "appeals.appeal.approved"
    reason: str | None
    comments: str | None
    effect: str
    reopened_until: str | None  # an ISO date


class Denied(Event):
    """The decider denied, with a reason."""

    TOPIC = "appeals.appeal.denied"
    reason: str
    comments: str | None


class Withdrawn(Event):
    """The coordinator took the request back; the case stays on record (E27)."""

    TOPIC = "appeals.appeal.withdrawn"
    reason: str | None
    comments: str | None


class Processed(Event):
    """Executed in the test delivery system."""

    TOPIC = "appeals.appeal.processed"
    effect: str
    comments: str | None


class ProcessingFailed(Event):
    """The test delivery system could not execute it."""

    TOPIC = "appeals.appeal.processing_failed"
    reason: str
    comments: str | None


class Resubmitted(Event):
    """CalTAC sent it to the test delivery system once more (A-27)."""

    TOPIC = "appeals.appeal.resubmitted"
    reason: str | None
    comments: str | None


class DecideByMoved(Event):
    """The decision is due at another instant, by a calendar that was adopted while it waited (ADR 0014)."""

    TOPIC = "appeals.appeal.decide_by_moved"
    old_decide_by: datetime
    decide_by: datetime
    old_calendar_version: str
    calendar_version: str
    rulebook_version: str
    clock: str
    received_at: datetime
