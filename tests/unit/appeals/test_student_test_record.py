"""HR-22 and duplicates: what one student's test admits in one year, across cases."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid5

import pytest

from services.appeals.domain.errors import AlreadyInvalidated, AppealTypeNotOffered, DuplicateAppeal
from services.appeals.domain.identity import Identity
from services.appeals.domain.student_test_record import StudentTestRecord
from services.appeals.domain.values import Act, AppealStatus, AppealType, Decider
from tests.support.appeals.states import FRIDAY, NAMES, SITE_COORDINATOR, STUDENT, an_invalidation
from tests.support.scenario import given

ACT = Act(SITE_COORDINATOR, FRIDAY)
INVALIDATE, RE_OPEN, RESET = AppealType.INVALIDATE, AppealType.RE_OPEN, AppealType.RESET
DECIDERS = {INVALIDATE: Decider.CDE, RE_OPEN: Decider.CALTAC, RESET: Decider.CALTAC}
STANDING = [
    AppealStatus.PENDING_CDE,
    AppealStatus.APPROVED,
    AppealStatus.PROCESSED,
    AppealStatus.PROCESSING_FAILED,
]
GONE = [AppealStatus.DENIED, AppealStatus.WITHDRAWN]


def an_appeal(kind: AppealType, *, case: str = "2018-19-000001") -> Identity:
    about = an_invalidation().identity
    return replace(
        about,
        appeal_id=uuid5(NAMES, f"{kind} {case}"),
        appeal_type=kind,
        case_number=case,
        decider=DECIDERS[kind],
    )


def admit(record: StudentTestRecord, about: Identity) -> None:
    """Ask for room and take it, as the application does."""
    record.admit(about, record.room_for(about.appeal_type, about.case_number), ACT)


def a_record(*appeals: tuple[Identity, AppealStatus | None]) -> StudentTestRecord:
    record = StudentTestRecord.open(an_appeal(INVALIDATE), ACT)
    for about, status in appeals:
        admit(record, about)
        if status is not None:
            record.note(about.appeal_id, status, ACT)
    return record


def test_the_first_appeal_is_admitted() -> None:
    given(a_record()).when(lambda r: admit(r, an_appeal(INVALIDATE))).then_only(
        StudentTestRecord.AppealOpened, appeal_type="invalidate", status="pending_cde"
    )


@pytest.mark.parametrize("status", [None, *STANDING])
def test_hr_22_no_re_open_where_an_invalidation_exists_in_any_case_of_the_year(
    status: AppealStatus | None,
) -> None:
    record = a_record((an_appeal(INVALIDATE), status))
    given(record).when(lambda r: admit(r, an_appeal(RE_OPEN, case="2018-19-000009"))).then_refused(
        AlreadyInvalidated
    )


@pytest.mark.parametrize("status", GONE)
def test_hr_22_an_invalidation_that_came_to_nothing_bars_nothing(status: AppealStatus) -> None:
    record = a_record((an_appeal(INVALIDATE), status))
    given(record).when(lambda r: admit(r, an_appeal(RE_OPEN))).then_only(StudentTestRecord.AppealOpened)


def test_an_invalidation_waits_until_a_re_open_of_the_same_test_is_decided() -> None:
    record = a_record((an_appeal(RE_OPEN), None))
    given(record).when(lambda r: admit(r, an_appeal(INVALIDATE, case="2018-19-000009"))).then_refused(
        AppealTypeNotOffered
    )


@pytest.mark.parametrize("status", [AppealStatus.APPROVED, AppealStatus.PROCESSED, *GONE])
def test_a_decided_re_open_does_not_bar_an_invalidation(status: AppealStatus) -> None:
    record = a_record((an_appeal(RE_OPEN), status))
    given(record).when(lambda r: admit(r, an_appeal(INVALIDATE))).then_only(StudentTestRecord.AppealOpened)


@pytest.mark.parametrize("case", ["2018-19-000001", "2018-19-000009"], ids=["same case", "another case"])
def test_an_open_appeal_is_not_asked_for_twice(case: str) -> None:
    record = a_record((an_appeal(RESET), None))
    given(record).when(lambda r: admit(r, an_appeal(RESET, case=case))).then_refused(DuplicateAppeal)


def test_an_executed_appeal_is_not_asked_for_again_under_its_case() -> None:
    record = a_record((an_appeal(RESET), AppealStatus.PROCESSED))
    given(record).when(lambda r: admit(r, an_appeal(RESET))).then_refused(DuplicateAppeal)


def test_an_executed_appeal_may_be_asked_for_under_another_case() -> None:
    record = a_record((an_appeal(RESET), AppealStatus.PROCESSED))
    given(record).when(lambda r: admit(r, an_appeal(RESET, case="2018-19-000009"))).then_only(
        StudentTestRecord.AppealOpened
    )


@pytest.mark.parametrize("status", [AppealStatus.APPROVED, AppealStatus.PROCESSED])
def test_a_test_is_invalidated_once_only(status: AppealStatus) -> None:
    record = a_record((an_appeal(INVALIDATE), status))
    given(record).when(lambda r: admit(r, an_appeal(INVALIDATE, case="2018-19-000009"))).then_refused(
        AlreadyInvalidated
    )


@pytest.mark.parametrize("status", GONE)
def test_hr_26_a_denial_may_be_followed_by_a_new_appeal(status: AppealStatus) -> None:
    record = a_record((an_appeal(RESET), status))
    given(record).when(lambda r: admit(r, an_appeal(RESET))).then_only(StudentTestRecord.AppealOpened)


def test_whoever_asks_about_the_same_test_in_the_same_year_meets_the_same_record() -> None:
    same = {StudentTestRecord.id_of(STUDENT, "sb_ela_cat", "2018-19") for _ in range(2)}
    assert same == {a_record().id}
    assert StudentTestRecord.id_of(STUDENT, "sb_ela_pt", "2018-19") not in same
    assert StudentTestRecord.id_of(STUDENT, "sb_ela_cat", "2019-20") not in same


def test_room_is_for_the_appeal_and_the_version_that_was_judged() -> None:
    record, about = a_record(), an_appeal(INVALIDATE)
    room = record.room_for(INVALIDATE, about.case_number)
    with pytest.raises(ValueError, match="room is for invalidate"):
        record.admit(an_appeal(RESET), room, ACT)
    admit(record, an_appeal(RESET))
    with pytest.raises(ValueError, match="version 1"):
        record.admit(about, room, ACT)
