"""The facts of an occasion as labelled rows, the same in the text and in the HTML of a mail.

Every instant is given in Pacific time, in which all of the program's deadlines are meant (domain §8).
"""

from __future__ import annotations

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
from services.notifications.rulebooks.policy import AppealWords, Label, MailPolicy
from shared.kernel.ssid import REMOVED, without_ssids

PACIFIC = ZoneInfo("America/Los_Angeles")
LONGEST_WORDS = 4000


@dataclass(frozen=True)
class SummaryRow:
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
    return without_ssids(one_line(text, LONGEST_WORDS), REMOVED)


def title(words: Mapping[str, Label] | Mapping[str, AppealWords], code: str) -> str:
    """The words for a code; a code without words is spelled out."""
    known = words.get(code)
    return known.title if known else code.replace("_", " ")


def case_rows(case: CaseSubmitted, policy: MailPolicy) -> Iterator[SummaryRow]:
    """The summary of a submittal (N1)."""
    yield SummaryRow("Case number", case.case_number)
    yield SummaryRow("Incident", case.incident_title)
    yield SummaryRow("Severity", title(policy.severities, case.severity))
    yield SummaryRow("Why this severity", f"{case.severity_reason} ({case.severity_source})")
    yield SummaryRow("Administration year", case.administration_year)
    yield SummaryRow("School (CDS code)", case.school)
    yield SummaryRow("Grade", case.grade.lstrip("0"))
    yield SummaryRow("Test", title(policy.tests, case.test))
    yield SummaryRow("Delivery", case.delivery_mode)
    yield SummaryRow("Students concerned", str(case.student_count))
    yield SummaryRow("Occurred", pacific(case.occurred_at))
    yield SummaryRow("Discovered", pacific(case.discovered_at))
    yield SummaryRow("Report due", pacific(case.report_due_at))
    yield SummaryRow("Submitted", f"{pacific(case.submitted_at)}, {_punctual(case)}")
    yield SummaryRow("Submitted by", person(case.submitted_by, policy))
    if case.appeal_types:
        titles = ", ".join(title(policy.appeal_types, code) for code in case.appeal_types)
        yield SummaryRow("Appeal types for this case", titles)


def appeal_rows(appeal: AppealOccasion, policy: MailPolicy) -> Iterator[SummaryRow]:
    """What an appeal is about, and what became of it (N3-N5)."""
    yield SummaryRow("Case number", appeal.case_number)
    yield SummaryRow("Appeal number", appeal.appeal_number)
    yield SummaryRow("Appeal type", title(policy.appeal_types, appeal.appeal_type))
    yield SummaryRow("Incident type", appeal.incident_type.replace("_", " "))
    yield SummaryRow("Test", title(policy.tests, appeal.test))
    yield SummaryRow("Student reference", appeal.student_ref)
    yield SummaryRow("School (CDS code)", appeal.school)
    yield SummaryRow("Requested by", person(appeal.filed_by, policy))
    yield from _outcome_rows(appeal, policy)


def _outcome_rows(appeal: AppealOccasion, policy: MailPolicy) -> Iterator[SummaryRow]:
    decider = title(policy.deciders, appeal.decider)
    if isinstance(appeal, AppealRequested):
        yield SummaryRow("Received", pacific(appeal.received_at))
        if appeal.decide_by is not None:
            yield SummaryRow("Decision due", pacific(appeal.decide_by))
    elif isinstance(appeal, AppealApproved):
        yield SummaryRow("Decision", f"approved by {decider} on {pacific(appeal.decided_at)}")
        yield SummaryRow("Effect", plain(appeal.effect))
        if appeal.reason:
            yield SummaryRow("Reason", plain(appeal.reason))
    elif isinstance(appeal, AppealDenied):
        yield SummaryRow("Decision", f"denied by {decider} on {pacific(appeal.decided_at)}")
        yield SummaryRow("Reason", plain(appeal.reason))
    elif isinstance(appeal, AppealWithdrawn):
        yield SummaryRow("Withdrawn", pacific(appeal.withdrawn_at))


def _punctual(case: CaseSubmitted) -> str:
    return "late: more than 24 hours after discovery" if case.late else "within 24 hours of discovery"


def person(somebody: Somebody, policy: MailPolicy) -> str:
    """Somebody by name and role."""
    return f"{plain(somebody.name)} ({title(policy.roles, somebody.role)})"
