"""What the rulebook says of a case, as it is answered (contract §3)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.incidents.domain.assessment import Assessment, SeverityReason
from services.incidents.domain.values import AppealType, PreAction, RecommendedAction, Severity
from shared.http.resources import Resource

ReportDue = Annotated[
    datetime | None, Field(description="Until when it has to be submitted; null while that is not known.")
]
Late = Annotated[bool, Field(description="Whether it was submitted after `report_due_at`.")]


class ReasonResource(Resource):
    """Which rule of which year decided, and where the guides say so."""

    rule: Annotated[str, Field(description="The rule, by its name in the rulebook.")]
    rulebook: Annotated[str, Field(description="The administration year whose rulebook it is.")]
    source: Annotated[str, Field(description="Where the guides say so.")]
    text: Annotated[str, Field(description="The rule in words.")]

    @classmethod
    def of(cls, reason: SeverityReason) -> ReasonResource:
        """The rule that decided."""
        return cls.model_construct(
            rule=reason.rule, rulebook=reason.rulebook, source=reason.source, text=reason.text
        )


class Judged(Resource):
    """What the rulebook says of a case."""

    incident_title: Annotated[str, Field(description="The incident type in words.")]
    severity: Annotated[Severity, Field(description="The severity; the filer does not choose it.")]
    severity_reason: Annotated[ReasonResource, Field(description="Which rule decided the severity.")]
    recommended_action: Annotated[RecommendedAction, Field(description="What to do next.")]
    pre_action: Annotated[
        PreAction | None, Field(description="The phone call that has to come first; null where none has.")
    ]
    appeal_types: Annotated[list[AppealType], Field(description="The appeals that the case can lead to.")]
    cde_copy: Annotated[bool, Field(description="Whether the CDE gets a copy of the case.")]
    late: Late
    report_due_at: ReportDue


def judged(assessment: Assessment) -> dict[str, Any]:
    """The fields of ``Judged`` that the rulebook alone decides."""
    return {
        "incident_title": assessment.incident_title,
        "severity": assessment.severity,
        "severity_reason": ReasonResource.of(assessment.severity_reason),
        "recommended_action": assessment.recommended_action,
        "pre_action": assessment.pre_action,
        "appeal_types": assessment.appeal_types,
        "cde_copy": assessment.cde_copy,
    }
