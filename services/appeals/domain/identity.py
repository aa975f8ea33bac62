"""Which appeal a fact is about: repeated in each of its facts, so that each can be published alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from services.appeals.domain.policy import Route
from services.appeals.domain.values import AppealType, Decider, KnownCase, Request
from shared.kernel.actor import Actor


@dataclass(frozen=True)
class Identity:
    """The parts of an appeal that never change; no SSID is among them."""

    appeal_id: UUID
    appeal_number: str
    incident_id: UUID
    case_number: str
    administration_year: str
    appeal_type: AppealType
    student_ref: str
    test: str
    incident_type: str
    lea: str
    school: str
    decider: Decider
    filed_by: Actor
    case_submitted_by: dict[str, str | None]

    @classmethod
    def of(cls, asked: Request, case: KnownCase, route: Route) -> Identity:
        """The identity of the appeal that a request opens."""
        return cls(
            appeal_id=asked.appeal_id,
            appeal_number=asked.appeal_number,
            incident_id=case.incident_id,
            case_number=case.case_number,
            administration_year=case.administration_year,
            appeal_type=asked.appeal_type,
            student_ref=asked.student_ref,
            test=case.test,
            incident_type=case.incident_type,
            lea=case.lea,
            school=case.school,
            decider=route.decider,
            filed_by=asked.actor,
            case_submitted_by=case.submitted_by,
        )

    def as_fact(self) -> dict[str, Any]:
        """The form in which an event keeps it: plain JSON values."""
        return {
            **asdict(self),
            "appeal_id": str(self.appeal_id),
            "incident_id": str(self.incident_id),
            "appeal_type": self.appeal_type.value,
            "decider": self.decider.value,
            "filed_by": self.filed_by.as_fact(),
        }

    @classmethod
    def from_fact(cls, about: Mapping[str, Any]) -> Identity:
        """The identity that an event kept."""
        return cls(
            **{
                **about,
                "appeal_id": UUID(about["appeal_id"]),
                "incident_id": UUID(about["incident_id"]),
                "appeal_type": AppealType(about["appeal_type"]),
                "decider": Decider(about["decider"]),
                "filed_by": Actor.from_fact(about["filed_by"]),
            }
        )
