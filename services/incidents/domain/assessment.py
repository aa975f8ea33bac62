"""What a rulebook says of a case: its severity with the reason, and what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from services.incidents.domain.values import AppealType, PreAction, RecommendedAction, Severity


@dataclass(frozen=True)
class SeverityReason:
    """Which rule of which year decided, and where the guides say so."""

    rule: str
    rulebook: str
    source: str
    text: str


@dataclass(frozen=True)
class Assessment:
    """The severity and its consequences by the rulebook, never by the filer's choice (HR-05)."""

    incident_title: str
    severity: Severity
    severity_reason: SeverityReason
    rulebook_version: str
    recommended_action: RecommendedAction
    pre_action: PreAction | None
    appeal_types: tuple[AppealType, ...]
    cde_copy: bool
    # K3, by the year's rules; facts that lack it are of years with 24 hours
    report_within_hours: int = 24

    def report_due(self, discovered_at: datetime) -> datetime:
        """When the case has to be submitted: after elapsed hours, whatever summer time does (A-3)."""
        return discovered_at + timedelta(hours=self.report_within_hours)

    def as_fact(self) -> dict[str, object]:
        """The form in which an event keeps it."""
        return {
            "incident_title": self.incident_title,
            "severity": self.severity.value,
            "severity_reason": dict(vars(self.severity_reason)),
            "rulebook_version": self.rulebook_version,
            "recommended_action": self.recommended_action.value,
            "pre_action": self.pre_action.value if self.pre_action else None,
            "appeal_types": [appeal.value for appeal in self.appeal_types],
            "cde_copy": self.cde_copy,
            "report_within_hours": self.report_within_hours,
        }

    @classmethod
    def from_fact(cls, fact: Mapping[str, object]) -> Assessment:
        """The assessment that an event kept; its enumerations come back from the store as text."""
        kept = cast("Mapping[str, Any]", fact)  # shaped by as_fact, and by nothing else
        return cls(
            incident_title=kept["incident_title"],
            severity=Severity(kept["severity"]),
            severity_reason=SeverityReason(**kept["severity_reason"]),
            rulebook_version=kept["rulebook_version"],
            recommended_action=RecommendedAction(kept["recommended_action"]),
            pre_action=PreAction(kept["pre_action"]) if kept["pre_action"] else None,
            appeal_types=tuple(map(AppealType, kept["appeal_types"])),
            cde_copy=kept["cde_copy"],
            report_within_hours=kept.get("report_within_hours", 24),
        )
