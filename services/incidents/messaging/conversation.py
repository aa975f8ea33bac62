"""What others may know of what is said beside cases (who, when, about what; no words), and who files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventsourcing.domain import DomainEvent

from services.incidents.domain.concern import Concern
from services.incidents.domain.discussion import Discussion
from services.incidents.domain.filing_protocol import FilingProtocol
from services.incidents.domain.values import CDS_OF_LEA
from shared.contracts.envelope import Person, Published
from shared.contracts.incidents_v1 import (
    AdditionalActionRequired,
    ConcernRecorded,
    FilingProtocolSet,
    NoteAdded,
)


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
