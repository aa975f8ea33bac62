"""Events of clocks as incidents and appeals publish them: near, missed, and drafts that wait (N9, N10)."""

from __future__ import annotations

from datetime import date, timedelta

from shared.contracts import appeals_v1, incidents_v1
from shared.contracts.envelope import CloudEvent
from tests.support.contracts.published import (
    LEA,
    NOON,
    SCHOOL,
    SITE_PERSON,
    about_appeal,
    case_id,
    event_of,
)

LATER = timedelta(days=14)  # beyond the day on which the tests of this service play


def _of_a_report(number: int) -> dict[str, object]:
    return {
        "incident_id": case_id(number),
        "clock": "K3",
        "clock_title": "the report within 24 hours",
        "case_number": None,
        "incident_type": "student_cheating",
        "incident_title": "Student cheating",
        "lea": LEA,
        "school": SCHOOL,
        "due_at": NOON + LATER,
        "noticed_at": NOON,
        "rulebook": "2018-19",
        "filed_by": SITE_PERSON,
    }


def deadline_at_risk(number: int = 1, warning: str = "PT4H", **changes: object) -> CloudEvent:
    """A site coordinator's draft, four hours before the end of its 24, unless changed."""
    data = incidents_v1.DeadlineAtRisk.model_validate({**_of_a_report(number), "warning": warning, **changes})
    return event_of(data, incidents_v1.SOURCE, {"PT4H": 6, "PT1H": 7}[warning])


def deadline_missed(number: int = 1, **changes: object) -> CloudEvent:
    past = {"due_at": NOON - timedelta(minutes=3)}
    data = incidents_v1.DeadlineMissed.model_validate({**_of_a_report(number), **past, **changes})
    return event_of(data, incidents_v1.SOURCE, 8)


def draft_reminder(number: int = 1, **changes: object) -> CloudEvent:
    fields = {
        "incident_id": case_id(number),
        "incident_type": "student_cheating",
        "incident_title": "Student cheating",
        "lea": LEA,
        "school": SCHOOL,
        "window_closes_on": date(2019, 4, 19),
        "reporting_closes_on": date(2019, 4, 26),
        "noticed_at": NOON,
        "drafted_by": SITE_PERSON,
    }
    return event_of(incidents_v1.DraftReminder.model_validate({**fields, **changes}), incidents_v1.SOURCE, 9)


def decision_at_risk(number: int = 1, **changes: object) -> CloudEvent:
    """An invalidation that the CDE has not decided, one business day before it is due, unless changed."""
    clock = {"clock": "K5", "decide_by": NOON + LATER, "noticed_at": NOON, "warning": "P1BD"}
    data = appeals_v1.DecisionAtRisk.model_validate({**about_appeal(number), **clock, **changes})
    return event_of(data, appeals_v1.SOURCE, 3)


def decision_overdue(number: int = 1, **changes: object) -> CloudEvent:
    clock = {"clock": "K5", "decide_by": NOON - timedelta(minutes=3), "noticed_at": NOON}
    data = appeals_v1.DecisionOverdue.model_validate({**about_appeal(number), **clock, **changes})
    return event_of(data, appeals_v1.SOURCE, 4)
