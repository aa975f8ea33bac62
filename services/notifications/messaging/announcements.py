"""From the published language into ours: what says little and sends the reader to STAIRS."""

from __future__ import annotations

from services.notifications.domain.announcements import (
    AdditionalActionRequired,
    BreachIdentified,
    ConcernRecorded,
    NoteAdded,
    NoteForADesk,
)
from services.notifications.messaging.occasions import somebody
from shared.contracts import incidents_v1


def note_added(event: incidents_v1.NoteAdded) -> NoteAdded:
    """A note stands on a case."""
    return NoteAdded(
        incident_id=event.incident_id,
        case_number=event.case_number,
        lea=event.lea,
        school=event.school,
        by=somebody(event.added_by),
        at=event.added_at,
        case_submitted_by=somebody(event.case_submitted_by),
        administration_year=event.administration_year,
    )


def note_for_a_desk(event: incidents_v1.NoteAdded, desk: str) -> NoteForADesk:
    """A coordinator's note stands on a case, and concerns a desk."""
    return NoteForADesk(**vars(note_added(event)), desk=desk)


def additional_action_required(event: incidents_v1.AdditionalActionRequired) -> AdditionalActionRequired:
    """More is asked for."""
    return AdditionalActionRequired(
        incident_id=event.incident_id,
        case_number=event.case_number,
        lea=event.lea,
        school=event.school,
        by=somebody(event.required_by),
        at=event.required_at,
        case_submitted_by=somebody(event.case_submitted_by),
        administration_year=event.administration_year,
    )


def concern_recorded(event: incidents_v1.ConcernRecorded) -> ConcernRecorded:
    """Something was told upward."""
    return ConcernRecorded(
        incident_id=event.concern_id,
        case_number=None,
        lea=event.lea,
        school=event.school,
        by=somebody(event.recorded_by),
        at=event.recorded_at,
        severity_guess=event.severity_guess,
    )


def breach_identified(event: incidents_v1.BreachIdentified) -> BreachIdentified:
    """A draft is a breach."""
    return BreachIdentified(
        incident_id=event.incident_id,
        case_number=None,
        lea=event.lea,
        school=event.school,
        by=somebody(event.identified_by),
        at=event.identified_at,
        incident_title=event.incident_title,
        call=event.call,
        administration_year=event.rulebook,
    )
