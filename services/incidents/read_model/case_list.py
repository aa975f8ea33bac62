"""Folds the facts of a case into its row of the list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from eventsourcing.domain import DomainEvent

from services.incidents.domain import facts
from services.incidents.domain.appeals import NotedAppeal, sub_status
from services.incidents.domain.assessment import Assessment
from services.incidents.domain.facts import Person, Stored
from services.incidents.domain.report import Report
from services.incidents.domain.values import CaseStatus, SubStatus
from services.incidents.read_model.tables import CASE_LIST

CaseRow = dict[str, Any]  # a row of ``case_list`` by column

_JUDGED = (
    "incident_title", "severity", "recommended_action", "pre_action", "appeal_types", "cde_copy",
)  # fmt: skip
_STATED = ("incident_type", "school", "grade", "test", "student_count", "occurred_at", "discovered_at")


class CaseList:
    """One row per case that is not deleted; who reads SSIDs is not in it."""

    name = "case_list"
    table: sa.Table = CASE_LIST

    def fold(self, row: dict[str, object] | None, fact: DomainEvent) -> dict[str, object] | None:
        """The row after the fact."""
        if not isinstance(fact, facts.Event) or isinstance(fact, facts.DraftDeleted):
            return None
        if isinstance(fact, facts.Drafted):
            return {**_begun(fact), "version": fact.originator_version}
        if row is None:  # the facts of a case begin with its draft
            raise LookupError(f"{type(fact).__name__} of a case that was never drafted")
        return {**row, **_changed(row, fact), "version": fact.originator_version}


def _begun(fact: facts.Drafted) -> CaseRow:
    return {
        "id": fact.originator_id,
        "status": CaseStatus.DRAFT.value,
        "sub_status": None,
        "case_number": None,
        "late": False,
        "drafted_at": fact.occurred_at,
        "drafted_by": fact.actor["sub"],
        "submitted_at": None,
        "submitted_by": None,
        "appeals": {},
        **_reported(fact.report, fact.students),
        **_assessed(fact.assessment),
        "report_due_at": _due(fact.report, fact.assessment),
    }


def _changed(row: CaseRow, fact: facts.Event) -> CaseRow:
    match fact:
        case facts.Revised():
            due = _due(fact.report, fact.assessment)
            return {**_reported(fact.report, None), **_assessed(fact.assessment), "report_due_at": due}
        case facts.StudentsListed():
            refs = [student["student_ref"] for student in fact.students]
            return {"student_refs": refs, **_assessed(fact.assessment)}
        case facts.Submitted():
            return _submitted(fact)
        case facts.AppealNoted():
            appeals = {**row["appeals"], fact.appeal["appeal_id"]: fact.appeal}
            waits = sub_status([NotedAppeal.from_fact(appeal) for appeal in appeals.values()])
            return {"appeals": appeals, "status": CaseStatus.SUBMITTED.value, "sub_status": waits}
        case facts.Processed():
            return {"status": CaseStatus.PROCESSED.value, "sub_status": SubStatus.COMPLETED.value}
        case _:
            return {}


def _submitted(fact: facts.Submitted) -> CaseRow:
    return {
        **_reported(fact.report, fact.students),
        **_assessed(fact.assessment),
        "status": CaseStatus.SUBMITTED.value,
        "case_number": fact.case_number,
        "administration_year": fact.administration_year,
        "report_due_at": fact.report_due_at,
        "late": fact.late,
        "submitted_at": fact.occurred_at,
        "submitted_by": _named(fact.actor),
    }


def _reported(kept: Stored, students: list[dict[str, str]] | None) -> CaseRow:
    report = Report.from_fact(kept)
    row: CaseRow = {name: getattr(report, name) for name in _STATED}
    row["lea"] = report.lea
    row["administration_year"] = report.year
    row["corrects"] = report.corrects
    row["delivery_mode"] = report.delivery_mode.value if report.delivery_mode else None
    if students is not None:
        row["student_refs"] = [student["student_ref"] for student in students]
    return row


def _due(report: Stored, assessment: Stored) -> datetime | None:
    discovered = Report.from_fact(report).discovered_at
    return Assessment.from_fact(assessment).report_due(discovered) if discovered else None


def _assessed(kept: Stored) -> CaseRow:
    return {name: kept[name] for name in _JUDGED}


def _named(actor: Person) -> dict[str, str | None]:
    return {name: actor[name] for name in ("sub", "name", "email", "role")}
