"""Finding the case that a request is about."""

from __future__ import annotations

from uuid import UUID

from services.incidents.domain.case import Case
from services.incidents.domain.errors import CaseNotFound
from services.incidents.domain.permissions import require_case_reader, require_case_visible
from shared.kernel.actor import Actor
from shared.kernel.errors import Stale
from shared.kernel.store import Store, StreamUnknown


async def find_case(store: Store, case_id: UUID, actor: Actor) -> Case:
    """The case as it is now.

    :raises NotAllowed: the role sees no cases; nothing was read then.
    :raises CaseNotFound: there is none in the caller's scope.
    """
    require_case_reader(actor)
    try:
        case = await store.load(Case, case_id)
    except StreamUnknown:
        raise CaseNotFound from None
    require_case_visible(actor, case)
    return case


def require_version(case: Case, expected: int | None) -> None:
    """Go on with the version that the caller decided on; None: with any.

    :raises Stale: it is not the present one.
    """
    if expected not in (None, case.version):
        raise Stale(f"The present version is {case.version}.")
