"""Deadlines in the states that tests start from, by their public methods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.deadlines.deadline import Deadline
from shared.deadlines.terms import DeadlineRule, Due, PlannedWarning, Terms

DUE = datetime(2019, 4, 13, 17, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BEGUN = DUE - 22 * HOUR
RULE = DeadlineRule("K3", "the report within 24 hours", timedelta(hours=24), ("PT4H", "PT1H"), published=True)
TERMS = RULE.terms("2018-19", "0123456789abcdef")
ABOUT = {"case_number": None, "school": "19647336012345", "lea": "1964733"}
SERVICE = "logbooks"


def due(
    due_at: datetime = DUE,
    *,
    at: datetime = BEGUN,
    subject: str = "case",
    about: dict[str, Any] | None = None,
    terms: Terms = TERMS,
) -> Due:
    """What a service asks of the ledger."""
    warnings: tuple[PlannedWarning, ...] = RULE.warned(due_at, at)
    return Due(subject, terms, due_at, at, warnings, about=ABOUT if about is None else about, why="revised")


def running(*, at: datetime = BEGUN, subject: str = "case") -> Deadline:
    return Deadline.begin(SERVICE, due(at=at, subject=subject))


def missed(noticed_at: datetime = DUE + HOUR) -> Deadline:
    deadline = running()
    deadline.notice(noticed_at)
    return deadline


def met(at: datetime = DUE - HOUR) -> Deadline:
    deadline = running()
    deadline.fulfil(at)
    return deadline


def waived() -> Deadline:
    deadline = running()
    deadline.waive("deleted", DUE - HOUR)
    return deadline
