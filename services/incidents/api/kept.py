"""Answers about cases that an idempotency key keeps: without masked SSIDs, which are shown as of now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from services.incidents.api.dependencies import IncidentDependencies
from services.incidents.api.resources import CaseResource, Masks
from services.incidents.domain.case import Case
from shared.http.answers import Answer
from shared.http.idempotency import KeptAnswer
from shared.kernel.actor import Actor

_MASK = "ssid_masked"


def answer_to_keep(
    case: Case, masks: Masks, action: str | None, answer: Callable[[CaseResource], Answer[CaseResource]]
) -> Answer[CaseResource]:
    """The answer with masks; what is kept of it has none: they may not be shown for as long as it is kept."""
    shown = answer(CaseResource.of(case, masks, action))
    if masks:
        shown.to_keep = bytes(answer(CaseResource.of(case, {}, action)).body)
    return shown


async def case_again(kept: KeptAnswer, deps: IncidentDependencies, caller: Actor) -> Answer[CaseResource]:
    """The first answer again, with the masks that the caller may see now.

    A student whom the case lists no longer, or whose key is destroyed, is shown without one.

    :raises CaseNotFound: the case is out of the caller's scope now, or deleted.
    """
    case = await deps.cases.get(UUID(kept.content["id"]), caller)
    return kept.answer(_masked(kept.content, await deps.cases.masks(case, caller)))


def _masked(content: Any, masks: Masks) -> Any:  # noqa: ANN401 - JSON
    if isinstance(content, list):
        return [_masked(one, masks) for one in content]
    if not isinstance(content, dict):
        return content
    shown = {name: _masked(value, masks) for name, value in content.items()}
    return shown | {_MASK: masks.get(shown["student_ref"])} if _MASK in shown else shown
