"""A case that sets another right: what is submitted is never edited (§6.2)."""

from __future__ import annotations

from typing import Protocol

from services.incidents.domain.errors import InvalidReport
from shared.kernel.actor import Actor
from shared.kernel.errors import Issue


class NumberedCases(Protocol):
    """Knows the submitted cases by number."""

    async def is_known(self, case_number: str, actor: Actor) -> bool:
        """Whether there is such a case in the caller's scope."""
        ...


class Corrections:
    """Checks the link from a case to the one that it corrects."""

    def __init__(self, cases: NumberedCases) -> None:
        self._cases = cases

    async def require_known(self, corrects: str | None, actor: Actor) -> None:
        """Require that the corrected case exists; None names no case and is always accepted.

        :raises InvalidReport: there is none of this number in the caller's scope.
        """
        if corrects is not None and not await self._cases.is_known(corrects, actor):
            issue = Issue("/corrects", "unknown_case", "No submitted case of this number in your scope.")
            raise InvalidReport("A correction names the case that it sets right.", issues=[issue])
