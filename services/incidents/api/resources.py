"""What is answered, as the OpenAPI document describes it; a test holds ``rendering`` to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.incidents.domain.values import (
    AppealType,
    AssessmentKind,
    CallDestination,
    DeliveryMode,
    PreAction,
    RecommendedAction,
    Severity,
    SubStatus,
)
from shared.kernel.actor import Role

Cursor = Annotated[str | None, Field(description="for the next page; null on the last")]


class Resource(BaseModel):
    """Anything that is answered."""

    model_config = ConfigDict(extra="forbid")


class PersonResource(Resource):
    """Somebody who acted."""

    sub: str
    name: str
    email: str
    role: Role


class StudentResource(Resource):
    """A student: a keyed pseudonym, and the SSID masked for those who may read it."""

    student_ref: str
    ssid_masked: str | None


class ReasonResource(Resource):
    """Which rule of which year decided, and where the guides say so."""

    rule: str
    rulebook: str
    source: str
    text: str


class BreachCallResource(Resource):
    """A phone call on record."""

    called: CallDestination
    called_at: datetime
    spoke_with: str | None
    reference: str | None


class Judged(Resource):
    """What the rulebook says."""

    incident_title: str
    severity: Severity
    severity_reason: ReasonResource
    recommended_action: RecommendedAction
    pre_action: PreAction | None
    appeal_types: list[AppealType]
    cde_copy: bool
    late: bool
    report_due_at: datetime | None


class CaseResource(Judged):
    """A case (contract §3)."""

    id: UUID
    case_number: Annotated[str | None, Field(description="null on a draft")]
    status: str
    sub_status: SubStatus | None
    incident_type: str
    occurred_at: datetime | None
    discovered_at: datetime | None
    lea: str
    school: str
    grade: str | None
    test: str | None
    delivery_mode: DeliveryMode | None
    assessment_kind: AssessmentKind
    student_count: int | None
    narrative: str | None
    details: dict[str, object]
    administration_year: str | None
    corrects: Annotated[str | None, Field(description="the case number that it sets right")]
    submitted_at: datetime | None
    submitted_by: PersonResource | None
    additional_action: Annotated[str | None, Field(description="what CalTAC or the CDE still ask for")]
    students: list[StudentResource]
    breach_calls: list[BreachCallResource]
    version: int


class MailStatus(Resource):
    """What became of one mail about the case; to whom it goes is told by the notifications service."""

    notification_id: UUID
    kind: str
    status: Annotated[str, Field(description="created, delivered, permanent_failure, technical_failure")]
    at: Annotated[datetime, Field(description="since when it stands so")]


class ShownCase(CaseResource):
    """A case as it is looked at: with its mails, which follow by moments and change no version."""

    notifications: list[MailStatus]


class ListedStudent(Resource):
    """A student in the list: without any SSID."""

    student_ref: str


class ListedAppeal(Resource):
    """What the case knows of an appeal."""

    appeal_id: UUID
    appeal_number: str
    appeal_type: str
    student_ref: str
    status: str
    decider: str


class CaseItem(Resource):
    """A case in the list; the narrative and the details are on the case itself."""

    id: UUID
    version: int
    status: str
    sub_status: SubStatus | None
    case_number: str | None
    administration_year: str | None
    corrects: Annotated[str | None, Field(description="the case number that it sets right")]
    incident_type: str
    incident_title: str
    severity: Severity
    recommended_action: RecommendedAction
    pre_action: PreAction | None
    appeal_types: list[AppealType]
    cde_copy: bool
    lea: str
    school: str
    grade: str | None
    test: str | None
    delivery_mode: DeliveryMode | None
    student_count: int | None
    occurred_at: datetime | None
    discovered_at: datetime | None
    report_due_at: datetime | None
    late: bool
    drafted_at: datetime
    submitted_at: datetime | None
    submitted_by: PersonResource | None
    students: list[ListedStudent]
    appeals: list[ListedAppeal]


class CasePage(Resource):
    """A page of the list, newest draft first."""

    items: list[CaseItem]
    next_cursor: Cursor


class FullStudent(Resource):
    """A student with the SSID; null once the student's key is destroyed."""

    student_ref: str
    ssid: str | None


class FullStudents(Resource):
    """The students of a case with their SSIDs."""

    ssids: list[str]
    students: list[FullStudent]


class Who(Resource):
    """Somebody in the history."""

    sub: str
    name: str
    role: Role


class HistoryItem(Resource):
    """One fact."""

    what: str
    who: Who
    occurred_at: datetime
    recorded_at: datetime
    version: Annotated[int | None, Field(description="of the case after it; null where it changed nothing")]
    data: dict[str, object]


class History(Resource):
    """Every fact, oldest first."""

    items: list[HistoryItem]
    next_cursor: Cursor


class ClockResource(Resource):
    """A deadline that would run."""

    id: str
    what: str
    due_at: datetime | None


class ClassificationResource(Judged):
    """What would become of a report if it were submitted now."""

    incident_type: str
    administration_year: str | None
    clocks: list[ClockResource]


class RulebookSummary(BaseModel):
    """A year's rulebook by name."""

    year: str
    title: str
    version: Annotated[str, Field(description="the hash of its content")]


class RulebookPage(Resource):
    """All rulebooks."""

    items: list[RulebookSummary]
    next_cursor: Cursor


class IncidentTypeResource(BaseModel):
    """One row of the catalog; the rulebook's own words beyond these."""

    model_config = ConfigDict(extra="allow")

    code: str
    title: str
    source: str
    basis: str


class IncidentTypePage(Resource):
    """A year's catalog."""

    items: list[IncidentTypeResource]
    next_cursor: Cursor
