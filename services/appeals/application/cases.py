"""Finding the case that an appeal is asked under."""

from __future__ import annotations

import re

from services.appeals.application.ports import KnownCases
from services.appeals.domain.errors import CaseNotKnownYet, CaseNotSubmitted
from services.appeals.domain.permissions import require_case_visible
from services.appeals.domain.values import KnownCase
from shared.kernel.actor import Actor

CASE_NUMBER = re.compile(r"\d{4}-\d{2}-\d{6,}")
SOON = 2  # seconds in which the news of a submission usually arrives


async def find_case(cases: KnownCases, case_number: str, actor: Actor) -> KnownCase:
    """The submitted case, in the caller's scope.

    :raises CaseNotKnownYet: it looks like a case number; the news of its submission may be on the way.
    :raises CaseNotSubmitted: no submitted case can have such a number (a draft has none).
    :raises CaseNotFound: outside the caller's scope.
    """
    case = await cases.find(case_number)
    if case is None and CASE_NUMBER.fullmatch(case_number):
        raise CaseNotKnownYet("The case is not known here yet; please try again shortly.", retry_after=SOON)
    if case is None:
        raise CaseNotSubmitted("An appeal needs a submitted case; a draft has no case number.")
    require_case_visible(actor, case)
    return case
