"""From what a caller sent to what may be stored: SSIDs judged and sealed, free text judged (HR-07, A-17)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from services.incidents.application.ports import StudentVault
from services.incidents.domain.details import Asked, DetailKind, is_ssid, sealed, ssids_in, wrong_details
from services.incidents.domain.errors import (
    DuplicateSsid,
    InvalidReport,
    InvalidSsid,
    SsidInText,
    TooManyStudents,
)
from services.incidents.domain.report import Report
from services.incidents.domain.values import MOST_STUDENTS, SealedStudent
from shared.kernel.errors import Issue

TEN_DIGITS = re.compile(r"(?<!\d)\d{10}(?!\d)")


async def seal_report(
    report: Report, ssids: Sequence[str], asked: Asked, vault: StudentVault
) -> tuple[Report, list[SealedStudent]]:
    """The report and the listed students as facts may keep them.

    :raises Invalid: an SSID, a detail or a text cannot be accepted; nothing was sealed then.
    """
    check_ssids(ssids)
    check_details(report.details, asked)
    check_text({"/narrative": report.narrative, **dict(_texts(report.details, asked))})
    named = list(dict.fromkeys([*ssids, *ssids_in(report.details, asked)]))
    if not named:
        return replace(report, details=sealed(report.details, asked, {})), []
    by_ssid = dict(zip(named, await vault.seal(named), strict=True))
    return replace(report, details=sealed(report.details, asked, by_ssid)), [by_ssid[ssid] for ssid in ssids]


def check_ssids(ssids: Sequence[str]) -> None:
    """Whether a list of students can be one (HR-07).

    :raises Invalid: it cannot, and why; the issues point at the entries.
    """
    if len(ssids) > MOST_STUDENTS:
        raise TooManyStudents
    wrong = [at for at, ssid in enumerate(ssids) if not is_ssid(ssid)]
    if wrong:
        raise InvalidSsid(
            "An SSID is exactly ten digits, as text.",
            issues=[Issue(f"/ssids/{at}", "invalid_ssid", "Not ten digits.") for at in wrong],
        )
    first = {ssid: at for at, ssid in reversed(list(enumerate(ssids)))}
    twice = [at for at, ssid in enumerate(ssids) if first[ssid] != at]
    if twice:
        raise DuplicateSsid(
            "Each student is listed once.",
            issues=[Issue(f"/ssids/{at}", "duplicate_ssid", "Listed before.") for at in twice],
        )


def check_details(details: Mapping[str, object], asked: Asked) -> None:
    """Whether details are what their type asks for.

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


def check_text(texts: Mapping[str, str | None]) -> None:
    """Whether free text is free of SSIDs: a bare run of ten digits is taken for one.

    :param texts: by JSON pointer.
    :raises SsidInText: it is not; the issues say where, and never what.
    """
    found = [pointer for pointer, text in texts.items() if text and TEN_DIGITS.search(text)]
    if found:
        raise SsidInText(
            "List students by their SSIDs; free text is read by people and mailed.",
            issues=[Issue(pointer, "ssid_in_text", "Ten digits in a row.") for pointer in found],
        )


def masked(ssid: str) -> str:
    """What a list shows of an SSID."""
    return "*" * 6 + ssid[-4:]


def _texts(details: Mapping[str, object], asked: Asked) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if isinstance(value, str) and asked[name].kind is not DetailKind.SSID:
            yield asked[name].pointer, value
