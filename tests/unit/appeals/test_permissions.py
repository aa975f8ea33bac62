"""Who may do what with appeals: every deed by every role, as the use case answers it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from services.appeals.application.commands import Deed, DoToAppeal
from services.appeals.domain import permissions
from services.appeals.domain.errors import (
    AppealNotFound,
    FilingProtocolLeaOnly,
    NotForThisRole,
    RestoreThroughCaltac,
)
from services.appeals.domain.values import Act, AppealType
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Refusal
from tests.support.appeals.service import Service
from tests.support.appeals.states import (
    ADMINISTRATOR,
    AUDITOR,
    CALTAC,
    CDE,
    CHEATING,
    FOREIGN_COORDINATOR,
    LEA_COORDINATOR,
    SITE_COORDINATOR,
    SYSTEM,
    TUESDAY,
    a_re_open,
    an_invalidation,
)

ROLES = (SITE_COORDINATOR, LEA_COORDINATOR, CALTAC, CDE, AUDITOR, SYSTEM)
MAY = {
    Deed.APPROVE: {CDE},
    Deed.DENY: {CDE},
    Deed.WITHDRAW: {SITE_COORDINATOR, LEA_COORDINATOR},
    Deed.PROCESS: {CALTAC},
    Deed.FAIL: {CALTAC},
    Deed.RESUBMIT: {CALTAC},
}


@pytest.mark.parametrize("deed", Deed)
async def test_a_deed_on_an_invalidation_is_refused_to_every_other_role(deed: Deed) -> None:
    may = set()
    for actor in ROLES:
        service = Service(CHEATING)
        appeal = an_invalidation()
        await service.store.save(appeal)
        try:
            await service.appeals.do(DoToAppeal(deed, appeal.id, Act(actor, TUESDAY, "Because.")))
        except NotForThisRole:
            continue
        except (Refusal, LookupError):
            pass  # of the state, or there is no record beside it: the role was let through
        may.add(actor)
    assert may == MAY[deed]


@pytest.mark.parametrize("appeal_id", [an_invalidation().id, UUID(int=9)], ids=["another's", "nobody's"])
async def test_what_a_role_may_do_comes_before_any_look_at_the_appeal(appeal_id: UUID) -> None:
    service = Service(CHEATING)
    await service.store.save(an_invalidation())
    with pytest.raises(NotForThisRole):
        await service.appeals.do(DoToAppeal(Deed.APPROVE, appeal_id, Act(FOREIGN_COORDINATOR, TUESDAY)))
    with pytest.raises(AppealNotFound):
        await service.appeals.do(
            DoToAppeal(Deed.WITHDRAW, appeal_id, Act(FOREIGN_COORDINATOR, TUESDAY), expected=9)
        )


def test_hr_01_who_gives_tests_has_no_part_in_appeals() -> None:
    for guard in (permissions.require_appeal_reader, permissions.require_some_decider):
        with pytest.raises(NotForThisRole):
            guard(ADMINISTRATOR)


@pytest.mark.parametrize("by", [SITE_COORDINATOR, LEA_COORDINATOR, AUDITOR, SYSTEM], ids=lambda by: by.role)
def test_nobody_but_the_cde_and_caltac_decides_anything(by: Actor) -> None:
    with pytest.raises(NotForThisRole):
        permissions.require_some_decider(by)


@pytest.mark.parametrize("by", [CDE, AUDITOR, SYSTEM, ADMINISTRATOR], ids=lambda by: by.role)
@pytest.mark.parametrize("kind", AppealType)
def test_hr_01_nobody_else_files(by: Actor, kind: AppealType) -> None:
    with pytest.raises(NotForThisRole):
        permissions.require_filer(by, kind)


@pytest.mark.parametrize("by", [SITE_COORDINATOR, LEA_COORDINATOR], ids=lambda by: by.role)
def test_hr_18_coordinators_file_everything_but_a_restore(by: Actor) -> None:
    for kind in set(AppealType) - {AppealType.RESTORE}:
        permissions.require_filer(by, kind)
    with pytest.raises(RestoreThroughCaltac):
        permissions.require_filer(by, AppealType.RESTORE)
    permissions.require_filer(CALTAC, AppealType.RESTORE)


def test_a_site_files_nothing_where_its_lea_files() -> None:
    kept = replace(CHEATING, lea_files=True)
    with pytest.raises(FilingProtocolLeaOnly):
        permissions.require_filing_left_to_sites(SITE_COORDINATOR, kept)
    for by, case in ((LEA_COORDINATOR, kept), (CALTAC, kept), (SITE_COORDINATOR, CHEATING)):
        permissions.require_filing_left_to_sites(by, case)


def test_hr_29_another_lea_has_neither_case_nor_appeal() -> None:
    assert not permissions.can_see_case(FOREIGN_COORDINATOR, CHEATING)
    with pytest.raises(AppealNotFound):
        permissions.require_appeal_visible(FOREIGN_COORDINATOR, an_invalidation())


def test_hr_16_hr_17_the_decider_of_an_appeal_is_the_desk_that_it_waits_for() -> None:
    permissions.require_decider(CDE, an_invalidation())
    permissions.require_decider(CALTAC, a_re_open())
    assert {role for role in Role if permissions.can_file_restore(role)} == {Role.CALTAC_AGENT}
