"""What callers get to see (contract §3): the case resource, list items, history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from services.incidents.application.cases import Classification
from services.incidents.application.ports import RecordedFact
from services.incidents.domain.assessment import Assessment
from services.incidents.domain.case import Case
from services.incidents.domain.concern import Concern
from services.incidents.domain.disclosures import Disclosures
from services.incidents.domain.discussion import Note
from services.incidents.domain.filing_protocol import DEFAULT, FilingProtocol
from services.incidents.domain.report import Report
from services.incidents.domain.values import CDS_OF_LEA, SealedStudent
from shared.http.paging import page
from shared.kernel.actor import Actor

Json = dict[str, object]


def case_resource(case: Case, masks: Mapping[str, str], additional_action: str | None = None) -> Json:
    """A case.

    :param masks: the masked SSIDs that the caller may see, by student reference.
    :param additional_action: what CalTAC or the CDE still ask for; nobody asks anything of a draft.
    """
    report = case.report
    return {
        "id": case.id,
        "case_number": case.case_number,
        "status": case.status,
        "sub_status": case.sub_status,
        **_stated(report, masks),
        **_judged(case.assessment),
        "late": case.late,
        "report_due_at": _due(case),
        "submitted_at": case.submitted_at,
        "submitted_by": _person(case.submitted_by),
        "additional_action": additional_action,
        "students": [_student(student, masks) for student in case.students],
        "breach_calls": [asdict(call) for call in case.breach_calls],
        "version": case.version,
    }


def note_resource(note: Note) -> Json:
    """A note on a case."""
    return {
        "id": note.note_id,
        "text": note.text,
        "author": _person(note.author),
        "added_at": note.added_at,
    }


def concern_resource(concern: Concern) -> Json:
    """What was told upward."""
    return {
        "id": concern.id,
        "version": concern.version,
        "school": concern.seen.school,
        "lea": concern.seen.school[:CDS_OF_LEA],
        "text": concern.seen.text,
        "severity_guess": concern.seen.severity_guess,
        "observed_at": concern.seen.observed_at,
        "recorded_at": concern.recorded_at,
        "recorded_by": _person(concern.recorded_by),
    }


def concern_page(rows: list[dict[str, Any]], limit: int) -> Json:
    """A page of the list of concerns."""
    return page(rows, limit, lambda row: (row["recorded_at"].isoformat(), str(row["id"])))


def filing_protocol_resource(lea: str, chosen: FilingProtocol | None) -> Json:
    """An LEA's choice, or the default that holds until it chooses."""
    return {
        "lea": lea,
        "filing_protocol": chosen.protocol if chosen else DEFAULT,
        "chosen_by": _person(chosen.chosen_by) if chosen else None,
        "chosen_at": chosen.chosen_at if chosen else None,
        "version": chosen.version if chosen else 0,
    }


def classification(report: Report, found: Classification) -> Json:
    """What a dry run answers."""
    return {
        "incident_type": report.incident_type,
        "administration_year": report.year,
        **_judged(found.assessment),
        "late": found.late,
        "report_due_at": found.report_due_at,
        "clocks": [{"id": "K3", "what": "submission of the case", "due_at": found.report_due_at}],
    }


def case_page(rows: list[dict[str, Any]], limit: int) -> Json:
    """A page of the list."""
    return page([_item(row) for row in rows], limit, _place)


def history_item(recorded: RecordedFact) -> Json:
    """One thing that happened: what, who, when it happened, when it was recorded; no SSID, no free text."""
    fact: Any = recorded.fact
    read = isinstance(fact, Disclosures.Event)
    name = "students_read" if read else type(fact).TOPIC.rpartition(".")[2]
    who = Actor.from_fact(fact.actor)
    return {
        "what": name,
        "who": {"sub": who.sub, "name": who.name, "role": who.role},
        "occurred_at": fact.occurred_at,
        "recorded_at": fact.timestamp,
        "version": fact.originator_version if isinstance(fact, Case.Event) else None,
        "data": dict(_told(vars(fact))),
    }


def _stated(report: Report, masks: Mapping[str, str]) -> Json:
    return {
        "incident_type": report.incident_type,
        "occurred_at": report.occurred_at,
        "discovered_at": report.discovered_at,
        "lea": report.lea,
        "school": report.school,
        "grade": report.grade,
        "test": report.test,
        "delivery_mode": report.delivery_mode,
        "assessment_kind": report.assessment_kind,
        "student_count": report.student_count,
        "narrative": report.narrative,
        "details": {name: _detail(value, masks) for name, value in report.details.items()},
        "administration_year": report.year,
        "corrects": report.corrects,
    }


def _judged(assessment: Assessment) -> Json:
    return {
        "incident_title": assessment.incident_title,
        "severity": assessment.severity,
        "severity_reason": vars(assessment.severity_reason),
        "recommended_action": assessment.recommended_action,
        "pre_action": assessment.pre_action,
        "appeal_types": list(assessment.appeal_types),
        "cde_copy": assessment.cde_copy,
    }


def _student(student: SealedStudent, masks: Mapping[str, str]) -> Json:
    return {"student_ref": student.student_ref, "ssid_masked": masks.get(student.student_ref)}


def _detail(value: object, masks: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_detail(one, masks) for one in value]
    if isinstance(value, dict) and "ssid_sealed" in value:
        return _student(SealedStudent.from_fact(value), masks)
    if isinstance(value, dict):
        return {name: _detail(one, masks) for name, one in value.items()}
    return value


def _person(actor: Actor | None) -> Json | None:
    if actor is None:
        return None
    return {"sub": actor.sub, "name": actor.name, "email": actor.email, "role": actor.role}


def _item(row: Mapping[str, Any]) -> Json:
    item = {name: value for name, value in row.items() if name not in ("student_refs", "appeals")}
    item["students"] = [{"student_ref": ref} for ref in row["student_refs"]]
    item["appeals"] = list(row["appeals"].values())
    return item


def _place(item: Mapping[str, object]) -> tuple[str, str]:
    drafted_at, case_id = item["drafted_at"], item["id"]
    assert isinstance(drafted_at, datetime)  # noqa: S101 - the column's type
    assert isinstance(case_id, UUID)  # noqa: S101 - the column's type
    return drafted_at.isoformat(), str(case_id)


_TOLD = ("case_number", "call", "called", "called_at", "late", "report_due_at", "student_count")


def _due(case: Case) -> datetime | None:
    discovered = case.report.discovered_at
    return case.assessment.report_due(discovered) if discovered else None


def _told(fact: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    for name in _TOLD:
        if name in fact:
            yield name, fact[name]
    if "assessment" in fact:
        yield "severity", fact["assessment"]["severity"]
        yield "rulebook_version", fact["assessment"]["rulebook_version"]
    if "students" in fact:
        yield "student_refs", [student["student_ref"] for student in fact["students"]]
    if "appeal" in fact:
        yield (
            "appeal",
            {name: fact["appeal"][name] for name in ("appeal_id", "appeal_number", "appeal_type", "status")},
        )
