"""The words of announcements and of deadlines (N6-N11): rows, names and steps.

Instants are given as such, never as what is left of them: a mail may be read hours after it was written.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.notifications.domain.occasions import (
    Announcement,
    BreachCallDue,
    ConcernRecorded,
    DecisionDeadline,
    DraftReminder,
    ReportAtRisk,
    ReportDeadline,
)
from services.notifications.domain.values import MessageKind
from services.notifications.rulebooks.policy import MailPolicy
from services.notifications.rulebooks.summaries import (
    SummaryRow,
    appeal_rows,
    day,
    pacific,
    person,
    plain,
    title,
)


def announcement_words(told: Announcement, policy: MailPolicy) -> dict[str, object]:
    """What the templates and subjects of announcements name."""
    guess = told.severity_guess if isinstance(told, ConcernRecorded) else None
    call = policy.pre_actions[told.call].title if isinstance(told, BreachCallDue) else ""
    return {
        "told": told,
        "rows": list(_announcement_rows(told, policy)),
        "guess": title(policy.severities, guess) if guess else "",
        "action": call,
    }


def announcement_steps(kind: MessageKind, told: Announcement, policy: MailPolicy) -> Iterator[str]:
    """What to do next; the phone call comes first."""
    if isinstance(told, BreachCallDue):
        yield from policy.pre_actions[told.call].steps
    yield from policy.announcements[kind].steps


def _announcement_rows(told: Announcement, policy: MailPolicy) -> Iterator[SummaryRow]:
    if told.case_number is not None:
        yield SummaryRow("Case number", told.case_number)
    if isinstance(told, BreachCallDue):
        yield SummaryRow("Incident", plain(told.incident_title))
    if isinstance(told, ConcernRecorded) and told.severity_guess is not None:
        yield SummaryRow("How severe it seemed", title(policy.severities, told.severity_guess))
    yield SummaryRow("School (CDS code)", told.school)
    yield SummaryRow("By", person(told.by, policy))
    yield SummaryRow("At", pacific(told.at))


Reminder = DraftReminder | ReportDeadline


def reminder_words(told: Reminder, policy: MailPolicy) -> dict[str, object]:
    """What the templates and subjects about a case's deadlines name."""
    words: dict[str, object] = {"told": told, "rows": list(_reminder_rows(told, policy))}
    if isinstance(told, ReportDeadline):
        clock = {"clock": plain(told.clock_title), "due": pacific(told.due_at)}
        words |= {**clock, "noticed": pacific(told.noticed_at)}
    return words


def reminder_steps(told: Reminder, policy: MailPolicy) -> Iterator[str]:
    """What to do next, according to the deadline."""
    if isinstance(told, DraftReminder):
        yield from policy.announcements[MessageKind.DRAFT_REMINDER].steps
        return
    clock = policy.words_of_clock(told.clock)
    yield from clock.at_risk if isinstance(told, ReportAtRisk) else clock.missed


def decision_words(told: DecisionDeadline, policy: MailPolicy) -> dict[str, object]:
    """What the templates and subjects about a decision's deadline name."""
    due, noticed = (
        SummaryRow("Decision due", pacific(told.decide_by)),
        SummaryRow("As of", pacific(told.noticed_at)),
    )
    return {
        "appeal": told,
        "rows": [*appeal_rows(told, policy), due, noticed],
        "appeal_title": title(policy.appeal_types, told.appeal_type),
        "decider": title(policy.deciders, told.decider),
        "due": due.value,
        "noticed": noticed.value,
    }


def decision_steps(told: DecisionDeadline, policy: MailPolicy) -> Iterator[str]:
    """What the desk does next, according to the deadline."""
    clock = policy.words_of_clock(told.clock)
    yield from clock.at_risk if told.state == "decision_at_risk" else clock.missed


def _reminder_rows(told: Reminder, policy: MailPolicy) -> Iterator[SummaryRow]:
    if told.case_number is not None:
        yield SummaryRow("Case number", told.case_number)
    yield SummaryRow("Incident", plain(told.incident_title))
    yield SummaryRow("School (CDS code)", told.school)
    if isinstance(told, ReportDeadline):
        yield SummaryRow("Deadline", plain(told.clock_title))
        yield SummaryRow("Due", pacific(told.due_at))
        yield SummaryRow("Filed by", person(told.filed_by, policy))
    else:
        yield SummaryRow("Testing window closes", day(told.window_closes_on))
        yield SummaryRow("Reports are taken through", day(told.reporting_closes_on))
        yield SummaryRow("Drafted by", person(told.drafted_by, policy))
    yield SummaryRow("As of", pacific(told.noticed_at))
