"""The life of an appeal: HR-16…HR-19, HR-24, HR-26, A-13, A-27, A-31 as given, when, then."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.appeals.domain.appeal import Appeal
from services.appeals.domain.errors import (
    AlreadyDecided,
    NotApproved,
    NotForThisRole,
    NotWithdrawable,
    ProcessingNotFailed,
    ReasonRequired,
)
from services.appeals.domain.permissions import require_decider, require_executor, require_withdrawer
from services.appeals.domain.values import Act, AppealStatus, AppealType, Routing
from shared.kernel.actor import Actor
from tests.support.appeals.states import (
    ADMINISTRATOR,
    AUDITOR,
    CALTAC,
    CDE,
    LEA_COORDINATOR,
    MISSING_SUPPORT,
    POLICY,
    RESET_IN_ERROR,
    SITE_COORDINATOR,
    STARTED,
    SYSTEM,
    TUESDAY,
    WAS_RESET,
    a_re_open,
    a_settings_reset,
    an_extension,
    an_invalidation,
    approved,
    denied,
    failed,
    processed,
    requested,
    someone,
)
from tests.support.scenario import fact, given

CLOSING_TUESDAY = datetime(2019, 4, 17, 0, tzinfo=UTC)  # 17:00 Pacific on the 16th
CLOSING_THURSDAY = datetime(2019, 4, 19, 0, tzinfo=UTC)  # 17:00 Pacific on the 18th
COLLEAGUE = someone(SITE_COORDINATOR.role, sub="colleague", lea="1964733", school="19647330000001")


def test_e12_an_extension_waits_for_the_cde_four_business_days_and_is_not_filed_before() -> None:
    appeal = an_extension()
    assert (appeal.status, appeal.routing) == (AppealStatus.PENDING_CDE, Routing.DEFER_FOR_CDE)
    assert appeal.decide_by == CLOSING_THURSDAY


def test_e16_a_re_open_is_filed_at_once_to_caltac() -> None:
    appeal = a_re_open()
    assert (appeal.status, appeal.routing) == (AppealStatus.PENDING_CALTAC, Routing.FILE_NOW)


def test_e19_e20_a_reset_for_wrong_settings_waits_for_the_cde_two_business_days() -> None:
    appeal = a_settings_reset()
    assert (appeal.status, appeal.decide_by) == (AppealStatus.PENDING_CDE, CLOSING_TUESDAY)


def test_hr_17_any_other_reset_waits_for_caltac() -> None:
    assert requested(MISSING_SUPPORT, AppealType.RESET, STARTED).status is AppealStatus.PENDING_CALTAC


def test_e26_an_invalidation_waits_for_the_cde() -> None:
    assert an_invalidation().status is AppealStatus.PENDING_CDE


def test_e24_caltac_enters_a_restore_that_returns_the_earlier_state() -> None:
    appeal = requested(RESET_IN_ERROR, AppealType.RESTORE, WAS_RESET, by=CALTAC)
    assert "had before" in (approved(appeal, by=CALTAC).effect or "")


def test_a_request_keeps_the_rules_it_was_taken_in_by() -> None:
    (opened,) = an_invalidation().collect_events()
    assert isinstance(opened, Appeal.Requested)
    assert opened.terms["rulebook_version"] == POLICY.version
    assert opened.terms["calendar_version"] == POLICY.calendar.version


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_fact_says_of_which_appeal_it_is(number: int) -> None:
    facts = processed(an_invalidation(), by=CDE).collect_events()
    assert isinstance(facts[0], Appeal.Requested)
    later = facts[number - 1]
    assert isinstance(later, Appeal.Event)
    assert later.about == facts[0].about


def test_an_appeal_is_approved_by_its_decider() -> None:
    given(an_extension()).when(lambda a: a.approve(Act(CDE, TUESDAY, comments="Agreed."), POLICY, None)).then(
        fact(
            Appeal.Approved,
            about=an_extension().identity.as_fact(),
            actor=CDE.as_fact(),
            occurred_at=TUESDAY,
            reason=None,
            comments="Agreed.",
            effect=POLICY.types[AppealType.GRACE_PERIOD_EXTENSION].effect,
            reopened_until=None,
        )
    )


@pytest.mark.parametrize("by", [CALTAC, LEA_COORDINATOR, SITE_COORDINATOR, ADMINISTRATOR, AUDITOR, SYSTEM])
def test_hr_16_nobody_but_the_cde_decides_what_waits_for_the_cde(by: Actor) -> None:
    with pytest.raises(NotForThisRole, match="decided by the CDE"):
        require_decider(by, an_invalidation())


@pytest.mark.parametrize("by", [CDE, LEA_COORDINATOR, SITE_COORDINATOR, ADMINISTRATOR, AUDITOR, SYSTEM])
def test_hr_17_nobody_but_caltac_decides_what_waits_for_caltac(by: Actor) -> None:
    with pytest.raises(NotForThisRole, match="decided by CalTAC"):
        require_decider(by, a_re_open())


def test_hr_26_an_appeal_is_decided_once_only() -> None:
    decided = given(approved(an_invalidation(), by=CDE))
    decided.when(lambda a: a.deny(Act(CDE, TUESDAY, "On second thoughts."))).then_refused(AlreadyDecided)
    decided.when(lambda a: a.approve(Act(CDE, TUESDAY), POLICY, None)).then_refused(AlreadyDecided)


def test_hr_26_a_denial_is_final_too() -> None:
    given(denied(a_re_open(), by=CALTAC)).when(
        lambda a: a.approve(Act(CALTAC, TUESDAY), POLICY, None)
    ).then_refused(AlreadyDecided)


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_a_denial_says_why(reason: str | None) -> None:
    given(a_re_open()).when(lambda a: a.deny(Act(CALTAC, TUESDAY, reason))).then_refused(ReasonRequired)


def test_a_denial_keeps_its_reason() -> None:
    given(a_re_open()).when(lambda a: a.deny(Act(CALTAC, TUESDAY, " Wrong type. "))).then_only(
        Appeal.Denied, reason="Wrong type.", actor=CALTAC.as_fact()
    )


@pytest.mark.parametrize("by", [SITE_COORDINATOR, LEA_COORDINATOR])
def test_e27_hr_19_a_pending_invalidation_is_withdrawn_by_its_coordinators(by: Actor) -> None:
    require_withdrawer(by, an_invalidation())
    given(an_invalidation()).when(lambda a: a.withdraw(Act(by, TUESDAY))).then_only(Appeal.Withdrawn)


@pytest.mark.parametrize("by", [COLLEAGUE, CDE, CALTAC, ADMINISTRATOR, AUDITOR])
def test_others_do_not_withdraw_it(by: Actor) -> None:
    with pytest.raises(NotForThisRole, match="who filed it"):
        require_withdrawer(by, an_invalidation())


@pytest.mark.parametrize("appeal", [a_re_open(), a_settings_reset()], ids=["re-open", "reset pending CDE"])
def test_hr_19_other_types_are_not_withdrawn(appeal: Appeal) -> None:
    given(appeal).when(lambda a: a.withdraw(Act(SITE_COORDINATOR, TUESDAY))).then_refused(NotWithdrawable)


@pytest.mark.parametrize("decide", [approved, denied, processed])
def test_hr_19_a_decided_appeal_is_not_withdrawn(decide: type) -> None:
    given(decide(an_invalidation(), by=CDE)).when(
        lambda a: a.withdraw(Act(SITE_COORDINATOR, TUESDAY))
    ).then_refused(NotWithdrawable)


def test_a_withdrawn_appeal_is_not_decided_any_more() -> None:
    appeal = an_invalidation()
    appeal.withdraw(Act(SITE_COORDINATOR, TUESDAY))
    given(appeal).when(lambda a: a.approve(Act(CDE, TUESDAY), POLICY, None)).then_refused(AlreadyDecided)


def test_a_31_caltac_reports_that_an_approved_appeal_was_executed() -> None:
    given(approved(an_invalidation(), by=CDE)).when(lambda a: a.process(Act(CALTAC, TUESDAY))).then_only(
        Appeal.Processed, effect=POLICY.types[AppealType.INVALIDATE].effect
    )


@pytest.mark.parametrize("by", [CDE, LEA_COORDINATOR, SITE_COORDINATOR, SYSTEM])
def test_a_31_nobody_else_does(by: Actor) -> None:
    with pytest.raises(NotForThisRole, match="CalTAC reports"):
        require_executor(by)


def test_a_pending_appeal_is_not_executed() -> None:
    given(an_invalidation()).when(lambda a: a.process(Act(CALTAC, TUESDAY))).then_refused(NotApproved)
    given(an_invalidation()).when(lambda a: a.fail(Act(CALTAC, TUESDAY, "No match."))).then_refused(
        NotApproved
    )


def test_an_appeal_is_executed_once_only() -> None:
    given(processed(a_re_open(), by=CALTAC)).when(lambda a: a.process(Act(CALTAC, TUESDAY))).then_refused(
        NotApproved
    )


def test_a_failure_says_why() -> None:
    given(approved(a_re_open(), by=CALTAC)).when(lambda a: a.fail(Act(CALTAC, TUESDAY))).then_refused(
        ReasonRequired
    )


def test_a_27_what_failed_is_resubmitted_and_then_executed() -> None:
    appeal = failed(a_re_open(), by=CALTAC)
    assert (appeal.status, appeal.failure) == (AppealStatus.PROCESSING_FAILED, "No opportunity matches.")
    given(appeal).when(lambda a: a.resubmit(Act(CALTAC, TUESDAY))).then_only(Appeal.Resubmitted)
    given(appeal).when(lambda a: a.process(Act(CALTAC, TUESDAY))).then_only(Appeal.Processed)


def test_a_27_only_what_failed_is_resubmitted() -> None:
    given(a_re_open()).when(lambda a: a.resubmit(Act(CALTAC, TUESDAY))).then_refused(ProcessingNotFailed)


@pytest.mark.parametrize(
    ("window", "until"),
    [
        (None, date(2019, 4, 26)),
        (date(2019, 5, 31), date(2019, 4, 26)),
        (date(2019, 4, 20), date(2019, 4, 20)),
    ],
    ids=["no window known", "ten days", "the window ends sooner"],
)
def test_k20_a_13_a_re_opened_test_lives_ten_days_or_until_the_window_ends(
    window: date | None, until: date
) -> None:
    appeal = a_re_open()
    appeal.approve(Act(CALTAC, TUESDAY), POLICY, window)
    assert appeal.reopened_until == until


def test_k20_the_ten_days_are_counted_on_the_pacific_calendar() -> None:
    appeal = a_re_open()
    appeal.approve(Act(CALTAC, datetime(2019, 4, 17, 6, 59, tzinfo=UTC)), POLICY, None)
    assert appeal.reopened_until == date(2019, 4, 26)


@pytest.mark.parametrize(
    ("appeal", "by", "words"),
    [
        (an_invalidation(), CDE, ("scored", "note", "participating", "not proficient")),
        (a_settings_reset(), CDE, ("removed", "starts over", "earlier work is lost")),
        (an_extension(), CDE, ("current segment", "earlier pages")),
        (a_re_open(), CALTAC, ("last unanswered item", "ten calendar days")),
    ],
    ids=["E29 HR-24", "E22 HR-23", "E13", "A-13"],
)
def test_the_effect_is_stated_in_words(appeal: Appeal, by: Actor, words: tuple[str, ...]) -> None:
    effect = approved(appeal, by=by).effect or ""
    assert [word for word in words if word not in effect] == []
