"""What can have happened to a case: stored for ever, complete, changed only by upcasting.

A fact holds plain values and needs no other to be understood; an SSID is in none of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eventsourcing.domain import Aggregate

Stored = dict[str, Any]  # a value's ``as_fact``: text, numbers, instants, lists and dicts of them
Person = dict[str, str | None]  # an ``Actor.as_fact``


class Event(Aggregate.Event):
    """Every fact says who caused it and when it happened in the world."""

    actor: Person
    occurred_at: datetime


class Created(Aggregate.Created, Event):
    """Required by the library; never triggered. ``Drafted`` opens a stream."""

    TOPIC = "incidents.case.created"


class Drafted(Created):
    """A coordinator began a case; it has no number and stops no clock (HR-08)."""

    TOPIC = "incidents.case.drafted"
    report: Stored
    students: list[dict[str, str]]
    assessment: Stored


class Revised(Event):
    """The draft says something else now; the report is the whole new one."""

    TOPIC = "incidents.case.revised"
    report: Stored
    assessment: Stored


class StudentsListed(Event):
    """These students, and no others, are concerned."""

    TOPIC = "incidents.case.students_listed"
    students: list[dict[str, str]]
    assessment: Stored


class BreachIdentified(Event):
    """The draft turned out to be a breach: the LEA coordinator must phone now (N8)."""

    TOPIC = "incidents.case.breach_identified"
    incident_type: str
    incident_title: str
    school: str
    call: str
    rulebook: str | None = None  # the year whose rules ask for the call; absent in the oldest facts


class BreachCallRecorded(Event):
    """The LEA coordinator phoned (HR-11)."""

    TOPIC = "incidents.case.breach_call_recorded"
    case_number: str | None
    school: str
    called: str
    called_at: datetime
    spoke_with: str | None
    reference: str | None


class Submitted(Event):
    """The case is on record, whole and unchangeable, and has its number."""

    TOPIC = "incidents.case.submitted"
    case_number: str
    administration_year: str
    rulebook: str
    report: Stored
    students: list[dict[str, str]]
    assessment: Stored
    report_due_at: datetime
    late: bool


class AppealNoted(Event):
    """The appeals service said how an appeal of this case stands."""

    TOPIC = "incidents.case.appeal_noted"
    appeal: Stored


class Processed(Event):
    """No appeal is needed, or every appeal has come to its end (HR-25)."""

    TOPIC = "incidents.case.processed"
    case_number: str


class DraftDeleted(Event):
    """The draft was thrown away; drafts only."""

    TOPIC = "incidents.case.draft_deleted"
