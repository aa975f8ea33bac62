"""Checks and seals the SSIDs that a caller sent, and checks free text for SSIDs (HR-07, A-17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.incidents.application.ports import StudentVault
from services.incidents.domain.case import Case
from services.incidents.domain.details import (
    Asked,
    DetailKind,
    sealed,
    ssids_in,
    students_in,
    wrong_details,
)
from services.incidents.domain.errors import (
    DuplicateSsid,
    InvalidReport,
    InvalidSsid,
    SsidInText,
)
from services.incidents.domain.report import AcceptedReport
from services.incidents.domain.ssid_list import SsidList
from services.incidents.domain.values import SealedStudent
from shared.kernel.errors import Issue
from shared.kernel.ssid import HOW_TO_WRITE, holds_digits, holds_ssid, names


async def seal_report(
    accepted: AcceptedReport,
    details: Mapping[str, object],
    ssids: Sequence[str],
    vault: StudentVault,
    caller: str,
    known: Sequence[SealedStudent] = (),
) -> tuple[dict[str, object], list[SealedStudent]]:
    """Check a report and seal its SSIDs; returns the details and the listed students as facts keep them.

    :param details: those of the report that came with this request; the others are sealed already.
    :param caller: who reports it: ``sub`` of the token.
    :param known: students of the case who are not in this request.
    :raises TooManyNewStudents: the caller has named as many new students as one may in a day.
    :raises Invalid: an SSID, a detail or a text cannot be accepted; nothing was sealed then.
    """
    asked = accepted.row.details
    listed = SsidList.of(ssids).ssids
    require_details(details, asked)
    report = accepted.report
    require_no_ssid_in({"/narrative": report.narrative, **dict(_texts(details, asked))})
    named = list(dict.fromkeys([*listed, *ssids_in(details, asked)]))
    texts = {"/narrative": report.narrative, **dict(_texts(report.details, asked))}
    await require_nobody_named_in(texts, named, known, vault)
    if not named:
        return sealed(details, asked, {}), []
    by_ssid = dict(zip(named, await vault.seal(named, caller), strict=True))
    return sealed(details, asked, by_ssid), [by_ssid[ssid] for ssid in listed]


def require_details(details: Mapping[str, object], asked: Asked) -> None:
    """Require that the details are what the incident type asks for.

    :raises InvalidSsid, DuplicateSsid, InvalidReport: they are not; the issues say where.
    """
    issues = wrong_details(details, asked)
    codes = {issue.code for issue in issues}
    if "invalid_ssid" in codes:
        raise InvalidSsid("An SSID is exactly ten digits, as text.", issues=issues)
    if "duplicate_ssid" in codes:
        raise DuplicateSsid("A pair is of two different students.", issues=issues)
    if issues:
        raise InvalidReport("The details are not what this type of incident asks for.", issues=issues)


Texts = Mapping[str, str | None]
"""Free text by JSON pointer."""


def require_no_ssid_in(texts: Texts) -> None:
    """Require that free text holds nothing that may be an SSID (A-55).

    :raises SsidInText: it does; the issues say where, and never repeat the text.
    """
    found = [pointer for pointer, text in texts.items() if text and holds_ssid(text)]
    if found:
        raise SsidInText(
            f"List students by their SSIDs; free text is read by people and mailed. {HOW_TO_WRITE}",
            issues=[Issue(pointer, "ssid_in_text", "Ten digits in a row.") for pointer in found],
        )


async def require_nobody_named_in(
    texts: Texts, ssids: Sequence[str], students: Sequence[SealedStudent], vault: StudentVault
) -> None:
    """Require that free text holds no SSID of the case's own students, not even as a telephone number (A-55).

    :param ssids: of those whom this request names.
    :param students: the others; they are opened only where there are digits enough to be looked at.
    :raises SsidInText: it does; the issues say where, and never repeat the text.
    """
    suspect = {pointer: text for pointer, text in texts.items() if text and holds_digits(text)}
    if not suspect or not (ssids or students):
        return
    opened = await vault.unseal(students) if students else {}
    _require_none_named(suspect, [*ssids, *opened.values()])


async def require_nobody_of_the_case_in(texts: Texts, case: Case, vault: StudentVault) -> None:
    """The same of all students whom a case lists or names in its details.

    :raises SsidInText: a text holds the SSID of one of them.
    """
    await require_nobody_named_in(texts, (), [*case.students, *students_in(case.report.details)], vault)


def require_unnamed_so_far(case: Case, ssids: Sequence[str]) -> None:
    """Require that what a draft holds already does not name the students who are listed now (A-55).

    :raises SsidInText: its narrative, a detail or a phone call does.
    """
    report = case.report
    texts = {f"/details/{name}": text for name, text in report.details.items() if isinstance(text, str)}
    _require_none_named({"/narrative": report.narrative or "", **texts}, ssids)
    told = [text for call in case.breach_calls for text in (call.spoke_with, call.reference) if text]
    if any(names(text, ssid) for text in told for ssid in ssids):
        raise SsidInText("A phone call on record holds one of these SSIDs; file this under a new draft.")


def _require_none_named(texts: Mapping[str, str], ssids: Iterable[str]) -> None:
    found = [pointer for pointer, text in texts.items() if any(names(text, ssid) for ssid in ssids)]
    if found:
        raise SsidInText(
            "Free text may not hold the SSID of a student of the case, in whatever form.",
            issues=[
                Issue(pointer, "ssid_in_text", "The SSID of a student of the case.") for pointer in found
            ],
        )


def masked(ssid: str) -> str:
    """The SSID with all but its last four digits masked."""
    return "*" * 6 + ssid[-4:]


def _texts(details: Mapping[str, object], asked: Asked) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        # of another year's rules there may be others
        if name in asked and isinstance(value, str) and asked[name].kind is not DetailKind.SSID:
            yield asked[name].pointer, value
