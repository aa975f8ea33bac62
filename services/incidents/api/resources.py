"""The case as it is answered (contract §3), and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import Field

from services.incidents.api.judged import Judged, judged
from services.incidents.api.schemas import CaseStatus, MailState
from services.incidents.domain.case import Case
from services.incidents.domain.values import (
    AssessmentKind,
    BreachCall,
    CallDestination,
    DeliveryMode,
    SealedStudent,
    SubStatus,
)
from services.incidents.domain.values import CaseStatus as Status
from shared.http.resources import Resource
from shared.kernel.actor import Actor, Role
from shared.kernel.ssid import REMOVED, without_ssids

Masks = Mapping[str, str]
"""The masked SSIDs that the caller may see, by student reference."""

Version = Annotated[int, Field(ge=1, description="Grows by one with every change; the `ETag`.")]
IncidentTypeCode = Annotated[
    str, Field(description="The incident type, by its code in the catalog of the year.")
]
School = Annotated[str, Field(description="The school by its CDS code of 14 digits.")]
Lea = Annotated[str, Field(description="The LEA by its CDS code of 7 digits.")]
Year = Annotated[
    str | None, Field(description="The administration year, such as `2018-19`; null while it is not known.")
]
OccurredAt = Annotated[datetime | None, Field(description="When it happened; null while it is not said.")]
DiscoveredAt = Annotated[
    datetime | None, Field(description="When it was discovered; null while it is not said.")
]
Grade = Annotated[
    str | None, Field(description="The grade, `03` to `08` or `11`; null while it is not said.")
]
TestName = Annotated[
    str | None, Field(description="The test, by its code in the rulebook; null while it is not said.")
]
Delivery = Annotated[
    DeliveryMode | None, Field(description="How the test was given; null while it is not said.")
]
Count = Annotated[
    int | None, Field(ge=0, description="How many students it concerns; null while it is not said.")
]
Number = Annotated[
    str | None, Field(description="The case number, such as `2018-19-000123`; null on a draft.")
]
Corrects = Annotated[
    str | None, Field(description="The number of the submitted case that this one corrects; null: none.")
]
Waiting = Annotated[
    SubStatus | None, Field(description="What a submitted case waits for; null where it waits for nothing.")
]
SubmittedAt = Annotated[datetime | None, Field(description="When it was submitted; null on a draft.")]
StudentRef = Annotated[
    str, Field(description="The student's reference: the same in every case, and no SSID.")
]


StudentRefOfCase = Annotated[
    str | None,
    Field(
        description="The student's reference: the same in every case, and no SSID; null while the case is a "
        "draft."
    ),
]


class PersonResource(Resource):
    """Somebody who acted."""

    sub: Annotated[str, Field(description="The `sub` of the person's token.")]
    name: Annotated[str, Field(description="The person's name, from the token.")]
    email: Annotated[str, Field(description="The person's e-mail address, from the token.")]
    role: Annotated[Role, Field(description="The role in which the person acted.")]

    @classmethod
    def of(cls, actor: Actor) -> PersonResource:
        """Who, without their place."""
        return cls.model_construct(sub=actor.sub, name=actor.name, email=actor.email, role=actor.role)

    @classmethod
    def of_row(cls, by: Mapping[str, Any]) -> PersonResource:
        """Who, as a list has it: rows of before may hold a name that is masked today (A-55)."""
        return cls.model_construct(**{**by, "name": without_ssids(by["name"], REMOVED)})


class StudentResource(Resource):
    """A student of a case, without the full SSID."""

    student_ref: StudentRefOfCase
    ssid_masked: Annotated[
        str | None,
        Field(description="The SSID with its last digits only; null for those who may not read it."),
    ]

    @classmethod
    def of(cls, student: SealedStudent, masks: Masks, *, of_draft: bool) -> StudentResource:
        """The student as this caller may see them.

        A draft shows no reference: by a draft that nobody has to answer for, whoever guesses an SSID would
        learn under which name other cases know the student.
        """
        ref = student.student_ref
        return cls.model_construct(student_ref=None if of_draft else ref, ssid_masked=masks.get(ref))


class BreachCallResource(Resource):
    """A phone call on record."""

    called: Annotated[CallDestination, Field(description="Who was phoned.")]
    called_at: Annotated[datetime, Field(description="When.")]
    spoke_with: Annotated[str | None, Field(description="Who answered; null where it was not said.")]
    reference: Annotated[str | None, Field(description="The reference that was given; null where none was.")]

    @classmethod
    def of(cls, call: BreachCall) -> BreachCallResource:
        """The call."""
        return cls.model_construct(
            called=call.called,
            called_at=call.called_at,
            spoke_with=call.spoke_with,
            reference=call.reference,
        )


class CaseResource(Judged):
    """A case."""

    id: Annotated[UUID, Field(description="The case's id.")]
    case_number: Number
    status: Annotated[CaseStatus, Field(description="Where the case stands.")]
    sub_status: Waiting
    incident_type: IncidentTypeCode
    occurred_at: OccurredAt
    discovered_at: DiscoveredAt
    lea: Lea
    school: School
    grade: Grade
    test: TestName
    delivery_mode: Delivery
    assessment_kind: Annotated[
        AssessmentKind, Field(description="The kind of the assessment; only summative ones are reported.")
    ]
    student_count: Count
    narrative: Annotated[
        str | None, Field(description="What happened, in free text; null while it is not said.")
    ]
    details: Annotated[
        dict[str, object],
        Field(
            description="What the incident type asks for, by the names of its rulebook. A student in it is "
            "shown as in `students`."
        ),
    ]
    administration_year: Year
    corrects: Corrects
    submitted_at: SubmittedAt
    submitted_by: Annotated[PersonResource | None, Field(description="Who submitted it; null on a draft.")]
    additional_action: Annotated[
        str | None,
        Field(description="What CalTAC or the CDE still ask for; null where they ask for nothing."),
    ]
    students: Annotated[list[StudentResource], Field(description="The students whom it concerns.")]
    breach_calls: Annotated[
        list[BreachCallResource], Field(description="The phone calls on record, oldest first.")
    ]
    version: Version

    @classmethod
    def of(
        cls, case: Case, masks: Masks, additional_action: str | None = None, *, to_keep: bool = False
    ) -> CaseResource:
        """A case, with what CalTAC or the CDE still ask for; nobody asks anything of a draft.

        :param to_keep: for a receipt and nobody's eyes: with the references of a draft's students, so that
            they are found again.
        """
        report = case.report
        of_draft = case.status is Status.DRAFT and not to_keep
        return CaseResource.model_construct(
            id=case.id,
            case_number=case.case_number,
            status=cast("CaseStatus", case.status),  # never deleted: such a case is not found
            sub_status=case.sub_status,
            incident_type=report.incident_type,
            occurred_at=report.occurred_at,
            discovered_at=report.discovered_at,
            lea=report.lea,
            school=report.school,
            grade=report.grade,
            test=report.test,
            delivery_mode=report.delivery_mode,
            assessment_kind=report.assessment_kind,
            student_count=report.student_count,
            narrative=report.narrative,
            details={name: _detail(value, masks, of_draft) for name, value in report.details.items()},
            administration_year=report.year,
            corrects=report.corrects,
            **judged(case.assessment),
            late=case.late,
            report_due_at=_due(case),
            submitted_at=case.submitted_at,
            submitted_by=PersonResource.of(case.submitted_by) if case.submitted_by else None,
            additional_action=additional_action,
            students=[StudentResource.of(one, masks, of_draft=of_draft) for one in case.students],
            breach_calls=[BreachCallResource.of(call) for call in case.breach_calls],
            version=case.version,
        )


class MailStatus(Resource):
    """What became of one mail about the case; to whom it goes is told by the notifications service."""

    notification_id: Annotated[UUID, Field(description="The message's id in the notifications service.")]
    kind: Annotated[str, Field(description="What the message is for, such as `case_submitted`.")]
    status: Annotated[MailState, Field(description="What became of it.")]
    at: Annotated[datetime, Field(description="Since when it stands so.")]


class ShownCase(CaseResource):
    """A case with its mails, which follow by moments and change no version."""

    notifications: Annotated[list[MailStatus], Field(description="The mails about the case.")]

    @classmethod
    def with_mails(
        cls,
        case: Case,
        masks: Masks,
        additional_action: str | None,
        mails: Sequence[Mapping[str, Any]],
    ) -> ShownCase:
        """A case, and what is known of the mails about it."""
        known = [MailStatus.model_construct(**mail) for mail in mails]
        return cls.model_construct(
            **vars(CaseResource.of(case, masks, additional_action)), notifications=known
        )


def _detail(value: object, masks: Masks, of_draft: bool) -> object:
    if isinstance(value, list):
        return [_detail(one, masks, of_draft) for one in value]
    if isinstance(value, dict) and "ssid_sealed" in value:
        return StudentResource.of(SealedStudent.from_fact(value), masks, of_draft=of_draft)
    if isinstance(value, dict):
        return {name: _detail(one, masks, of_draft) for name, one in value.items()}
    return value


def _due(case: Case) -> datetime | None:
    discovered = case.report.discovered_at
    return case.assessment.report_due(discovered) if discovered else None
