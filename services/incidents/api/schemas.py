"""What callers may send (contract §3); what is not known here is refused."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

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

Grade = TypeAliasType(
    "Grade",
    Annotated[
        Literal["03", "04", "05", "06", "07", "08", "09", "10", "11", "12"],
        Field(description="A grade in two digits."),
    ],
)
CaseStatus = TypeAliasType(
    "CaseStatus",
    Annotated[Literal["draft", "submitted", "processed"], Field(description="Where a case stands.")],
)
MailState = TypeAliasType(
    "MailState",
    Annotated[
        Literal["created", "delivered", "permanent_failure", "technical_failure"],
        Field(description="What became of a mail, as the notifications service told it."),
    ],
)
CaseId = Annotated[UUID, Path(description="The case's id.")]
Code = Annotated[str, Field(strict=True, pattern=r"^[a-z0-9_]{1,64}$")]
TestCode = Annotated[Code, Path(description="The test, by its code in the rulebook.")]
School = Annotated[str, Field(strict=True, pattern=r"^[0-9]{14}$")]
Lea = Annotated[str, Field(strict=True, pattern=r"^[0-9]{7}$")]
Narrative = Annotated[Text, Field(max_length=LONGEST_NARRATIVE)]
FreeText = Annotated[Line, Field(max_length=10_000)]
ShortLine = Annotated[Line, Field(max_length=200)]
Details = Annotated[dict[str, object], Field(max_length=50)]
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


_MOMENT = WithJsonSchema({"type": "string"})  # a date or an instant: no one format
FromMoment = Annotated[datetime, BeforeValidator(_from_moment), _MOMENT]
ToMoment = Annotated[datetime, BeforeValidator(_to_moment), _MOMENT]


TypeCode = Annotated[Code, Field(description="The incident type, by its code in the catalog of the year.")]
AtSchool = Annotated[School, Field(description="The school by its CDS code of 14 digits.")]
OccurredAt = Annotated[Instant | None, Field(description="When it happened.")]
DiscoveredAt = Annotated[Instant | None, Field(description="When it was discovered.")]
InGrade = Annotated[Grade | None, Field(description="The grade.")]
OfTest = Annotated[Code | None, Field(description="The test, by its code in the rulebook.")]
Delivery = Annotated[DeliveryMode | None, Field(description="How the test was given.")]
Kind = Annotated[
    AssessmentKind, Field(description="The kind of the assessment; only summative ones can be submitted.")
]
StudentCount = Annotated[Count | None, Field(description="How many students it concerns.")]
Listed = Annotated[Ssids | None, Field(description="The students, each by an SSID of 10 digits.")]
Told = Annotated[
    Narrative | None, Field(description="What happened: free text without SSIDs or names of students.")
]
TypeDetails = Annotated[
    Details, Field(description="What the incident type asks for, by the names of its rulebook.")
]
OfYear = Annotated[
    Year | None,
    Field(description="The administration year, such as `2018-19`; left out: that of `occurred_at`."),
]
Corrects = Annotated[
    CaseNumber | None, Field(description="The number of the submitted case that this one corrects.")
]


class CaseBody(RequestModel):
    """A case as it is begun. A draft may lack anything but the type and the school."""

    incident_type: TypeCode
    school: AtSchool
    occurred_at: OccurredAt = None
    discovered_at: DiscoveredAt = None
    grade: InGrade = None
    test: OfTest = None
    delivery_mode: Delivery = None
    assessment_kind: Kind = AssessmentKind.SUMMATIVE
    student_count: StudentCount = None
    ssids: Listed = None
    narrative: Told = None
    details: TypeDetails = Field(default_factory=dict)
    administration_year: OfYear = None
    corrects: Corrects = None

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


def _without_defaults(schema: JsonDict) -> None:
    """A field that is not sent stays as it is, so no default of ours is one to a caller."""
    properties: Any = schema["properties"]
    for field in properties.values():
        field.pop("default", None)


class RevisionBody(RequestModel):
    """The fields of a draft that change; `null` clears a field that may be absent."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    incident_type: TypeCode = ""
    school: AtSchool = ""
    occurred_at: OccurredAt = None
    discovered_at: DiscoveredAt = None
    grade: InGrade = None
    test: OfTest = None
    delivery_mode: Delivery = None
    assessment_kind: Kind = AssessmentKind.SUMMATIVE
    student_count: StudentCount = None
    ssids: Listed = None
    narrative: Told = None
    details: TypeDetails = Field(default_factory=dict)
    administration_year: OfYear = None
    corrects: Corrects = None

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, as they came; the list of students is apart."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"ssids"}}


class StudentsBody(RequestModel):
    """Only SSIDs: no names, nothing else."""

    ssids: Annotated[Ssids, Field(description="The students, each by an SSID of 10 digits.")]


class BreachCallBody(RequestModel):
    """A phone call as it was made."""

    called: Annotated[CallDestination, Field(description="Who was phoned.")]
    called_at: Annotated[Instant, Field(description="When.")]
    spoke_with: Annotated[ShortLine | None, Field(description="Who answered.")] = None
    reference: Annotated[ShortLine | None, Field(description="The reference that was given.")] = None

    def call(self) -> BreachCall:
        """The call."""
        return BreachCall(self.called, self.called_at, self.spoke_with, self.reference)


Number = Annotated[str, Field(max_length=40)]


SearchedSsid = Annotated[str, Field(pattern=r"^[0-9]{10}$")]


class CaseQuery(Paging):
    """What to look for in the list."""

    case_number: Annotated[Number | None, Field(description="Only the case of this number.")] = None
    status: Annotated[CaseStatus | None, Field(description="Only cases in this status.")] = None
    severity: Annotated[Severity | None, Field(description="Only cases of this severity.")] = None
    incident_type: Annotated[Code | None, Field(description="Only cases of this incident type.")] = None
    school: Annotated[School | None, Field(description="Only cases of this school, a CDS of 14 digits.")] = (
        None
    )
    lea: Annotated[Lea | None, Field(description="Only cases of this LEA, a CDS of 7 digits.")] = None
    ssid: Annotated[SearchedSsid | None, Field(description="Only cases of this student.")] = None
    submitted_from: Annotated[
        FromMoment | None,
        Field(description="Only cases submitted on this day (Pacific) or at this instant, or later."),
    ] = None
    submitted_to: Annotated[
        ToMoment | None,
        Field(description="Only cases submitted on this day (Pacific) or at this instant, or before."),
    ] = None
    late: Annotated[bool | None, Field(description="true: only late cases; false: only those in time.")] = (
        None
    )
    corrects: Annotated[Number | None, Field(description="Only cases that correct this case.")] = None

    def criteria(self) -> CaseCriteria:
        """The same for the search, but for the SSID: the search knows students by reference only."""
        return CaseCriteria(
            case_number=self.case_number,
            status=self.status,
            severity=self.severity,
            incident_type=self.incident_type,
            school=self.school,
            lea=self.lea,
            late=self.late,
            corrects=self.corrects,
            submitted_from=self.submitted_from,
            submitted_before=self.submitted_to,
        )


class CaseQueryInAddress(CaseQuery):
    """The same in an address, where no SSID should stand."""

    ssid: Annotated[
        SearchedSsid | None,
        Field(
            description="Deprecated, for addresses are kept in histories and logs: send it by `POST "
            "/v1/incidents/search`.",
            # not pydantic's own word for it, which warns whenever the field is read
            json_schema_extra={"deprecated": True},
        ),
    ] = None
