"""Whom a breach obliges to phone, and whether that was done (HR-11, HR-12, HR-13; M p43, p46)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.incidents.domain.assessment import Assessment
from services.incidents.domain.errors import BreachCallRequired, InTheFuture, WrongCallDestination
from services.incidents.domain.report import CLOCKS_DIFFER
from services.incidents.domain.values import BreachCall, PreAction, Severity
from shared.kernel.actor import Actor, Role


def require_call_asked_for(call: BreachCall, assessment: Assessment, at: datetime) -> None:
    """Accept only the call that the case asks for.

    :raises WrongCallDestination: another desk was to be called, or none.
    :raises InTheFuture: it has not been made yet.
    """
    if call.called_at > at + CLOCKS_DIFFER:
        raise InTheFuture("The call is recorded after it was made.")
    if assessment.pre_action is None:
        raise WrongCallDestination("This incident asks for no phone call.")
    if call.called.as_pre_action is not assessment.pre_action:
        raise WrongCallDestination(f"For this incident the instruction is: {assessment.pre_action}.")


def require_call_on_record(assessment: Assessment, calls: Iterable[BreachCall], actor: Actor) -> None:
    """Let a site coordinator submit a breach only after the LEA coordinator's call is on record (A-4).

    :raises BreachCallRequired: it is not.
    """
    if assessment.severity is not Severity.BREACH or actor.role is not Role.SITE_COORDINATOR:
        return
    if not _on_record(assessment.pre_action, calls):
        raise BreachCallRequired(
            "A site coordinator submits a breach after the LEA coordinator's phone call is on record; "
            f"the instruction is: {assessment.pre_action}."
        )


def newly_asked(
    before: Assessment | None, now: Assessment, calls: Iterable[BreachCall] = ()
) -> PreAction | None:
    """The call that became necessary by this change (N8); None if there is none, or it is on record."""
    known = before is not None and before.pre_action is now.pre_action
    return None if known or _on_record(now.pre_action, calls) else now.pre_action


def _on_record(asked: PreAction | None, calls: Iterable[BreachCall]) -> bool:
    return any(call.called.as_pre_action is asked for call in calls)
