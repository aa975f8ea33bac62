"""The words of clocks (N9, N10): rows, names and steps.

Instants are given as such, never as what is left of them: a mail may be read hours after it was written.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.notifications.domain.clocks import DecisionClock, DraftReminder, ReportAtRisk, ReportClock
from services.notifications.domain.values import Kind
from services.notifications.rulebooks.policy import Policy
from services.notifications.rulebooks.summaries import Row, appeal_rows, day, pacific, person, plain, title

Reminder = DraftReminder | ReportClock


def reminder_words(told: Reminder, policy: Policy) -> dict[str, object]:
    """What the templates and subjects about a case's clocks name."""
    words: dict[str, object] = {"told": told, "rows": list(_rows(told, policy))}
    if isinstance(told, ReportClock):
        clock = {"clock": plain(told.clock_title), "due": pacific(told.due_at)}
        words |= {**clock, "noticed": pacific(told.noticed_at)}
    return words


def reminder_steps(told: Reminder, policy: Policy) -> Iterator[str]:
    """What to do next, according to the clock."""
    if isinstance(told, DraftReminder):
        yield from policy.announcements[Kind.DRAFT_REMINDER].steps
        return
    clock = policy.words_of_clock(told.clock)
    yield from clock.at_risk if isinstance(told, ReportAtRisk) else clock.missed


def decision_words(told: DecisionClock, policy: Policy) -> dict[str, object]:
    """What the templates and subjects about a decision clock name."""
    due, noticed = Row("Decision due", pacific(told.decide_by)), Row("As of", pacific(told.noticed_at))
    return {
        "appeal": told,
        "rows": [*appeal_rows(told, policy), due, noticed],
        "appeal_title": title(policy.appeal_types, told.appeal_type),
        "decider": title(policy.deciders, told.decider),
        "due": due.value,
        "noticed": noticed.value,
    }


def decision_steps(told: DecisionClock, policy: Policy) -> Iterator[str]:
    """What the desk does next, according to the clock."""
    clock = policy.words_of_clock(told.clock)
    yield from clock.at_risk if told.state == "decision_at_risk" else clock.missed


def _rows(told: Reminder, policy: Policy) -> Iterator[Row]:
    if told.case_number is not None:
        yield Row("Case number", told.case_number)
    yield Row("Incident", plain(told.incident_title))
    yield Row("School (CDS code)", told.school)
    if isinstance(told, ReportClock):
        yield Row("Deadline", plain(told.clock_title))
        yield Row("Due", pacific(told.due_at))
        yield Row("Filed by", person(told.filed_by, policy))
    else:
        yield Row("Testing window closes", day(told.window_closes_on))
        yield Row("Reports are taken through", day(told.reporting_closes_on))
        yield Row("Drafted by", person(told.drafted_by, policy))
    yield Row("As of", pacific(told.noticed_at))
