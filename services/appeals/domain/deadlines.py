"""What the facts of appeals and cases mean for K5, K6, K7, K9 and K20 of domain §8 (ADR 0013).

The appeal computes when its decision is due (``decide_by``); the ledger takes this over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from services.appeals.domain import facts
from services.appeals.domain.policy import AppealPolicy, DecisionDeadlineRule
from services.appeals.domain.values import AppealStatus, Decider, KnownCase
from shared.deadlines.terms import DeadlineChange, Done, Due, Moot, PlannedWarning, Terms

FILING, REOPENED = "K9", "K20"
DECISIONS = ("K5", "K6", "K7")

PolicyOf = Callable[[str], AppealPolicy]
"""The policy of an administration year."""

WITHDRAWN = "the request was withdrawn"


def changes_of(fact: facts.Event | facts.Requested, policy_of: PolicyOf) -> list[DeadlineChange]:
    """What a fact of an appeal means for its decision, the filing under its case, and a re-opened test."""
    match fact:
        case facts.Requested():
            return _requested(fact, policy_of)
        case facts.DecideByMoved():
            return [_moved(fact, policy_of)]
        case facts.Approved() | facts.Denied():
            return [*_decided(fact), *_reopened(fact, policy_of)]
        case facts.Withdrawn():
            return [Moot(clock, str(fact.originator_id), fact.occurred_at, WITHDRAWN) for clock in DECISIONS]
        case _:
            return []


def filing_closes(case: KnownCase, closes_on: date, policy: AppealPolicy, at: datetime, why: str) -> Due:
    """K9: until when appeals can be filed under a case; for a case that leads to some and has none yet.

    :param closes_on: the last day of the testing window.
    :param at: when the fact happened by which that is so.
    """
    about = {
        "incident_id": str(case.incident_id),
        "case_number": case.case_number,
        "lea": case.lea,
        "school": case.school,
    }
    due_at = policy.calendar.end_of(closes_on)
    return Due(str(case.incident_id), _terms(policy, FILING), due_at, at, about=about, why=why)


def _requested(fact: facts.Requested, policy_of: PolicyOf) -> list[DeadlineChange]:
    filed = Done(FILING, fact.about["incident_id"], fact.occurred_at)
    if fact.decide_by is None:
        return [filed]
    policy = policy_of(fact.about["administration_year"])
    clock = policy.clock_called(fact.terms["clock"])
    terms = Terms(
        clock.id,
        clock.title,
        clock.announced,
        fact.terms["rulebook"],
        fact.terms["rulebook_version"],
        fact.terms["calendar_version"],
    )
    return [filed, _decision(fact, terms, fact.decide_by, _warned(policy, clock, fact.decide_by, fact))]


def _moved(fact: facts.DecideByMoved, policy_of: PolicyOf) -> Due:
    policy = policy_of(fact.about["administration_year"])
    clock = policy.clock_called(fact.clock)
    terms = Terms(
        clock.id, clock.title, clock.announced, policy.year, fact.rulebook_version, fact.calendar_version
    )
    why = f"the calendar {fact.calendar_version} was adopted in place of {fact.old_calendar_version}"
    return _decision(fact, terms, fact.decide_by, _warned(policy, clock, fact.decide_by, fact), why)


def _decision(
    fact: facts.Event | facts.Requested,
    terms: Terms,
    due_at: datetime,
    warnings: tuple[PlannedWarning, ...],
    why: str = "",
) -> Due:
    about = {**fact.about, "status": AppealStatus.pending_for(Decider(fact.about["decider"])).value}
    return Due(str(fact.originator_id), terms, due_at, fact.occurred_at, warnings, about=about, why=why)


def _warned(
    policy: AppealPolicy, clock: DecisionDeadlineRule, due_at: datetime, fact: facts.Event | facts.Requested
) -> tuple[PlannedWarning, ...]:
    planned = (PlannedWarning(f"P{left}BD", policy.calendar.before(due_at, left)) for left in clock.warnings)
    return tuple(each for each in planned if each.at > fact.occurred_at)


def _decided(fact: facts.Approved | facts.Denied) -> list[DeadlineChange]:
    status = AppealStatus.APPROVED if isinstance(fact, facts.Approved) else AppealStatus.DENIED
    said = {"status": status.value}
    return [Done(clock, str(fact.originator_id), fact.occurred_at, said) for clock in DECISIONS]


def _reopened(fact: facts.Approved | facts.Denied, policy_of: PolicyOf) -> list[DeadlineChange]:
    """K20: it ends by itself, since nobody tells this service whether the student finished (ADR 0013)."""
    if not isinstance(fact, facts.Approved) or fact.reopened_until is None:
        return []
    policy = policy_of(fact.about["administration_year"])
    due_at = policy.calendar.end_of(date.fromisoformat(fact.reopened_until))
    terms = _terms(policy, REOPENED, lapses=True)
    return [Due(str(fact.originator_id), terms, due_at, fact.occurred_at, about=fact.about)]


def _terms(policy: AppealPolicy, clock: str, *, lapses: bool = False) -> Terms:
    rule = policy.clock_called(clock)
    return Terms(
        rule.id,
        rule.title,
        rule.announced,
        policy.year,
        policy.version,
        policy.calendar.version,
        lapses=lapses,
    )
