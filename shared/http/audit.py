"""What of a request is an act for the audit: a refusal always, and what a route says of itself.

@router.put("/directory/{cds}", dependencies=[audited("directory_set")])
"""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request
from starlette.types import Scope

from shared.kernel.actor import Actor
from shared.observability import audit

REFUSED = "refused"
_ACT, _MORE, _CODE, CALLER = "stairs.act", "stairs.act_more", "stairs.refusal", "stairs.caller"


def audited(act: str) -> Any:  # noqa: ANN401 - as FastAPI types its dependencies
    """A dependency of a route: whoever is let in leaves a line with this name."""

    async def note(request: Request) -> None:
        note_act(request.scope, act)

    note.__name__ = act
    return Depends(note)


def note_act(scope: Scope, act: str, **more: str) -> None:
    """This request is such an act; for what is one only sometimes, as a search by SSID."""
    scope[_ACT], scope[_MORE] = act, more


def note_refusal(scope: Scope, code: str) -> None:
    """This request is refused with this code."""
    scope[_CODE] = code


def record_ended(scope: Scope, method: str, route: str, status: int) -> None:
    """Leave a line about a request that has ended, if it was such an act or was refused."""
    act, code = scope.get(_ACT), scope.get(_CODE)
    if act is None and code is None:
        return
    caller: Actor | None = scope.get(CALLER)
    told = {
        **_who(caller),
        "method": method,
        "route": route,
        # ids of cases and codes of places; who sends an SSID in their place finds it masked
        "on": scope.get("path_params") or None,
        "status": status,
        **scope.get(_MORE, {}),
        "verdict": code or ("done" if status < 400 else "failed"),
    }
    audit.record(act or REFUSED, told, known=caller is not None)


def _who(caller: Actor | None) -> dict[str, object]:
    if caller is None:
        return {}
    return {"who": caller.sub, "role": caller.role.value, "lea": caller.lea, "school": caller.school}
