"""The facts of an occasion as labelled rows, the same in the text and in the HTML of a mail.

Every instant is given in Pacific time, in which all of the program's deadlines are meant (domain §8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.notifications.domain.addresses import one_line
from services.notifications.domain.occasions import (
    AppealApproved,
    AppealDenied,
    AppealOccasion,
    AppealRequested,
    AppealWithdrawn,
    CaseSubmitted,
    Somebody,
)
from services.notifications.rulebooks.policy import AppealWords, Label, Policy

PACIFIC = ZoneInfo("America/Los_Angeles")
LONGEST_WORDS = 4000
_TEN_DIGITS = re.compile(r"(?<!\d)\d{10}(?!\d)")


@dataclass(frozen=True)
class Row:
    """One labelled fact."""

    label: str
    value: str


def pacific(instant: datetime) -> str:
    """An instant in words: ``Friday, April 12, 2019, 10:00 a.m. PDT``."""
    local = instant.astimezone(PACIFIC)
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{day(local.date())}, {local.hour % 12 or 12}:{local:%M} {half} {local:%Z}"


def day(when: date) -> str:
    """A date in words: ``Friday, April 12, 2019``."""
    return f"{when:%A, %B} {when.day}, {when.year}"


def plain(text: str) -> str:
    """Words that somebody typed, without control characters or anything that could be an SSID (A-17)."""
    return _TEN_DIGITS.sub("[number removed]", one_line(text, LONGEST_WORDS))


def title(words: Mapping[str, Label] | Mapping[str, AppealWords], code: str) -> str:
    """The words for a code; a code without words is spelled out."""
    known = words.get(code)
    return known.title if known else code.replace("_", " ")


def case_rows(case: CaseSubmitted, policy: Policy) -> Iterator[Row]:
    """The summary of a submittal (N1)."""
    yield Row("Case number", case.case_number)
    yield Row("Incident", case.incident_title)
    yield Row("Severity", title(policy.severities, case.severity))
    yield Row("Why this severity", f"{case.severity_reason} ({case.severity_source})")
    yield Row("Administration year", case.administration_year)
    yield Row("School (CDS code)", case.school)
    yield Row("Grade", case.grade.lstrip("0"))
    yield Row("Test", title(policy.tests, case.test))
    yield Row("Delivery", case.delivery_mode)
    yield Row("Students concerned", str(case.student_count))
    yield Row("Occurred", pacific(case.occurred_at))
    yield Row("Discovered", pacific(case.discovered_at))
    yield Row("Report due", pacific(case.report_due_at))
    yield Row("Submitted", f"{pacific(case.submitted_at)}, {_punctual(case)}")
    yield Row("Submitted by", person(case.submitted_by, policy))
    if case.appeal_types:
        titles = ", ".join(title(policy.appeal_types, code) for code in case.appeal_types)
        yield Row("Appeal types for this case", titles)


def appeal_rows(appeal: AppealOccasion, policy: Policy) -> Iterator[Row]:
    """What an appeal is about, and what became of it (N3-N5)."""
    yield Row("Case number", appeal.case_number)
    yield Row("Appeal number", appeal.appeal_number)
    yield Row("Appeal type", title(policy.appeal_types, appeal.appeal_type))
    yield Row("Incident type", appeal.incident_type.replace("_", " "))
    yield Row("Test", title(policy.tests, appeal.test))
    yield Row("Student reference", appeal.student_ref)
    yield Row("School (CDS code)", appeal.school)
    yield Row("Requested by", person(appeal.filed_by, policy))
    yield from _outcome_rows(appeal, policy)


def _outcome_rows(appeal: AppealOccasion, policy: Policy) -> Iterator[Row]:
    decider = title(policy.deciders, appeal.decider)
    if isinstance(appeal, AppealRequested):
        yield Row("Received", pacific(appeal.received_at))
        if appeal.decide_by is not None:
            yield Row("Decision due", pacific(appeal.decide_by))
    elif isinstance(appeal, AppealApproved):
        yield Row("Decision", f"approved by {decider} on {pacific(appeal.decided_at)}")
        yield Row("Effect", plain(appeal.effect))
        if appeal.reason:
            yield Row("Reason", plain(appeal.reason))
    elif isinstance(appeal, AppealDenied):
        yield Row("Decision", f"denied by {decider} on {pacific(appeal.decided_at)}")
        yield Row("Reason", plain(appeal.reason))
    elif isinstance(appeal, AppealWithdrawn):
        yield Row("Withdrawn", pacific(appeal.withdrawn_at))


def _punctual(case: CaseSubmitted) -> str:
    return "late: more than 24 hours after discovery" if case.late else "within 24 hours of discovery"


def person(somebody: Somebody, policy: Policy) -> str:
    """Somebody by name and role."""
    return f"{plain(somebody.name)} ({title(policy.roles, somebody.role)})"
