"""The students that one case can list, by their SSIDs; judged once, when the list is made (HR-07)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.incidents.domain.errors import DuplicateSsid, InvalidSsid, TooManyStudents
from services.incidents.domain.values import MOST_STUDENTS
from shared.kernel.errors import Issue
from shared.kernel.judged import Judged
from shared.kernel.ssid import is_ssid


@dataclass(frozen=True)
class SsidList(Judged):
    """At most 500 SSIDs, each of ten digits, none of them twice; made by ``of`` or by ``of_sheet``."""

    ssids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ssids)

    @classmethod
    def of(cls, ssids: Sequence[str]) -> SsidList:
        """The list as somebody typed it; it may be empty.

        :raises TooManyStudents, InvalidSsid, DuplicateSsid: it cannot be one; issues point at the entries.
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
        return cls(tuple(ssids), judged=True)

    @classmethod
    def of_sheet(cls, ssids: Sequence[str]) -> SsidList:
        """The list that a file names; ``ssid_sheet`` has judged it, cell by cell."""
        return cls(tuple(ssids), judged=True)
