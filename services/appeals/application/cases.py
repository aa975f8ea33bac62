"""Finding the case that an appeal is asked under."""

from __future__ import annotations

import re

from services.appeals.application.ports import KnownCases
from services.appeals.domain.errors import CaseNotKnownYet, CaseNotSubmitted
from services.appeals.domain.permissions import can_see_case
from services.appeals.domain.values import KnownCase
from shared.kernel.actor import Actor

CASE_NUMBER = re.compile(r"\d{4}-\d{2}-\d{6,}")
SOON = 2  # seconds in which the news of a submission usually arrives


async def find_case(cases: KnownCases, case_number: str, actor: Actor) -> KnownCase:
    """The submitted case, in the caller's scope.

    A number of another's case and one that nobody has are answered alike (contract §7).

    :raises CaseNotKnownYet: there is none in the caller's scope; or the news of it is on the way.
    :raises CaseNotSubmitted: no submitted case can have such a number (a draft has none).
    """
    if not CASE_NUMBER.fullmatch(case_number):
        raise CaseNotSubmitted("An appeal needs a submitted case; a draft has no case number.")
    case = await cases.find(case_number)
    if case is None or not can_see_case(actor, case):
        raise CaseNotKnownYet(
            "No such case is known here: the number may be wrong, or the case was submitted a moment ago; "
            "then please try again shortly.",
            retry_after=SOON,
        )
    return case
