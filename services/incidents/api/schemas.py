"""What callers may send (contract §3); what is not known here is refused."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.incidents.domain.report import Report
from services.incidents.domain.values import (
    AssessmentKind,
    BreachCall,
    CallDestination,
    DeliveryMode,
    Severity,
)
from services.incidents.read_model.queries import CaseCriteria
from shared.http.instants import Instant, parse, parse_day
from shared.http.paging import Paging
from shared.http.requests import Count, Line, RequestModel, Text

PACIFIC = ZoneInfo("America/Los_Angeles")
LONGEST_NARRATIVE = 10_000

Grade = Literal["03", "04", "05", "06", "07", "08", "09", "10", "11", "12"]
Code = Annotated[str, Field(strict=True, pattern=r"^[a-z0-9_]{1,64}$")]
School = Annotated[str, Field(strict=True, pattern=r"^[0-9]{14}$", description="14-digit CDS code")]
Lea = Annotated[str, Field(strict=True, pattern=r"^[0-9]{7}$", description="7-digit CDS prefix")]
Narrative = Annotated[Text, Field(max_length=LONGEST_NARRATIVE)]
ShortLine = Annotated[Line, Field(max_length=200)]
Details = Annotated[dict[str, object], Field(max_length=50, description="what the type requires")]
Ssids = Annotated[list[Text], Field(max_length=5000)]  # how many are too many is the domain's to say


def _following(year: str) -> str:
    if (int(year[2:4]) + 1) % 100 != int(year[5:]):
        raise PydanticCustomError("wrong_format", "Two years that follow each other, such as 2018-19.")
    return year


Year = Annotated[str, Field(strict=True, pattern=r"^20[0-9]{2}-[0-9]{2}$"), AfterValidator(_following)]


CaseNumber = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{6,9}$",
        description="the submitted case that this one corrects",
    ),
]


def _from_moment(raw: object) -> datetime:
    if isinstance(raw, str) and len(raw) == 10:
        return datetime.combine(parse_day(raw), time(), PACIFIC).astimezone(UTC)
    return parse(raw)


def _to_moment(raw: object) -> datetime:
    """Where the search ends, itself excluded: behind the whole day, or just behind the instant."""
    if isinstance(raw, str) and len(raw) == 10:
        next_day = parse_day(raw) + timedelta(days=1)
        return datetime.combine(next_day, time(), PACIFIC).astimezone(UTC)
    return parse(raw) + timedelta(microseconds=1)


_MOMENT = WithJsonSchema({"type": "string", "description": "a date (Pacific) or an instant"})
FromMoment = Annotated[datetime, BeforeValidator(_from_moment), _MOMENT]
ToMoment = Annotated[datetime, BeforeValidator(_to_moment), _MOMENT]


class CaseBody(RequestModel):
    """A case as it is begun. A draft may lack anything but the type and the school."""

    incident_type: Code
    school: School
    occurred_at: Instant | None = None
    discovered_at: Instant | None = None
    grade: Grade | None = None
    test: Code | None = None
    delivery_mode: DeliveryMode | None = None
    assessment_kind: AssessmentKind = AssessmentKind.SUMMATIVE
    student_count: Count | None = None
    ssids: Ssids | None = None
    narrative: Narrative | None = None
    details: Details = Field(default_factory=dict)
    administration_year: Year | None = None
    corrects: CaseNumber | None = None

    def report(self) -> Report:
        """What was stated, its details as they came."""
        return Report(
            incident_type=self.incident_type,
            school=self.school,
            assessment_kind=self.assessment_kind,
            administration_year=self.administration_year,
            occurred_at=self.occurred_at,
            discovered_at=self.discovered_at,
            grade=self.grade,
            test=self.test,
            delivery_mode=self.delivery_mode,
            student_count=self.student_count,
            narrative=self.narrative,
            details=self.details,
            corrects=self.corrects,
        )


class RevisionBody(RequestModel):
    """The fields of a draft that change; ``null`` clears a field that may be absent."""

    incident_type: Code = ""
    school: School = ""
    occurred_at: Instant | None = None
    discovered_at: Instant | None = None
    grade: Grade | None = None
    test: Code | None = None
    delivery_mode: DeliveryMode | None = None
    assessment_kind: AssessmentKind = AssessmentKind.SUMMATIVE
    student_count: Count | None = None
    ssids: Ssids | None = None
    narrative: Narrative | None = None
    details: Details = Field(default_factory=dict)
    administration_year: Year | None = None
    corrects: CaseNumber | None = None

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, as they came; the list of students is apart."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"ssids"}}


class StudentsBody(RequestModel):
    """Only SSIDs: no names, nothing else (HR-07)."""

    ssids: Ssids


class BreachCallBody(RequestModel):
    """A phone call as it was made."""

    called: CallDestination
    called_at: Instant
    spoke_with: ShortLine | None = None
    reference: ShortLine | None = None

    def call(self) -> BreachCall:
        """The call."""
        return BreachCall(self.called, self.called_at, self.spoke_with, self.reference)


class CaseQuery(Paging):
    """What to look for in the list."""

    case_number: Annotated[str | None, Field(max_length=40)] = None
    status: Literal["draft", "submitted", "processed"] | None = None
    severity: Severity | None = None
    incident_type: Code | None = None
    school: School | None = None
    lea: Lea | None = None
    ssid: Annotated[str | None, Field(pattern=r"^[0-9]{10}$")] = None
    submitted_from: FromMoment | None = None
    submitted_to: ToMoment | None = None
    late: bool | None = None
    corrects: Annotated[str | None, Field(max_length=40)] = None

    def criteria(self, student_ref: str | None) -> CaseCriteria:
        """The same for the search, which knows students by reference only."""
        return CaseCriteria(
            case_number=self.case_number,
            status=self.status,
            severity=self.severity,
            incident_type=self.incident_type,
            school=self.school,
            lea=self.lea,
            late=self.late,
            corrects=self.corrects,
            student_ref=student_ref,
            submitted_from=self.submitted_from,
            submitted_before=self.submitted_to,
        )
