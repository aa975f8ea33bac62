"""What others may know of our facts (contract §6): no SSID, no free text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from eventsourcing.domain import DomainEvent

from services.incidents.domain import facts
from services.incidents.domain.concern import Concern
from services.incidents.domain.discussion import Discussion
from services.incidents.domain.filing_protocol import FilingProtocol
from services.incidents.domain.report import Report
from services.incidents.domain.testing_window import TestingWindow
from services.incidents.domain.values import CDS_OF_LEA
from services.incidents.messaging.deadline_notices import noticed
from shared.contracts.envelope import Person, Published
from shared.contracts.incidents_v1 import (
    SOURCE,
    TOPIC,
    AdditionalActionRequired,
    BreachCallRecorded,
    BreachIdentified,
    ConcernRecorded,
    FilingProtocolSet,
    IncidentProcessed,
    IncidentSubmitted,
    NoteAdded,
    Reason,
    TestingWindowSet,
)

__all__ = ["SOURCE", "TOPIC", "publish"]


def publish(fact: DomainEvent) -> Published | None:
    """The published form of a fact, or None for what is nobody's business."""
    match fact:
        case facts.Submitted():
            return _submitted(fact)
        case facts.Processed():
            return IncidentProcessed(
                incident_id=fact.originator_id, case_number=fact.case_number, processed_at=fact.occurred_at
            )
        case facts.BreachIdentified():
            return _breach_identified(fact)
        case facts.BreachCallRecorded():
            return _breach_call_recorded(fact)
        case TestingWindow.WindowSet() | TestingWindow.WindowMoved():
            return _window_set(fact)
        case _:
            return said(fact) or noticed(fact)


def _submitted(fact: facts.Submitted) -> IncidentSubmitted:
    judged: Mapping[str, Any] = fact.assessment
    stated: Mapping[str, Any] = fact.report
    report = Report.from_fact(fact.report)
    return IncidentSubmitted(
        incident_id=fact.originator_id,
        case_number=fact.case_number,
        administration_year=fact.administration_year,
        rulebook=fact.rulebook,
        rulebook_version=judged["rulebook_version"],
        incident_type=report.incident_type,
        incident_title=judged["incident_title"],
        severity=judged["severity"],
        severity_reason=Reason(**judged["severity_reason"]),
        recommended_action=judged["recommended_action"],
        pre_action=judged["pre_action"],
        appeal_types=judged["appeal_types"],
        cde_copy=judged["cde_copy"],
        late=fact.late,
        lea=report.lea,
        school=report.school,
        grade=stated["grade"],
        test=stated["test"],
        delivery_mode=stated["delivery_mode"],
        student_count=stated["student_count"],
        student_refs=[student["student_ref"] for student in fact.students],
        occurred_at=stated["occurred_at"],
        discovered_at=stated["discovered_at"],
        report_due_at=fact.report_due_at,
        submitted_at=fact.occurred_at,
        submitted_by=_person(fact.actor),
        disruption_cause=_disruption_cause(report),
    )


def _disruption_cause(report: Report) -> str | None:
    cause = report.details.get("cause")
    return cause if isinstance(cause, str) and report.incident_type == "session_disruption" else None


def _breach_identified(fact: facts.BreachIdentified) -> BreachIdentified:
    return BreachIdentified(
        incident_id=fact.originator_id,
        incident_type=fact.incident_type,
        incident_title=fact.incident_title,
        school=fact.school,
        lea=fact.school[:CDS_OF_LEA],
        call=fact.call,
        rulebook=fact.rulebook,
        identified_at=fact.occurred_at,
        identified_by=_person(fact.actor),
    )


def _breach_call_recorded(fact: facts.BreachCallRecorded) -> BreachCallRecorded:
    return BreachCallRecorded(
        incident_id=fact.originator_id,
        case_number=fact.case_number,
        school=fact.school,
        called=fact.called,
        called_at=fact.called_at,
        recorded_by=_person(fact.actor),
    )


def _window_set(fact: TestingWindow.WindowSet | TestingWindow.WindowMoved) -> TestingWindowSet:
    return TestingWindowSet(
        cds=fact.cds,
        administration_year=fact.year,
        opens_on=date.fromisoformat(fact.opens_on),
        closes_on=date.fromisoformat(fact.closes_on),
        set_at=fact.occurred_at,
        set_by=_person(fact.actor),
        version=fact.originator_version,
    )


def _person(actor: facts.Person) -> Person:
    return Person.model_validate(actor)


def said(fact: DomainEvent) -> Published | None:
    """The published form of what somebody said; None for what is nobody's business."""
    translate = _TRANSLATIONS.get(type(fact))
    return None if translate is None else translate(fact)


def _note_added(fact: Discussion.NoteAdded) -> NoteAdded:
    """A note, without its text."""
    return NoteAdded(
        incident_id=fact.case_id,
        note_id=fact.note_id,
        case_number=fact.case_number,
        lea=fact.school[:CDS_OF_LEA],
        school=fact.school,
        added_at=fact.occurred_at,
        added_by=Person.model_validate(fact.actor),
        for_desks=tuple(fact.for_desks or ()),
        case_submitted_by=Person.model_validate(fact.case_submitted_by),
        administration_year=fact.administration_year,
    )


def _additional_action_required(fact: Discussion.AdditionalActionRequired) -> AdditionalActionRequired:
    """A demand, without its text."""
    return AdditionalActionRequired(
        incident_id=fact.case_id,
        case_number=fact.case_number,
        lea=fact.school[:CDS_OF_LEA],
        school=fact.school,
        required_at=fact.occurred_at,
        required_by=Person.model_validate(fact.actor),
        case_submitted_by=Person.model_validate(fact.case_submitted_by),
        administration_year=fact.administration_year,
    )


def _concern_recorded(fact: Concern.Recorded) -> ConcernRecorded:
    """A concern, without its text."""
    return ConcernRecorded(
        concern_id=fact.originator_id,
        lea=fact.school[:CDS_OF_LEA],
        school=fact.school,
        severity_guess=fact.severity_guess,
        recorded_at=fact.occurred_at,
        recorded_by=Person.model_validate(fact.actor),
    )


def _filing_protocol_set(fact: FilingProtocol.Chosen | FilingProtocol.Changed) -> FilingProtocolSet:
    """An LEA's choice, whole."""
    return FilingProtocolSet(
        lea=fact.lea,
        filing_protocol=fact.protocol,
        set_at=fact.occurred_at,
        set_by=Person.model_validate(fact.actor),
        version=fact.originator_version,
    )


_TRANSLATIONS: dict[type, Callable[[Any], Published]] = {  # Any: each takes the fact it is filed under
    Discussion.NoteAdded: _note_added,
    Discussion.AdditionalActionRequired: _additional_action_required,
    Concern.Recorded: _concern_recorded,
    FilingProtocol.Chosen: _filing_protocol_set,
    FilingProtocol.Changed: _filing_protocol_set,
}
