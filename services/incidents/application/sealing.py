"""Checks and seals the SSIDs that a caller sent, and checks free text for SSIDs (HR-07, A-17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from services.incidents.application.ports import StudentVault
from services.incidents.domain.details import Asked, DetailKind, sealed, ssids_in, wrong_details
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
from shared.kernel.ssid import holds_ssid


async def seal_report(
    accepted: AcceptedReport,
    details: Mapping[str, object],
    ssids: Sequence[str],
    vault: StudentVault,
    caller: str,
) -> tuple[dict[str, object], list[SealedStudent]]:
    """Check a report and seal its SSIDs; returns the details and the listed students as facts keep them.

    :param details: those of the report that came with this request; the others are sealed already.
    :param caller: who reports it: ``sub`` of the token.
    :raises TooManyNewStudents: the caller has named as many new students as one may in a day.
    :raises Invalid: an SSID, a detail or a text cannot be accepted; nothing was sealed then.
    """
    asked = accepted.row.details
    listed = SsidList.of(ssids).ssids
    require_details(details, asked)
    require_no_ssid_in({"/narrative": accepted.report.narrative, **dict(_texts(details, asked))})
    named = list(dict.fromkeys([*listed, *ssids_in(details, asked)]))
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


def require_no_ssid_in(texts: Mapping[str, str | None]) -> None:
    """Require that free text holds no SSID, which is to say no run of ten digits.

    :param texts: by JSON pointer.
    :raises SsidInText: it does; the issues say where, and never repeat the text.
    """
    found = [pointer for pointer, text in texts.items() if text and holds_ssid(text)]
    if found:
        raise SsidInText(
            "List students by their SSIDs; free text is read by people and mailed.",
            issues=[Issue(pointer, "ssid_in_text", "Ten digits in a row.") for pointer in found],
        )


def masked(ssid: str) -> str:
    """The SSID with all but its last four digits masked."""
    return "*" * 6 + ssid[-4:]


def _texts(details: Mapping[str, object], asked: Asked) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if isinstance(value, str) and asked[name].kind is not DetailKind.SSID:
            yield asked[name].pointer, value
