"""Occasions, messages and directory entries in the states that tests begin from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.notifications.domain.message import Message
from services.notifications.domain.occasions import (
    AdditionalActionRequired,
    AppealApproved,
    AppealDenied,
    AppealRequested,
    AppealWithdrawn,
    BreachCallDue,
    CaseSubmitted,
    ConcernRecorded,
    DecisionAtRisk,
    DecisionOverdue,
    DraftReminder,
    NoteAdded,
    NoteForADesk,
    Occasion,
    ReportAtRisk,
    ReportOverdue,
    Somebody,
)
from services.notifications.domain.values import (
    Because,
    Cause,
    Contact,
    Content,
    MessageDraft,
    MessageKind,
    Recipient,
    ServerAnswer,
    Verdict,
)

INCIDENT = UUID("6f1d0c9a-0000-4000-8000-000000000001")
TUESDAY = datetime(2019, 4, 16, 18, 0, tzinfo=UTC)
LEA, SCHOOL = "1964733", "19647330101234"
SYSTEM: dict[str, str | None] = {
    "sub": "notifications",
    "name": "notifications",
    "email": "",
    "role": "system",
}
SITE = Somebody("site_coordinator", "Sia Site", "sia.site@school.example.org")
LEADER = Somebody("lea_coordinator", "Lee Leader", "lee.leader@lea.example.org")
AGENT = Somebody("caltac_agent", "Cal Agent", "cal.agent@caltac.example.org")
TESTER = Somebody("test_administrator", "Tess Tester", "tess.tester@school.example.org")
COORDINATORS = (
    Contact("lea_coordinator", "Lee Leader", "lee.leader@lea.example.org"),
    Contact("lea_coordinator", "Dee Delegate", "dee.delegate@lea.example.org"),
)
CDE_DESK = "desk@cde.example.org"
CALTAC_DESK = "desk@caltac.example.org"


def a_submitted_case(**changes: object) -> CaseSubmitted:
    case = CaseSubmitted(
        incident_id=INCIDENT,
        case_number="2018-19-000123",
        lea=LEA,
        school=SCHOOL,
        administration_year="2018-19",
        incident_title="Student cheating",
        severity="irregularity",
        severity_reason="Cheating impacts the students testing.",
        severity_source="S 32; M p34",
        recommended_action="continue_to_submit_appeal",
        pre_action=None,
        appeal_types=("invalidate",),
        late=False,
        grade="05",
        test="sb_ela_cat",
        delivery_mode="online",
        student_count=2,
        occurred_at=datetime(2019, 4, 15, 17, 0, tzinfo=UTC),
        discovered_at=datetime(2019, 4, 15, 18, 0, tzinfo=UTC),
        report_due_at=datetime(2019, 4, 16, 18, 0, tzinfo=UTC),
        submitted_at=datetime(2019, 4, 15, 20, 30, tzinfo=UTC),
        submitted_by=SITE,
    )
    return replace(case, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


APPEAL: dict[str, object] = {
    "incident_id": INCIDENT,
    "case_number": "2018-19-000123",
    "lea": LEA,
    "school": SCHOOL,
    "appeal_number": "A-2018-19-000045",
    "appeal_type": "invalidate",
    "student_ref": "stu_abcdefghijklmnopqrstuvwxyz",
    "test": "sb_ela_cat",
    "incident_type": "student_cheating",
    "decider": "cde",
    "filed_by": SITE,
    "case_submitted_by": SITE,
}


def an_appeal_requested(**changes: object) -> AppealRequested:
    due = datetime(2019, 4, 23, 0, 0, tzinfo=UTC)
    fields = {**APPEAL, "received_at": TUESDAY, "decide_by": due, **changes}
    return AppealRequested(**fields)  # type: ignore[arg-type]  # as above


def an_appeal_approved(**changes: object) -> AppealApproved:
    outcome = {
        "decided_at": TUESDAY,
        "reason": None,
        "effect": "Scored, with a note.",
        "reopened_until": None,
    }
    return AppealApproved(**{**APPEAL, **outcome, **changes})  # type: ignore[arg-type]  # as above


def a_reopened_test(**changes: object) -> AppealApproved:
    fields = {"appeal_type": "re_open", "decider": "caltac", "reopened_until": date(2019, 4, 26), **changes}
    return an_appeal_approved(**fields)


def an_appeal_denied(**changes: object) -> AppealDenied:
    fields = {**APPEAL, "decided_at": TUESDAY, "reason": "The wrong appeal type was chosen.", **changes}
    return AppealDenied(**fields)  # type: ignore[arg-type]  # as above


def an_appeal_withdrawn(**changes: object) -> AppealWithdrawn:
    fields = {**APPEAL, "withdrawn_at": TUESDAY, "withdrawn_by": SITE, **changes}
    return AppealWithdrawn(**fields)  # type: ignore[arg-type]  # as above


OF_A_CASE: dict[str, object] = {
    "incident_id": INCIDENT,
    "case_number": "2018-19-000123",
    "lea": LEA,
    "school": SCHOOL,
    "at": TUESDAY,
}


def a_note_added(**changes: object) -> NoteAdded:
    fields = {**OF_A_CASE, "by": AGENT, "case_submitted_by": SITE, **changes}
    return NoteAdded(**fields)  # type: ignore[arg-type]  # as above


def a_note_for_a_desk(desk: str = "cde") -> NoteForADesk:
    return NoteForADesk(**vars(a_note_added()), desk=desk)


def an_additional_action_required(**changes: object) -> AdditionalActionRequired:
    fields = {**OF_A_CASE, "by": AGENT, "case_submitted_by": SITE, **changes}
    return AdditionalActionRequired(**fields)  # type: ignore[arg-type]  # as above


def a_concern_recorded(**changes: object) -> ConcernRecorded:
    fields = {**OF_A_CASE, "case_number": None, "by": TESTER, "severity_guess": "breach", **changes}
    return ConcernRecorded(**fields)  # type: ignore[arg-type]  # as above


def a_breach_identified(**changes: object) -> BreachCallDue:
    what = {"incident_title": "Students showed items on social media", "call": "call_caltac"}
    fields = {**OF_A_CASE, "case_number": None, "by": SITE, **what, **changes}
    return BreachCallDue(**fields)  # type: ignore[arg-type]  # as above


def a_draft_reminder(**changes: object) -> DraftReminder:
    window = {"window_closes_on": date(2019, 4, 19), "reporting_closes_on": date(2019, 4, 26)}
    ends = {"reporting_ends_at": datetime(2019, 4, 27, 7, 0, tzinfo=UTC)}
    what = {"incident_title": "Student cheating", "noticed_at": TUESDAY, "drafted_by": SITE}
    fields = {**OF_A_CASE, "case_number": None, **window, **ends, **what, **changes}
    return DraftReminder(**without_instant(fields))  # type: ignore[arg-type]  # as above


def a_report_clock(**changes: object) -> dict[str, object]:
    clock = {"clock": "K3", "clock_title": "the report within 24 hours"}
    due = {"due_at": TUESDAY + timedelta(hours=4), "noticed_at": TUESDAY}
    what = {"administration_year": "2018-19", "incident_title": "Student cheating", "filed_by": SITE}
    return without_instant({**OF_A_CASE, "case_number": None, **clock, **due, **what, **changes})


def a_report_at_risk(**changes: object) -> ReportAtRisk:
    return ReportAtRisk(**a_report_clock(**changes))  # type: ignore[arg-type]  # as above


def an_overdue_report(**changes: object) -> ReportOverdue:
    past = {"due_at": TUESDAY - timedelta(minutes=3), **changes}
    return ReportOverdue(**a_report_clock(**past))  # type: ignore[arg-type]  # as above


def a_decision_at_risk(**changes: object) -> DecisionAtRisk:
    clock = {"clock": "K5", "decide_by": TUESDAY + timedelta(days=1), "noticed_at": TUESDAY}
    return DecisionAtRisk(**{**APPEAL, **clock, **changes})  # type: ignore[arg-type]  # as above


def an_overdue_decision(**changes: object) -> DecisionOverdue:
    clock = {"clock": "K5", "decide_by": TUESDAY - timedelta(minutes=3), "noticed_at": TUESDAY}
    return DecisionOverdue(**{**APPEAL, **clock, **changes})  # type: ignore[arg-type]  # as above


def without_instant(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name != "at"}


EVERY_KIND_AND_STATE: list[tuple[MessageKind, Occasion]] = [
    (MessageKind.CASE_SUBMITTED, a_submitted_case()),
    (MessageKind.CDE_COPY, a_submitted_case()),
    (MessageKind.APPEAL_REVIEW_REQUESTED, an_appeal_requested()),
    (MessageKind.APPEAL_DECIDED, an_appeal_approved()),
    (MessageKind.APPEAL_DECIDED, an_appeal_denied()),
    (MessageKind.APPEAL_WITHDRAWN, an_appeal_withdrawn()),
    (MessageKind.NOTE_ADDED, a_note_added()),
    (MessageKind.CONCERN_RECORDED, a_concern_recorded()),
    (MessageKind.BREACH_CALL_NOW, a_breach_identified()),
    (MessageKind.DRAFT_REMINDER, a_draft_reminder()),
    (MessageKind.DEADLINE_AT_RISK, a_report_at_risk()),
    (MessageKind.DEADLINE_MISSED, an_overdue_report()),
    (MessageKind.DEADLINE_AT_RISK, a_decision_at_risk()),
    (MessageKind.DEADLINE_MISSED, an_overdue_decision()),
    (MessageKind.ADDITIONAL_ACTION_REQUIRED, an_additional_action_required()),
]

TO_SIA = Recipient("site_coordinator", "Sia Site", "sia.site@school.example.org", Because.SUBMITTER)
TO_LEE = Recipient("lea_coordinator", "Lee Leader", "lee.leader@lea.example.org", Because.LEA_COORDINATOR)


def a_draft(*recipients: Recipient) -> MessageDraft:
    return MessageDraft(
        kind=MessageKind.CASE_SUBMITTED,
        cause=Cause("/incidents", f"{INCIDENT}.3"),
        matter=a_submitted_case().matter,
        recipients=recipients,
        lea_copied=True,
        content=Content("A case", "text", "<p>text</p>", "case_submitted", "v1"),
    )


def a_composed_message(*recipients: Recipient, at: datetime = TUESDAY) -> Message:
    draft = a_draft(*(recipients or (TO_SIA, TO_LEE)))
    return Message.compose(draft, mail_domain="stairs.example.org", actor=SYSTEM, at=at)


def a_message_being_sent(*recipients: Recipient, at: datetime = TUESDAY) -> Message:
    message = a_composed_message(*recipients, at=at)
    message.start_sending(actor=SYSTEM, at=at)
    return message


def accepted(recipient: Recipient) -> ServerAnswer:
    return ServerAnswer(recipient.email, Verdict.ACCEPTED, 250, "2.0.0 Ok: queued")


def deferred(recipient: Recipient) -> ServerAnswer:
    return ServerAnswer(recipient.email, Verdict.DEFERRED, 451, "4.3.0 try later")


def refused(recipient: Recipient) -> ServerAnswer:
    return ServerAnswer(recipient.email, Verdict.REFUSED, 550, "5.1.1 no such user")
