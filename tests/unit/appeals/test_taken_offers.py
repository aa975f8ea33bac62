"""What is left of the offers for a student with earlier appeals (HR-22), or a site that may not file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.appeals.domain.errors import AlreadyInvalidated, DuplicateAppeal
from services.appeals.domain.identity import Identity
from services.appeals.domain.offers import (
    Offers,
    Withheld,
    for_whoever_files,
    leaves_little_time,
    offers,
    without_taken,
)
from services.appeals.domain.permissions import LEA_FILES
from services.appeals.domain.policy import Route, WithheldReason
from services.appeals.domain.student_test_record import StudentTestRecord
from services.appeals.domain.values import Act, AppealStatus, AppealType
from tests.support.appeals.states import (
    CDE,
    CHEATING,
    FRIDAY,
    ILLNESS,
    LEA_COORDINATOR,
    POLICY,
    SITE_COORDINATOR,
    STARTED,
    TUESDAY,
    a_re_open,
    an_invalidation,
    situation,
)

INVALIDATE, RE_OPEN, RESET = AppealType.INVALIDATE, AppealType.RE_OPEN, AppealType.RESET
HURRY = WithheldReason("hurry", "hurry", "Little time is left.", "K9")
OTHERWISE = Withheld(RESET, WithheldReason("no_reset", "no_reset", "Nothing to reset.", "§5.7"))


def row(kind: AppealType) -> Route:
    return next(route for route in POLICY.routes if route.appeal_type is kind)


def on_offer(*kinds: AppealType) -> Offers:
    return Offers(tuple(map(row, kinds)), (OTHERWISE,), None, {"a row": HURRY})


def a_record(about: Identity, status: AppealStatus | None = None) -> StudentTestRecord:
    act = Act(SITE_COORDINATOR, FRIDAY)
    record = StudentTestRecord.open(about, act)
    record.admit(about, record.room_for(about.appeal_type, about.case_number), act)
    if status is not None:
        record.note(about.appeal_id, status, Act(CDE, TUESDAY))
    return record


def test_what_a_student_has_already_is_withheld_with_the_reason_before_the_others() -> None:
    left = without_taken(on_offer(INVALIDATE), a_record(an_invalidation().identity), CHEATING)
    with pytest.raises(DuplicateAppeal) as refused:
        a_record(an_invalidation().identity).room_for(INVALIDATE, CHEATING.case_number)
    reason = WithheldReason(
        "duplicate_appeal", "duplicate_appeal", str(refused.value.detail), source="HR-22, §5.2.7"
    )
    assert left == Offers((), (Withheld(INVALIDATE, reason), OTHERWISE), reason, {"a row": HURRY})


def test_what_the_record_leaves_room_for_stays_and_nothing_needs_a_reason() -> None:
    found = on_offer(INVALIDATE, RE_OPEN)
    left = without_taken(found, a_record(an_invalidation().identity), CHEATING)
    assert (left.offered, left.reason, left.warnings) == ((), left.withheld[0].reason, {"a row": HURRY})
    assert [each.reason.reason_code for each in left.withheld] == [
        DuplicateAppeal.code,
        AlreadyInvalidated.code,
        "no_reset",
    ]
    beside = without_taken(on_offer(RE_OPEN, RESET), a_record(a_re_open().identity), ILLNESS)
    assert (beside.offered, beside.reason) == ((row(RESET),), None)


def test_nothing_is_said_of_a_record_where_nothing_was_on_offer_anyway() -> None:
    nothing = Offers((), (OTHERWISE,), OTHERWISE.reason)
    assert without_taken(nothing, a_record(an_invalidation().identity), CHEATING) == nothing


def test_an_appeal_that_this_very_case_had_executed_is_not_offered_again_but_another_cases_is() -> None:
    record = a_record(a_re_open().identity, AppealStatus.PROCESSED)
    assert without_taken(on_offer(RE_OPEN), record, ILLNESS).offered == ()
    other = replace(ILLNESS, case_number="2018-19-000099")
    assert without_taken(on_offer(RE_OPEN), record, other).offered == (row(RE_OPEN),)


def test_a_site_whose_lea_files_is_offered_nothing_and_told_why() -> None:
    found, kept_by_the_lea = on_offer(INVALIDATE, RE_OPEN), replace(CHEATING, lea_files=True)
    code = "filing_protocol_lea_only"
    reason = WithheldReason(code, code, LEA_FILES, source="§3.3 note 1; M p49")
    withheld = (Withheld(INVALIDATE, reason), Withheld(RE_OPEN, reason), OTHERWISE)
    assert for_whoever_files(found, SITE_COORDINATOR, kept_by_the_lea) == Offers((), withheld, reason)
    assert for_whoever_files(found, LEA_COORDINATOR, kept_by_the_lea) is found
    assert for_whoever_files(found, SITE_COORDINATOR, CHEATING) is found


def test_a_row_without_a_clock_leaves_the_days_to_test() -> None:
    unlimited = replace(row(RE_OPEN), clock=replace(row(RE_OPEN).clock, business_days=None))
    next_day = date(2019, 4, 15)
    for closes_on, little in ((next_day, False), (date(2019, 4, 14), True)):
        case = replace(ILLNESS, window_closes_on=closes_on)
        assert leaves_little_time(POLICY, unlimited, situation(case, STARTED)) is little


def test_a_test_that_is_on_paper_whatever_the_case_says_is_held_against_paper() -> None:
    papers = [replace(each, delivery_modes=frozenset({"paper"})) for each in POLICY.routes]
    rules = replace(POLICY, routes=tuple(papers), paper_tests=frozenset({CHEATING.test}))
    found = offers(rules, situation(CHEATING, STARTED))
    assert [route.appeal_type for route in found.offered] == [INVALIDATE]


def test_of_rows_that_fail_at_the_same_step_the_first_ones_reason_is_told() -> None:
    names = ("first", "second")
    rows = [replace(row(INVALIDATE), incident_types=frozenset(), otherwise=name) for name in names]
    reasons = {name: WithheldReason(name, name, "Not this incident.", "§5.7") for name in names}
    rules = replace(POLICY, routes=tuple(rows), reasons={**POLICY.reasons, **reasons})
    (withheld,) = offers(rules, situation(CHEATING, STARTED)).withheld
    assert withheld.reason.reason_code == "first"
