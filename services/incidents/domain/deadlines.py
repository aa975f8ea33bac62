"""What the facts of a case mean for its deadlines: K3, K3b, K4 and K8 of domain §8 (ADR 0013).

Every due instant is computed from what was stated or recorded, never from when somebody computes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from services.incidents.domain import facts
from services.incidents.domain.assessment import Assessment
from services.incidents.domain.case import Case
from services.incidents.domain.facts import Person
from services.incidents.domain.report import Report
from services.incidents.domain.rulebook import Rulebook
from services.incidents.domain.testing_window import reporting_closes_on
from services.incidents.domain.values import CDS_OF_LEA, CaseStatus, PreAction, Severity, administration_year
from services.incidents.domain.windows import PACIFIC, Window, pacific_date
from shared.deadlines.terms import DeadlineChange, Done, Due, Moot, Terms

REPORT, SAME_DAY, CALL, CLOSING = "K3", "K3b", "K4", "K8"
# the deadlines that the submission of the case meets
OF_A_CASE = (REPORT, SAME_DAY, CLOSING)

RulesOf = Callable[[str | None], Rulebook]
"""The rules of a year, or of a year that nobody stated yet."""

REVISED = "the draft says something else now"
DELETED = "the draft was deleted"
ANOTHER_CALL = "the draft asks for this phone call again"
NO_CALL = "the draft asks for another phone call now, or for none"
NO_WINDOW = "no testing window is known where and when the draft says it happened"
ALWAYS_TAKEN = "it is a breach now, and breaches are taken always"


@dataclass(frozen=True)
class OpenDraft:
    """What the deadlines need to know of a draft, as one of its facts says it."""

    case_id: UUID
    report: Report
    assessment: Assessment
    person: Person  # who drafted it, or said so
    at: datetime

    @classmethod
    def of(cls, fact: facts.Drafted | facts.Revised) -> OpenDraft:
        """What the fact says."""
        report, assessment = Report.from_fact(fact.report), Assessment.from_fact(fact.assessment)
        return cls(fact.originator_id, report, assessment, fact.actor, fact.occurred_at)

    @classmethod
    def of_case(cls, case: Case, at: datetime) -> OpenDraft | None:
        """The same of a case as it is now; None if it is no draft any more."""
        if case.status is not CaseStatus.DRAFT:
            return None
        return cls(case.id, case.report, case.assessment, case.drafted_by.as_fact(), at)

    def due(self, terms: Terms, due_at: datetime, **more: object) -> Due:
        """A deadline of this draft."""
        about = {
            "incident_id": str(self.case_id),
            "incident_type": self.report.incident_type,
            "incident_title": self.assessment.incident_title,
            "lea": self.report.lea,
            "school": self.report.school,
            **more,
        }
        first = {"case_number": None, "filed_by": self.person}
        return Due(str(self.case_id), terms, due_at, self.at, about=about, at_first=first, why=REVISED)


def changes_of(fact: facts.Event, rules_of: RulesOf) -> list[DeadlineChange]:
    """What a fact of a case means for K3, K3b and K4; K8 needs its testing window (``closing``)."""
    match fact:
        case facts.Drafted() | facts.Revised():
            return _stated(fact, rules_of)
        case facts.StudentsListed():
            return _other_calls(fact, Assessment.from_fact(fact.assessment))
        case facts.BreachIdentified():
            return [_call(fact, rules_of)]
        case facts.BreachCallRecorded() | facts.Submitted():
            return _done(fact)
        case facts.DraftDeleted():
            return _deleted(fact)
        case _:
            return []


def closing(draft: OpenDraft, window: Window | None, rules: Rulebook, why: str = REVISED) -> DeadlineChange:
    """K8: until when the draft can be submitted, with its reminders before the window's end (A-2, P7, P22).

    :param window: the testing window in force; without one, there is no such deadline (any more).
    """
    if draft.assessment.severity is Severity.BREACH:
        return Moot(CLOSING, str(draft.case_id), draft.at, ALWAYS_TAKEN)
    if window is None:
        return Moot(CLOSING, str(draft.case_id), draft.at, NO_WINDOW)
    rule = rules.clocks[CLOSING]
    last = reporting_closes_on(window, rules.testing_window)
    due = draft.due(
        rule.terms(rules.year, rules.version),
        end_of_day(last),
        window_closes_on=window.closes_on.isoformat(),
        reporting_closes_on=last.isoformat(),
    )
    warnings = rule.warned(end_of_day(window.closes_on), draft.at)
    return replace(due, warnings=warnings, why=why)


def end_of_day(day: date) -> datetime:
    """The last moment of a day in California, in UTC."""
    return datetime.combine(day, time.max, PACIFIC).astimezone(UTC)


def _stated(fact: facts.Drafted | facts.Revised, rules_of: RulesOf) -> list[DeadlineChange]:
    draft = OpenDraft.of(fact)
    rules = rules_of(draft.report.year)
    changes: list[DeadlineChange] = []
    if draft.report.discovered_at is not None:  # blanked out later, the last word stands: a duty stays
        changes.append(_report(draft, draft.report.discovered_at, rules))
    if draft.report.occurred_at is not None:
        terms = rules.clocks[SAME_DAY].terms(rules.year, rules.version)
        changes.append(draft.due(terms, end_of_day(pacific_date(draft.report.occurred_at))))
    return [*changes, *_other_calls(fact, draft.assessment)]


def _report(draft: OpenDraft, discovered_at: datetime, rules: Rulebook) -> Due:
    rule, due_at = rules.clocks[REPORT], draft.assessment.report_due(discovered_at)
    due = draft.due(rule.terms(rules.year, rules.version), due_at)
    return replace(due, warnings=rule.warned(due_at, draft.at))


def _call(fact: facts.BreachIdentified, rules_of: RulesOf) -> Due:
    """K4: "immediately" counts as an hour from when the system knew (ruling, ADR 0013)."""
    rules = rules_of(fact.rulebook or administration_year(fact.occurred_at))
    rule = rules.clocks[CALL]
    about = {
        "incident_id": str(fact.originator_id),
        "incident_type": fact.incident_type,
        "incident_title": fact.incident_title,
        "lea": fact.school[:CDS_OF_LEA],
        "school": fact.school,
        "call": fact.call,
    }
    first = {"case_number": None, "filed_by": fact.actor}
    due_at = fact.occurred_at + (rule.length or timedelta())
    terms = rule.terms(rules.year, rules.version)
    subject = f"{fact.originator_id}/{fact.call}"
    return Due(subject, terms, due_at, fact.occurred_at, about=about, at_first=first, why=ANOTHER_CALL)


def _other_calls(fact: facts.Event, assessment: Assessment) -> list[DeadlineChange]:
    """End the deadlines of calls that the draft does not ask for (any more)."""
    others = [call for call in PreAction if call is not assessment.pre_action]
    return [Moot(CALL, f"{fact.originator_id}/{call.value}", fact.occurred_at, NO_CALL) for call in others]


def _done(fact: facts.BreachCallRecorded | facts.Submitted) -> list[DeadlineChange]:
    number = {"case_number": fact.case_number} if fact.case_number else {}
    if isinstance(fact, facts.BreachCallRecorded):
        return [Done(CALL, f"{fact.originator_id}/call_{fact.called}", fact.called_at, number)]
    said = {**number, "filed_by": fact.actor}
    return [Done(clock, str(fact.originator_id), fact.occurred_at, said) for clock in OF_A_CASE]


def _deleted(fact: facts.DraftDeleted) -> list[DeadlineChange]:
    case_id, at = fact.originator_id, fact.occurred_at
    calls = [Moot(CALL, f"{case_id}/{call.value}", at, DELETED) for call in PreAction]
    return [*(Moot(clock, str(case_id), at, DELETED) for clock in OF_A_CASE), *calls]
