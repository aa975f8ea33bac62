"""The form's body as a value: what a coordinator stated, with every SSID in it already sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, cast

from services.incidents.domain.assessment import Assessment
from services.incidents.domain.conditions import Circumstances
from services.incidents.domain.details import missing_details, says_nothing, students_in
from services.incidents.domain.errors import (
    DiscoveredBeforeOccurred,
    InTheFuture,
    InvalidReport,
    MissingDetails,
    NotSummative,
    SsidsRequired,
    StudentCountMismatch,
    TooManyStudents,
)
from services.incidents.domain.rulebook import IncidentType, Rulebook
from services.incidents.domain.values import (
    CDS_OF_LEA,
    MOST_STUDENTS,
    AssessmentKind,
    DeliveryMode,
    SealedStudent,
    administration_year,
)
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Issue
from shared.kernel.judged import Judged

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far a caller's clock may run ahead of ours before an instant counts as future."""

SUBMISSION_NEEDS = (
    "occurred_at", "discovered_at", "grade", "test", "delivery_mode", "student_count", "narrative",
)  # fmt: skip
"""The common details of HR-06 and §4.2 that a draft may still lack."""


@dataclass(frozen=True)
class Report:
    """One school, one grade, one test (HR-04). A draft may lack anything but the type and the school."""

    incident_type: str
    school: str
    assessment_kind: AssessmentKind = AssessmentKind.SUMMATIVE
    administration_year: str | None = None  # as stated; ``year`` derives it otherwise
    occurred_at: datetime | None = None
    discovered_at: datetime | None = None
    grade: str | None = None
    test: str | None = None
    delivery_mode: DeliveryMode | None = None
    student_count: int | None = None
    narrative: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    corrects: str | None = None  # the number of the submitted case that this one sets right (§6.2)

    @property
    def lea(self) -> str:
        """The LEA that the school belongs to."""
        return self.school[:CDS_OF_LEA]

    @property
    def year(self) -> str | None:
        """The administration year: as stated, else by the day of the incident, else not known yet."""
        if self.administration_year is not None:
            return self.administration_year
        return administration_year(self.occurred_at) if self.occurred_at else None

    def of_year(self, year: str) -> Report:
        """The same report with its administration year stated."""
        return replace(self, administration_year=year)

    def circumstances(self, rulebook: Rulebook, listed: int) -> Circumstances:
        """What the rulebook's conditions may ask about; ``listed`` is the number of listed students."""
        test = rulebook.tests.get(self.test or "")
        return {
            "test": self.test,
            "test_kind": test.kind if test else None,
            "grade": self.grade,
            "delivery_mode": (self.delivery_mode or DeliveryMode.ONLINE).value,
            "students": listed,
            "student_count": self.student_count,
            **{f"details.{name}": value for name, value in self.details.items()},
        }

    def accepted(self, rulebook: Rulebook, actor: Actor, at: datetime) -> AcceptedReport:
        """Judge whether the form accepts the report from this caller; details may still hold plain SSIDs.

        :raises Invalid: the form does not take it (HR-03, HR-27, HR-28), or it says what no draft may say:
            ``NotSummative``, ``TooManyStudents``, ``InTheFuture`` and their like.
        """
        row = rulebook.reportable_type(self.incident_type, by_caltac=actor.role is Role.CALTAC_AGENT)
        self._require_form(rulebook, at)
        return AcceptedReport(self, row, rulebook, judged=True)

    def _require_form(self, rulebook: Rulebook, at: datetime) -> None:
        if self.assessment_kind is not AssessmentKind.SUMMATIVE:
            raise NotSummative
        if (self.student_count or 0) > MOST_STUDENTS:
            raise TooManyStudents
        self._require_test(rulebook)
        self._require_times(at)

    def _require_test(self, rulebook: Rulebook) -> None:
        """One of the year's tests, and a grade that takes it (§2.1)."""
        if self.test is None:
            return
        if self.test not in rulebook.tests:
            raise InvalidReport(
                "The test is not one of this year's.",
                issues=[Issue("/test", "unknown_choice", f"One of: {', '.join(rulebook.tests)}.")],
            )
        grades = rulebook.tests[self.test].grades
        if self.grade is not None and self.grade not in grades:
            raise InvalidReport(
                "This grade does not take this test.",
                issues=[Issue("/grade", "unknown_choice", f"One of: {', '.join(grades)}.")],
            )

    def _require_times(self, at: datetime) -> None:
        for name, instant in (("occurred_at", self.occurred_at), ("discovered_at", self.discovered_at)):
            if instant is not None and instant > at + CLOCKS_DIFFER:
                issue = Issue(f"/{name}", "in_the_future", "This instant has not come yet.")
                raise InTheFuture("What is reported has happened.", issues=[issue])
        if self.occurred_at and self.discovered_at and self.discovered_at < self.occurred_at:
            raise DiscoveredBeforeOccurred(
                "The incident was discovered after it occurred, or at the same moment.",
                issues=[Issue("/discovered_at", "discovered_before_occurred", "This is before occurred_at.")],
            )

    def require_complete(
        self, rulebook: Rulebook, row: IncidentType, students: Sequence[SealedStudent], *, appealable: bool
    ) -> None:
        """Require everything that submission needs (HR-06).

        :param appealable: whether an appeal may follow: then the students are listed.

        :raises MissingDetails, StudentCountMismatch, SsidsRequired: what is missing.
        """
        missing = [
            Issue(f"/{name}", "missing", "Needed for submission.")
            for name in SUBMISSION_NEEDS
            if says_nothing(getattr(self, name))
        ]
        missing += missing_details(self.details, row.details, self.circumstances(rulebook, len(students)))
        if missing:
            raise MissingDetails("The case cannot be submitted before these are given.", issues=missing)
        if students and len(students) != self.student_count:
            issue = Issue("/student_count", "student_count_mismatch", f"{len(students)} students are listed.")
            raise StudentCountMismatch("State as many students as are listed.", issues=[issue])
        if strangers := _strangers(self.details, students):
            raise SsidsRequired(
                f"The details name {strangers} students that are not on the list of students.",
                issues=[Issue("/ssids", "ssids_required", "List every student that the details name.")],
            )
        if not students and (appealable or row.asks_for_pairs):
            raise SsidsRequired("An appeal may follow, or pairs are asked for: list the students.")

    def as_fact(self) -> dict[str, object]:
        """The form in which an event keeps it: complete, enumerations as text."""
        kept = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        kept["assessment_kind"] = self.assessment_kind.value
        kept["delivery_mode"] = self.delivery_mode.value if self.delivery_mode else None
        kept["details"] = dict(self.details)
        return kept

    @classmethod
    def from_fact(cls, fact: Mapping[str, object]) -> Report:
        """The report that an event kept."""
        kept = dict(cast("Mapping[str, Any]", fact))  # shaped by as_fact, and by nothing else
        kept["assessment_kind"] = AssessmentKind(kept["assessment_kind"])
        kept["delivery_mode"] = DeliveryMode(kept["delivery_mode"]) if kept["delivery_mode"] else None
        return cls(**kept)


@dataclass(frozen=True)
class AcceptedReport(Judged):
    """A report that the form takes, with its row of the catalog; ``Report.accepted`` hands it out.

    It is made before anything is sealed. The judgement does not depend on the details, so it holds for the
    sealed report as well.
    """

    report: Report
    row: IncidentType
    rules: Rulebook

    def with_details(self, details: Mapping[str, object]) -> AcceptedReport:
        """The same with its details replaced by the sealed ones."""
        return replace(self, report=replace(self.report, details=details))

    def assess(self, listed: int) -> Assessment:
        """What the rulebook says of the report; ``listed`` is the number of listed students."""
        return self.rules.assess(self.report.incident_type, self.report.circumstances(self.rules, listed))


def _strangers(details: Mapping[str, object], students: Sequence[SealedStudent]) -> int:
    listed = {student.student_ref for student in students}
    return len({student.student_ref for student in students_in(details)} - listed)
