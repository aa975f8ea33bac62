"""The use cases over the store in memory: all or none, scope, races, many at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

import pytest

from services.appeals.application.commands import (
    AskOffers,
    DecideMany,
    Deed,
    DoToAppeal,
    RequestAppeals,
    StudentAsked,
)
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.errors import (
    AlreadyDecided,
    AlreadyInvalidated,
    AppealNotFound,
    AppealTypeNotOffered,
    CaseNotKnownYet,
    CaseNotSubmitted,
    DuplicateAppeal,
    FilingProtocolLeaOnly,
    NotForThisRole,
    ReasonRequired,
    RestoreThroughCaltac,
    SsidInText,
    StudentNotInCase,
    StudentRepeated,
)
from services.appeals.domain.student_test_record import StudentTestRecord
from services.appeals.domain.values import Act, AppealStatus, AppealType, DeclaredEvent, EventState, KnownCase
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal, Stale
from tests.support.appeals.service import Service
from tests.support.appeals.states import (
    ADMINISTRATOR,
    CALTAC,
    CDE,
    CHEATING,
    EXPIRED,
    FOREIGN_COORDINATOR,
    FRIDAY,
    ILLNESS,
    LEA_COORDINATOR,
    NAMES,
    SITE_COORDINATOR,
    STARTED,
    STUDENT,
    SYSTEM,
    TUESDAY,
)

CLASS = [f"stu_{letter * 26}" for letter in "abcdefgh"]
WHOLE_CLASS = replace(CHEATING, student_refs=frozenset(CLASS))
SAME_TEST = replace(ILLNESS, test=CHEATING.test)


def asking(
    case: KnownCase,
    kind: AppealType,
    *students: str,
    event: DeclaredEvent = STARTED,
    by: Actor = SITE_COORDINATOR,
    comments: str | None = None,
) -> RequestAppeals:
    named = students or (STUDENT,)
    asked = tuple(
        StudentAsked(uuid5(NAMES, f"{case.case_number} {kind} {n} {ref}"), ref, event)
        for n, ref in enumerate(named)
    )
    return RequestAppeals(by, FRIDAY, case.case_number, kind, asked, comments)


def doing(
    deed: Deed, appeal_id: UUID, by: Actor, *, reason: str | None = None, expected: int | None = None
) -> DoToAppeal:
    return DoToAppeal(deed, appeal_id, Act(by, TUESDAY, reason), expected)


async def an_open_invalidation(service: Service) -> Appeal:
    (appeal,) = await service.requests.request(asking(CHEATING, AppealType.INVALIDATE))
    return appeal


async def test_e26_a_request_opens_one_appeal_per_student_and_a_record_of_each_test() -> None:
    service = Service(WHOLE_CLASS)
    appeals = await service.requests.request(asking(WHOLE_CLASS, AppealType.INVALIDATE, *CLASS))
    assert [appeal.identity.student_ref for appeal in appeals] == CLASS
    assert len({appeal.identity.appeal_number for appeal in appeals}) == len(CLASS)
    record = await service.store.load(
        StudentTestRecord, StudentTestRecord.id_of(CLASS[0], "sb_ela_cat", "2018-19")
    )
    assert [entry.status for entry in record.entries.values()] == [AppealStatus.PENDING_CDE]


async def test_all_or_none_one_refused_student_refuses_the_request_and_says_which() -> None:
    service = Service(WHOLE_CLASS)
    never = replace(
        asking(WHOLE_CLASS, AppealType.INVALIDATE, *CLASS[:2]),
        students=(
            StudentAsked(uuid5(NAMES, "one"), CLASS[0], STARTED),
            StudentAsked(uuid5(NAMES, "two"), CLASS[1], DeclaredEvent(EventState.NEVER_STARTED)),
        ),
    )
    with pytest.raises(AppealTypeNotOffered) as refused:
        await service.requests.request(never)
    assert [issue.pointer for issue in refused.value.issues] == ["/students/1"]
    assert service.store.rows == []


async def test_all_or_none_holds_for_duplicates_too() -> None:
    service = Service(WHOLE_CLASS)
    await service.requests.request(asking(WHOLE_CLASS, AppealType.INVALIDATE, CLASS[3]))
    stored = len(service.store.rows)
    with pytest.raises(DuplicateAppeal) as refused:
        await service.requests.request(asking(WHOLE_CLASS, AppealType.INVALIDATE, *CLASS))
    assert [issue.pointer for issue in refused.value.issues] == ["/students/3"]
    assert len(service.store.rows) == stored


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (asking(CHEATING, AppealType.INVALIDATE, STUDENT, STUDENT), StudentRepeated),
        (asking(CHEATING, AppealType.INVALIDATE, CLASS[0]), StudentNotInCase),
        (asking(CHEATING, AppealType.INVALIDATE, by=ADMINISTRATOR), NotForThisRole),
        (asking(CHEATING, AppealType.INVALIDATE, by=CDE), NotForThisRole),
        (asking(CHEATING, AppealType.INVALIDATE, by=SYSTEM), NotForThisRole),
        (asking(CHEATING, AppealType.INVALIDATE, by=FOREIGN_COORDINATOR), CaseNotKnownYet),
        (asking(CHEATING, AppealType.RESTORE), RestoreThroughCaltac),
        (asking(CHEATING, AppealType.INVALIDATE, comments="it was 1234567890 again"), SsidInText),
        (asking(ILLNESS, AppealType.RE_OPEN, event=EXPIRED), CaseNotKnownYet),
        (
            replace(asking(CHEATING, AppealType.INVALIDATE), case_number=str(CHEATING.incident_id)),
            CaseNotSubmitted,
        ),
    ],
    ids=[
        "the same student twice",
        "a student of another case",
        "HR-01 a test administrator",
        "the CDE",
        "the system",
        "a foreign case",
        "E23 HR-18 a restore",
        "an SSID in the comments",
        "HR-02 a case not known yet",
        "HR-02 a draft",
    ],
)
async def test_a_request_is_refused(command: RequestAppeals, why: type[Refusal]) -> None:
    service = Service(CHEATING)
    with pytest.raises(Refusal) as refused:
        await service.requests.request(command)
    assert type(refused.value) is why
    assert service.store.rows == []


@pytest.mark.shows("HR-01")
async def test_m_p49_where_the_lea_files_its_sites_ask_for_no_appeal_and_nobody_else_is_touched() -> None:
    service = Service(replace(CHEATING, lea_files=True))
    site = asking(CHEATING, AppealType.INVALIDATE, by=SITE_COORDINATOR)
    with pytest.raises(FilingProtocolLeaOnly):
        await service.requests.request(site)
    assert service.store.rows == []
    for helper in (LEA_COORDINATOR, CALTAC):
        ask = Service(replace(CHEATING, lea_files=True)).requests.request
        assert await ask(asking(CHEATING, AppealType.INVALIDATE, by=helper))


async def test_an_appeal_that_a_site_filed_before_stays_its_own_to_withdraw() -> None:
    service = Service(CHEATING)
    (filed,) = await service.requests.request(asking(CHEATING, AppealType.INVALIDATE, by=SITE_COORDINATOR))
    service.cases.cases[CHEATING.case_number] = replace(CHEATING, lea_files=True)
    act = Act(SITE_COORDINATOR, TUESDAY)
    withdrawn = await service.appeals.do(DoToAppeal(Deed.WITHDRAW, filed.id, act))
    assert withdrawn.status is AppealStatus.WITHDRAWN


async def test_a_case_not_known_yet_is_worth_another_try_soon() -> None:
    with pytest.raises(CaseNotKnownYet) as refused:
        await Service().requests.request(asking(CHEATING, AppealType.INVALIDATE))
    assert refused.value.retry_after


@pytest.mark.parametrize("text", ["call 12345678901", "(916) 445-8765", "2018-19-000123"])
async def test_digits_that_are_no_ssid_are_welcome(text: str) -> None:
    assert await Service(CHEATING).requests.request(asking(CHEATING, AppealType.INVALIDATE, comments=text))


async def test_hr_22_a_re_open_is_refused_where_an_invalidation_is_pending_in_another_case() -> None:
    service = Service(CHEATING, SAME_TEST)
    await an_open_invalidation(service)
    with pytest.raises(AlreadyInvalidated):
        await service.requests.request(asking(SAME_TEST, AppealType.RE_OPEN, event=EXPIRED))


async def test_hr_22_of_two_that_race_one_is_refused() -> None:
    service = Service(CHEATING, SAME_TEST)
    outcomes = await asyncio.gather(
        service.requests.request(asking(CHEATING, AppealType.INVALIDATE)),
        service.requests.request(asking(SAME_TEST, AppealType.RE_OPEN, event=EXPIRED)),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, Refusal) for outcome in outcomes) == [False, True]


async def test_of_many_equal_requests_at_once_one_is_accepted() -> None:
    service = Service(CHEATING)
    commands = [
        replace(
            asking(CHEATING, AppealType.INVALIDATE),
            students=(StudentAsked(uuid5(NAMES, str(n)), STUDENT, STARTED),),
        )
        for n in range(20)
    ]
    outcomes = await asyncio.gather(*map(service.requests.request, commands), return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1


async def test_a_decision_moves_the_appeal_and_its_record_together() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    await service.appeals.do(doing(Deed.DENY, appeal.id, CDE, reason="Not convincing."))
    again = replace(
        asking(CHEATING, AppealType.INVALIDATE),
        students=(StudentAsked(uuid5(NAMES, "again"), STUDENT, STARTED),),
    )
    (refiled,) = await service.requests.request(again)
    assert refiled.identity.appeal_number != appeal.identity.appeal_number


async def test_e26_decide_then_process() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    await service.appeals.do(doing(Deed.APPROVE, appeal.id, CDE))
    done = await service.appeals.do(doing(Deed.PROCESS, appeal.id, CALTAC))
    assert done.status is AppealStatus.PROCESSED


async def test_a_27_fail_resubmit_process() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    await service.appeals.do(doing(Deed.APPROVE, appeal.id, CDE))
    await service.appeals.do(doing(Deed.FAIL, appeal.id, CALTAC, reason="No opportunity matches."))
    await service.appeals.do(doing(Deed.RESUBMIT, appeal.id, CALTAC))
    done = await service.appeals.do(doing(Deed.PROCESS, appeal.id, CALTAC))
    assert (done.status, done.failure) == (AppealStatus.PROCESSED, None)


async def test_e27_a_withdrawal() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    assert (
        await service.appeals.do(doing(Deed.WITHDRAW, appeal.id, LEA_COORDINATOR))
    ).status is AppealStatus.WITHDRAWN


async def test_a_13_a_re_open_ends_with_the_window_where_one_is_known() -> None:
    service = Service(replace(ILLNESS, window_closes_on=date(2019, 4, 19)))
    (appeal,) = await service.requests.request(asking(ILLNESS, AppealType.RE_OPEN, event=EXPIRED))
    approved = await service.appeals.do(doing(Deed.APPROVE, appeal.id, CALTAC))
    assert approved.reopened_until == date(2019, 4, 19)


async def test_a_decision_on_an_older_version_is_stale() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    with pytest.raises(Stale):
        await service.appeals.do(doing(Deed.APPROVE, appeal.id, CDE, expected=7))


async def test_of_two_decisions_that_race_one_is_already_decided() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    outcomes = await asyncio.gather(
        service.appeals.do(doing(Deed.APPROVE, appeal.id, CDE)),
        service.appeals.do(doing(Deed.DENY, appeal.id, CDE, reason="No.")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Refusal)] == [AlreadyDecided]


@pytest.mark.parametrize("by", [FOREIGN_COORDINATOR, ADMINISTRATOR])
async def test_hr_29_an_appeal_out_of_scope_is_not_found_and_no_role_is_told_more(by: Actor) -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    with pytest.raises((AppealNotFound, NotForThisRole)):
        await service.appeals.get(appeal.id, by)
    with pytest.raises((AppealNotFound, NotForThisRole)):
        await service.appeals.do(doing(Deed.WITHDRAW, appeal.id, by))


async def test_many_decisions_have_a_result_each() -> None:
    service = Service(WHOLE_CLASS)
    appeals = await service.requests.request(asking(WHOLE_CLASS, AppealType.INVALIDATE, *CLASS))
    await service.appeals.do(doing(Deed.DENY, appeals[0].id, CDE, reason="No."))
    unknown = uuid5(NAMES, "nobody")
    ids = (*[appeal.id for appeal in appeals], unknown)
    results = await service.appeals.decide_many(DecideMany(Deed.APPROVE, ids, Act(CDE, TUESDAY)))
    assert [result.refusal and type(result.refusal) for result in results] == [
        AlreadyDecided,
        *[None] * (len(CLASS) - 1),
        AppealNotFound,
    ]
    assert (await service.appeals.get(appeals[1].id, CDE)).status is AppealStatus.APPROVED


async def test_many_denials_need_a_reason() -> None:
    with pytest.raises(ReasonRequired):
        await Service().appeals.decide_many(DecideMany(Deed.DENY, (), Act(CDE, TUESDAY)))


@pytest.mark.parametrize("by", [LEA_COORDINATOR, SITE_COORDINATOR, ADMINISTRATOR, SYSTEM])
async def test_many_decisions_are_for_deciders(by: Actor) -> None:
    with pytest.raises(NotForThisRole):
        await Service().appeals.decide_many(DecideMany(Deed.APPROVE, (), Act(by, TUESDAY)))


async def test_offers_leave_out_what_the_student_has_already() -> None:
    service = Service(CHEATING)
    question = AskOffers(SITE_COORDINATOR, FRIDAY, CHEATING.case_number, STUDENT, STARTED)
    _, before = await service.requests.offers(question)
    await an_open_invalidation(service)
    _, after = await service.requests.offers(question)
    assert [route.appeal_type for route in before.offered] == [AppealType.INVALIDATE]
    assert (after.offered, after.reason and after.reason.reason_code) == ((), "duplicate_appeal")


async def test_where_the_lea_files_its_sites_are_offered_nothing_and_told_why() -> None:
    requests = Service(replace(CHEATING, lea_files=True)).requests
    asked = AskOffers(SITE_COORDINATOR, FRIDAY, CHEATING.case_number, None, STARTED)
    _, for_the_site = await requests.offers(asked)
    _, for_the_lea = await requests.offers(replace(asked, actor=LEA_COORDINATOR))
    assert (for_the_site.offered, for_the_site.reason and for_the_site.reason.reason_code) == (
        (),
        "filing_protocol_lea_only",
    )
    assert [route.appeal_type for route in for_the_lea.offered] == [AppealType.INVALIDATE]


async def test_offers_are_for_students_of_the_case() -> None:
    with pytest.raises(StudentNotInCase):
        await Service(CHEATING).requests.offers(
            AskOffers(SITE_COORDINATOR, FRIDAY, CHEATING.case_number, CLASS[0], STARTED)
        )


async def test_history_tells_every_fact_in_order() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    await service.appeals.do(doing(Deed.APPROVE, appeal.id, CDE))
    facts = await service.appeals.history(appeal.id, SITE_COORDINATOR)
    assert [type(recorded.fact).__name__ for recorded in facts] == ["Requested", "Approved"]


async def test_offers_hold_what_the_students_record_leaves_room_for() -> None:
    service = Service(CHEATING)
    appeal = await an_open_invalidation(service)
    await service.appeals.do(doing(Deed.DENY, appeal.id, CDE, reason="Not convincing."))
    question = AskOffers(SITE_COORDINATOR, FRIDAY, CHEATING.case_number, STUDENT, STARTED)
    _, found = await service.requests.offers(question)
    assert ([route.appeal_type for route in found.offered], found.reason) == ([AppealType.INVALIDATE], None)
