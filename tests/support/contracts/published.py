"""Events as incidents and appeals publish them, for those who consume them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.contracts import appeals_v1, incidents_v1
from shared.contracts.appeals_v1 import AppealApproved, AppealDenied, AppealRequested, AppealWithdrawn
from shared.contracts.envelope import CloudEvent, Person, Published
from shared.contracts.incidents_v1 import (
    AdditionalActionRequired,
    BreachIdentified,
    ConcernRecorded,
    IncidentSubmitted,
    NoteAdded,
    Reason,
)

CASES = UUID("6f1d0c9a-0000-4000-8000-00000000aaaa")
NOON = datetime(2019, 4, 12, 19, 0, tzinfo=UTC)
LEA, SCHOOL = "1964733", "19647336012345"
SITE_PERSON = Person(sub="site-1", name="Sam Okafor", email="site-1@example.org", role="site_coordinator")
CDE_PERSON = Person(sub="cde-1", name="Dee Chandra", email="cde-1@example.org", role="cde_reviewer")
TESTER_PERSON = Person(sub="ta-1", name="Tara Lund", email="ta-1@example.org", role="test_administrator")
LEA_PERSON = Person(sub="lea-1", name="Lena Ortiz", email="lea-1@example.org", role="lea_coordinator")


def case_id(number: int) -> UUID:
    return uuid5(CASES, str(number))


def case_number(number: int) -> str:
    return f"2018-19-{number:06d}"


def event_of(data: Published, source: str, version: int) -> CloudEvent:
    """The envelope of what a producer says; ``version`` is its fact's place in the stream."""
    subject = str(getattr(data, "appeal_id", data.key))
    return CloudEvent(
        id=f"{subject}.{version}",
        source=source,
        type=data.TYPE,
        time=NOON,
        subject=subject,
        key=data.key,
        sequence=version,
        data=data.model_dump(mode="json"),
    )


def incident_submitted(number: int = 1, **changes: object) -> CloudEvent:
    """A cheating case of a site coordinator (E26), unless changed."""
    fields: dict[str, object] = {
        "incident_id": case_id(number),
        "case_number": case_number(number),
        "administration_year": "2018-19",
        "rulebook": "2018-19",
        "rulebook_version": "abc",
        "incident_type": "student_cheating",
        "incident_title": "Student cheating",
        "severity": "irregularity",
        "severity_reason": Reason(rule="7", rulebook="2018-19", source="S 32; M p34", text="It is cheating."),
        "recommended_action": "continue_to_submit_appeal",
        "pre_action": None,
        "appeal_types": ["invalidate"],
        "cde_copy": True,
        "late": False,
        "lea": LEA,
        "school": SCHOOL,
        "grade": "05",
        "test": "sb_ela_cat",
        "delivery_mode": "online",
        "student_count": 2,
        "student_refs": ["stu_aaaaaaaaaaaaaaaaaaaaaaaaaa", "stu_bbbbbbbbbbbbbbbbbbbbbbbbbb"],
        "occurred_at": NOON - timedelta(hours=3),
        "discovered_at": NOON - timedelta(hours=2),
        "report_due_at": NOON + timedelta(hours=22),
        "submitted_at": NOON,
        "submitted_by": SITE_PERSON,
    }
    return event_of(IncidentSubmitted.model_validate({**fields, **changes}), incidents_v1.SOURCE, 3)


def about_appeal(number: int) -> dict[str, object]:
    """What every event of an appeal says."""
    return {
        "incident_id": case_id(number),
        "appeal_id": uuid5(CASES, f"appeal {number}"),
        "appeal_number": f"{case_number(number)}-A001",
        "case_number": case_number(number),
        "appeal_type": "invalidate",
        "student_ref": "stu_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "test": "sb_ela_cat",
        "incident_type": "student_cheating",
        "lea": LEA,
        "school": SCHOOL,
        "status": "pending_cde",
        "decider": "cde",
        "filed_by": SITE_PERSON,
        "case_submitted_by": SITE_PERSON,
    }


def appeal_requested(number: int = 1, **changes: object) -> CloudEvent:
    terms = {"routing": "defer_for_cde", "received_at": NOON, "decide_by": NOON + timedelta(days=4)}
    data = AppealRequested.model_validate({**about_appeal(number), **terms, **changes})
    return event_of(data, appeals_v1.SOURCE, 1)


def appeal_approved(number: int = 1, **changes: object) -> CloudEvent:
    outcome = {
        "status": "approved",
        "decided_at": NOON,
        "decided_by": Person(sub="cde-1", name="Dee", email="cde-1@example.org", role="cde_reviewer"),
        "reason": None,
        "effect": "Scored, with a note that an irregularity occurred.",
        "reopened_until": None,
    }
    return event_of(
        AppealApproved.model_validate({**about_appeal(number), **outcome, **changes}), appeals_v1.SOURCE, 2
    )


def appeal_denied(number: int = 1, **changes: object) -> CloudEvent:
    outcome = {
        "status": "denied",
        "decided_at": NOON,
        "decided_by": Person(sub="cde-1", name="Dee", email="cde-1@example.org", role="cde_reviewer"),
        "reason": "The wrong appeal type was chosen.",
    }
    return event_of(
        AppealDenied.model_validate({**about_appeal(number), **outcome, **changes}), appeals_v1.SOURCE, 2
    )


def appeal_withdrawn(number: int = 1, **changes: object) -> CloudEvent:
    outcome = {"status": "withdrawn", "withdrawn_at": NOON, "withdrawn_by": SITE_PERSON}
    data = AppealWithdrawn.model_validate({**about_appeal(number), **outcome, **changes})
    return event_of(data, appeals_v1.SOURCE, 2)


def _of_a_case(number: int) -> dict[str, object]:
    return {
        "incident_id": case_id(number),
        "case_number": case_number(number),
        "lea": LEA,
        "school": SCHOOL,
        "case_submitted_by": SITE_PERSON,
    }


def note_added(number: int = 1, **changes: object) -> CloudEvent:
    """A note of the CDE on a site coordinator's case, unless changed."""
    note = {"note_id": uuid5(CASES, f"note {number}"), "added_at": NOON, "added_by": CDE_PERSON}
    data = NoteAdded.model_validate({**_of_a_case(number), **note, **changes})
    return event_of(data, incidents_v1.SOURCE, 4)


def additional_action_required(number: int = 1, **changes: object) -> CloudEvent:
    demand = {"required_at": NOON, "required_by": CDE_PERSON}
    data = AdditionalActionRequired.model_validate({**_of_a_case(number), **demand, **changes})
    return event_of(data, incidents_v1.SOURCE, 5)


def breach_identified(number: int = 1, **changes: object) -> CloudEvent:
    found = {
        "incident_type": "social_media_exposure_student",
        "incident_title": "Students showed items on social media",
        "call": "call_caltac",
        "identified_at": NOON,
        "identified_by": SITE_PERSON,
    }
    data = BreachIdentified.model_validate({**_of_a_case(number), **found, **changes})
    return event_of(data, incidents_v1.SOURCE, 2)


def concern_recorded(number: int = 1, **changes: object) -> CloudEvent:
    concern = {
        "concern_id": uuid5(CASES, f"concern {number}"),
        "lea": LEA,
        "school": SCHOOL,
        "severity_guess": "breach",
        "recorded_at": NOON,
        "recorded_by": TESTER_PERSON,
    }
    return event_of(ConcernRecorded.model_validate({**concern, **changes}), incidents_v1.SOURCE, 1)
