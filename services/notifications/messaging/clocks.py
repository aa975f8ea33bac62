"""From the published language into ours: what the clocks of cases and of decisions say."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from services.notifications.domain.clocks import (
    DecisionAtRisk,
    DecisionOverdue,
    DraftReminder,
    ReportAtRisk,
    ReportOverdue,
)
from services.notifications.domain.occasions import Somebody
from services.notifications.messaging.occasions import about_appeal, somebody
from shared.contracts import appeals_v1, incidents_v1

PACIFIC = ZoneInfo("America/Los_Angeles")


class _OfAReport(TypedDict):
    incident_id: UUID
    case_number: str | None
    lea: str
    school: str
    clock: str
    clock_title: str
    administration_year: str
    incident_title: str
    due_at: datetime
    noticed_at: datetime
    filed_by: Somebody


def draft_reminder(event: incidents_v1.DraftReminder) -> DraftReminder:
    """A draft waits while its window ends."""
    return DraftReminder(
        incident_id=event.incident_id,
        case_number=None,
        lea=event.lea,
        school=event.school,
        administration_year=event.rulebook,
        incident_title=event.incident_title,
        window_closes_on=event.window_closes_on,
        reporting_closes_on=event.reporting_closes_on,
        reporting_ends_at=_end_of(event.reporting_closes_on),
        noticed_at=event.noticed_at,
        drafted_by=somebody(event.drafted_by),
    )


def report_at_risk(event: incidents_v1.DeadlineAtRisk) -> ReportAtRisk:
    """A clock of a case still runs."""
    return ReportAtRisk(**_of_a_report(event))


def report_overdue(event: incidents_v1.DeadlineMissed) -> ReportOverdue:
    """A clock of a case ran out."""
    return ReportOverdue(**_of_a_report(event))


def decision_at_risk(event: appeals_v1.DecisionAtRisk) -> DecisionAtRisk:
    """A decision clock still runs."""
    return DecisionAtRisk(
        **about_appeal(event), clock=event.clock, decide_by=event.decide_by, noticed_at=event.noticed_at
    )


def decision_overdue(event: appeals_v1.DecisionOverdue) -> DecisionOverdue:
    """A decision clock ran out."""
    return DecisionOverdue(
        **about_appeal(event), clock=event.clock, decide_by=event.decide_by, noticed_at=event.noticed_at
    )


def _of_a_report(event: incidents_v1.ReportClock) -> _OfAReport:
    return {
        "incident_id": event.incident_id,
        "case_number": event.case_number,
        "lea": event.lea,
        "school": event.school,
        "clock": event.clock,
        "clock_title": event.clock_title,
        "administration_year": event.rulebook,
        "incident_title": event.incident_title,
        "due_at": event.due_at,
        "noticed_at": event.noticed_at,
        "filed_by": somebody(event.filed_by),
    }


def _end_of(day: date) -> datetime:
    """The first instant after a day in California."""
    return datetime.combine(day + timedelta(days=1), time(), PACIFIC).astimezone(UTC)
