"""Published defects of other products' deadlines, those about waiting, warning and changed promises.

The other nine are in `test_business_clock.py` and `tests/contract/test_stored_appeals.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.appeals.api.resources import is_overdue
from services.appeals.domain.values import Act, AppealStatus
from tests.support.appeals.states import (
    CALTAC,
    CDE,
    FRIDAY,
    POLICY,
    TUESDAY,
    a_re_open,
    an_invalidation,
    failed,
)


def test_museum_1_time_spent_waiting_for_the_delivery_system_is_added_to_no_clock() -> None:
    appeal = failed(a_re_open(), by=CALTAC)
    due = appeal.decide_by
    appeal.resubmit(Act(CALTAC, TUESDAY + timedelta(days=9)))
    assert appeal.decide_by == due == a_re_open().decide_by


def test_museum_5_a_decision_is_not_called_late_at_the_deadline_itself() -> None:
    due = an_invalidation().decide_by
    assert due is not None
    assert not is_overdue(AppealStatus.PENDING_CDE, due, due)
    assert is_overdue(AppealStatus.PENDING_CDE, due, due + timedelta(microseconds=1))


def test_museum_6_a_changed_promise_forgets_nothing_of_a_clock_that_runs() -> None:
    appeal = an_invalidation()
    promised = appeal.decide_by
    shorter = replace(
        POLICY, routes=tuple(replace(r, clock=replace(r.clock, business_days=1)) for r in POLICY.routes)
    )
    appeal.approve(Act(CDE, TUESDAY), shorter, None)
    assert appeal.decide_by == promised == POLICY.calendar.due(FRIDAY, 4)
