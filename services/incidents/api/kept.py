"""Answers about cases that an idempotency key keeps: without masked SSIDs, which are shown as of now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from services.incidents.api.dependencies import IncidentDependencies
from services.incidents.api.resources import CaseResource, Masks
from services.incidents.domain.case import Case
from services.incidents.domain.details import students_in
from services.incidents.domain.values import CaseStatus
from shared.http.answers import Answer
from shared.http.idempotency import KeptAnswer
from shared.kernel.actor import Actor

_REF, _MASK = "student_ref", "ssid_masked"


def answer_to_keep(
    case: Case, masks: Masks, action: str | None, answer: Callable[[CaseResource], Answer[CaseResource]]
) -> Answer[CaseResource]:
    """The answer with masks; what is kept of it has none: they may not be shown for as long as it is kept.

    Where the case names no student, the two are one, and are made once.
    """
    shown = answer(CaseResource.of(case, masks, action))
    if case.students or any(students_in(case.report.details)):
        shown.to_keep = lambda: bytes(answer(CaseResource.of(case, {}, action, to_keep=True)).body)
    return shown


async def case_again(kept: KeptAnswer, deps: IncidentDependencies, caller: Actor) -> Answer[CaseResource]:
    """The first answer again, with the masks that the caller may see now.

    A student whom the case lists no longer, or whose key is destroyed, is shown without one. Of what was a
    draft then, no reference is shown.

    :raises CaseNotFound: the case is out of the caller's scope now, or deleted.
    """
    case = await deps.cases.get(UUID(kept.content["id"]), caller)
    masks, of_draft = await deps.cases.masks(case, caller), kept.content["status"] == CaseStatus.DRAFT
    return kept.answer(_as_now(kept.content, masks, of_draft))


def _as_now(content: Any, masks: Masks, of_draft: bool) -> Any:  # noqa: ANN401 - JSON
    if isinstance(content, list):
        return [_as_now(one, masks, of_draft) for one in content]
    if not isinstance(content, dict):
        return content
    if _MASK not in content:
        return {name: _as_now(value, masks, of_draft) for name, value in content.items()}
    ref = content[_REF]
    return content | {_REF: None if of_draft else ref, _MASK: masks.get(ref)}
