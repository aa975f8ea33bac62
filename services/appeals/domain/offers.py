"""HR-15: the appeals on offer = catalog ∩ test kind ∩ event state, and where there is none, why.

The rows of domain §5.7 are data (``AppealPolicy.routes``); this module compares a row with a case. A value
that is not known (the state, the minutes, the part) refuses nothing: the decider checks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.appeals.domain.errors import OFFER_REFUSALS, FilingProtocolLeaOnly
from services.appeals.domain.permissions import LEA_FILES, can_file_restore, can_file_under
from services.appeals.domain.policy import AppealPolicy, Route, WithheldReason
from services.appeals.domain.student_test_record import StudentTestRecord
from services.appeals.domain.values import AppealType, DeclaredEvent, KnownCase
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Refusal

CASE_LEADS_NOWHERE = "no_appeal_for_this_incident"
WINDOW_CLOSED = "window_closed"


@dataclass(frozen=True)
class Withheld:
    """An appeal type that is not on offer, and why."""

    appeal_type: AppealType
    reason: WithheldReason


@dataclass(frozen=True)
class Offers:
    """What may be asked for one student's test now; ``reason`` says why it is nothing."""

    offered: tuple[Route, ...]
    withheld: tuple[Withheld, ...]
    reason: WithheldReason | None
    warnings: Mapping[str, WithheldReason] = field(default_factory=dict)  # by the row that is on offer


@dataclass(frozen=True)
class Situation:
    """A case, one student's test event in it, who asks, and when."""

    case: KnownCase
    event: DeclaredEvent
    role: Role
    at: datetime


def offers(policy: AppealPolicy, situation: Situation) -> Offers:
    """What is on offer, type by type, in the order of the routing table."""
    verdicts = {kind: _judge(policy, situation, kind) for kind in _types_in_order(policy)}
    withheld = tuple(Withheld(kind, v) for kind, v in verdicts.items() if isinstance(v, WithheldReason))
    offered = tuple(v for v in verdicts.values() if isinstance(v, Route))
    if not offered:
        return Offers(offered, withheld, _main_reason(policy, situation, withheld))
    hurried = {row.id: policy.retest.warning for row in offered if leaves_little_time(policy, row, situation)}
    return Offers(offered, withheld, None, hurried)


def route_for(policy: AppealPolicy, situation: Situation, appeal_type: AppealType) -> Route:
    """The row by which this appeal may be requested.

    :raises Refusal: the appeal is not on offer; the class carries the contract's code, the words say why.
    """
    verdict = _judge(policy, situation, appeal_type)
    if isinstance(verdict, Route):
        return verdict
    raise refusal_for(verdict)


def without_taken(found: Offers, record: StudentTestRecord, case: KnownCase) -> Offers:
    """What is still on offer when the student's test was appealed before (HR-22, duplicates)."""
    taken = {route.id: _taken(route, record, case) for route in found.offered}
    kept = tuple(route for route in found.offered if taken[route.id] is None)
    gone = tuple(withheld for withheld in taken.values() if withheld is not None)
    reason = found.reason if kept or not gone else gone[0].reason
    return Offers(kept, (*gone, *found.withheld), reason, found.warnings)


def for_whoever_files(found: Offers, actor: Actor, case: KnownCase) -> Offers:
    """Nothing, with the reason, for a site whose LEA keeps filing to itself (§3.3 note 1); else the same."""
    if can_file_under(actor, case):
        return found
    code = FilingProtocolLeaOnly.code
    reason = WithheldReason(code, code, LEA_FILES, source="§3.3 note 1; M p49")
    kept = tuple(Withheld(route.appeal_type, reason) for route in found.offered)
    return Offers((), (*kept, *found.withheld), reason)


def _taken(route: Route, record: StudentTestRecord, case: KnownCase) -> Withheld | None:
    try:
        record.room_for(route.appeal_type, case.case_number)
    except Refusal as refusal:
        reason = WithheldReason(refusal.code, refusal.code, refusal.detail, source="HR-22, §5.2.7")
        return Withheld(route.appeal_type, reason)
    return None


def refusal_for(reason: WithheldReason) -> Refusal:
    """The refusal for a reason of the rulebook."""
    return OFFER_REFUSALS[reason.refusal](reason.text)


def _types_in_order(policy: AppealPolicy) -> list[AppealType]:
    return list(dict.fromkeys(route.appeal_type for route in policy.routes))


def _judge(policy: AppealPolicy, situation: Situation, appeal_type: AppealType) -> Route | WithheldReason:
    if window_is_closed(policy, situation.case, situation.at):
        return policy.reasons[WINDOW_CLOSED]
    farthest, why = -1, CASE_LEADS_NOWHERE
    for route in policy.routes:
        if route.appeal_type is appeal_type:
            step, obstacle = _first_obstacle(policy, route, situation)
            if obstacle is None:
                return route
            if step > farthest:
                farthest, why = step, obstacle
    return policy.reasons[why]


def window_is_closed(policy: AppealPolicy, case: KnownCase, at: datetime) -> bool:
    """Whether the selected testing window, where one is known, ended before today (K9, A-8)."""
    return case.window_closes_on is not None and policy.calendar.local_date(at) > case.window_closes_on


def leaves_little_time(policy: AppealPolicy, route: Route, situation: Situation) -> bool:
    """Whether the window may end before the decision and a business day to test after it (K9)."""
    closes_on = situation.case.window_closes_on
    if closes_on is None or route.appeal_type not in policy.retest.types:
        return False
    days = (route.clock.business_days or 0) + policy.retest.business_days
    return policy.calendar.local_date(policy.calendar.due(situation.at, days)) > closes_on


def _first_obstacle(policy: AppealPolicy, route: Route, situation: Situation) -> tuple[int, str | None]:
    for step, check in enumerate(CHECKS):
        reason = check(policy, route, situation)
        if reason is not None:
            return step, reason
    return len(CHECKS), None


def _the_incident(_: AppealPolicy, route: Route, situation: Situation) -> str | None:
    return None if situation.case.incident_type in route.incident_types else route.otherwise


def _the_cause(_: AppealPolicy, route: Route, situation: Situation) -> str | None:
    cause = situation.case.disruption_cause
    fits = route.causes is None or cause is None or cause in route.causes
    return None if fits else route.otherwise


def _the_delivery(policy: AppealPolicy, route: Route, situation: Situation) -> str | None:
    case = situation.case
    mode = "paper" if case.test in policy.paper_tests else case.delivery_mode
    fits = route.delivery_modes is None or mode in route.delivery_modes
    return None if fits else route.delivery_reason


def _the_role(_: AppealPolicy, route: Route, situation: Situation) -> str | None:
    fits = not route.caltac_only or can_file_restore(situation.role)
    return None if fits else "restore_through_caltac"


def _the_part(policy: AppealPolicy, route: Route, situation: Situation) -> str | None:
    if route.parts is None:
        return None
    of_the_test = policy.tests.get(situation.case.test, route.parts)
    declared = situation.event.part
    hit = of_the_test & {declared} if declared else of_the_test
    return None if hit & route.parts else route.part_reason


def _the_state(_: AppealPolicy, route: Route, situation: Situation) -> str | None:
    state = situation.event.state
    return None if state is None or state in route.states else route.state_reasons[state]


def _the_pause(_: AppealPolicy, route: Route, situation: Situation) -> str | None:
    minutes, limit = situation.event.minutes_paused, route.minutes_paused_over
    fits = limit is None or minutes is None or minutes > limit
    return None if fits else route.minutes_reason


def _the_catalog(_: AppealPolicy, route: Route, situation: Situation) -> str | None:
    settled = route.state_settles and situation.event.state is not None  # by ``_the_state``
    fits = settled or route.caltac_only or route.appeal_type.value in situation.case.appeal_types
    return None if fits else route.otherwise


CHECKS: tuple[Callable[[AppealPolicy, Route, Situation], str | None], ...] = (
    _the_incident,
    _the_role,
    _the_cause,
    _the_delivery,
    _the_part,
    _the_state,
    _the_pause,
    _the_catalog,
)


def _main_reason(
    policy: AppealPolicy, situation: Situation, withheld: tuple[Withheld, ...]
) -> WithheldReason:
    """The first reason that speaks of this case's own appeal types; else that it leads to none."""
    for kind in _types_of_the_incident(policy, situation.case):
        return next(w.reason for w in withheld if w.appeal_type is kind)
    return policy.reasons[CASE_LEADS_NOWHERE]


def _types_of_the_incident(policy: AppealPolicy, case: KnownCase) -> Iterator[AppealType]:
    return (route.appeal_type for route in policy.routes if case.incident_type in route.incident_types)
