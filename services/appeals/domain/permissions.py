"""Who may do what with appeals (§3.3).

The application asks, once for each request; aggregates judge the state of things, not the caller's role.
A guard ``require_…`` raises, a predicate ``is_…`` or ``can_…`` answers. What is outside the caller's scope
does not exist (HR-29).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.appeals.domain.appeal import Appeal
from services.appeals.domain.errors import (
    AppealNotFound,
    FilingProtocolLeaOnly,
    NotForThisRole,
    RestoreThroughCaltac,
)
from services.appeals.domain.values import AppealType, Decider, KnownCase
from shared.kernel.actor import STATEWIDE, Actor, Role
from shared.kernel.permission import Permission

SITE, LEA, CALTAC, CDE = Role.SITE_COORDINATOR, Role.LEA_COORDINATOR, Role.CALTAC_AGENT, Role.CDE_REVIEWER
COORDINATORS = frozenset({SITE, LEA})
IN_SCOPE = {SITE: "own school", LEA: "own LEA"}


class AppealAct(StrEnum):
    """What callers of this service do."""

    SEE = "see"
    SEE_OFFERS = "see_offers"
    FILE = "file"
    FILE_RESTORE = "file_restore"
    WITHDRAW = "withdraw"
    DECIDE_FOR_CDE = "decide_for_cde"
    DECIDE_FOR_CALTAC = "decide_for_caltac"
    EXECUTE = "execute"


PERMISSIONS: Mapping[AppealAct, Permission] = {
    AppealAct.SEE: Permission(
        "Search and see appeals, history, deadlines",
        COORDINATORS | STATEWIDE,
        "Appeals are for coordinators, CalTAC and the CDE.",
        "§3.3, HR-29",
        IN_SCOPE,
    ),
    AppealAct.SEE_OFFERS: Permission(
        "See what may be appealed",
        COORDINATORS | {CALTAC, CDE},
        "Offers are for coordinators, CalTAC and the CDE.",
        "contract §7; HR-15",
        IN_SCOPE,
    ),
    AppealAct.FILE: Permission(
        "File an appeal: reset, re-open, invalidate, grace period extension",
        COORDINATORS | {CALTAC},
        "Only an LEA or site coordinator files an appeal, or CalTAC on their behalf.",
        "§3.3, note 1; HR-01",
        {SITE: "own school, if the LEA lets its sites file", LEA: "own LEA", CALTAC: "on behalf"},
    ),
    AppealAct.FILE_RESTORE: Permission(
        "File a restore",
        frozenset({CALTAC}),
        "CalTAC enters a restore: the LEA coordinator asks for it by phone.",
        "§3.3, HR-18",
    ),
    AppealAct.WITHDRAW: Permission(
        "Withdraw a pending appeal",
        COORDINATORS,
        "An appeal is withdrawn by who filed it, or by the LEA coordinator.",
        "§3.3, HR-19",
        {SITE: "own request", LEA: "any of the LEA"},
    ),
    AppealAct.DECIDE_FOR_CDE: Permission(
        "Decide what waits for the CDE: invalidate, grace period extension, reset under wrong test settings",
        frozenset({CDE}),
        "This appeal is decided by the CDE.",
        "§3.3, note 4; HR-16, HR-17, A-1",
    ),
    AppealAct.DECIDE_FOR_CALTAC: Permission(
        "Decide what waits for CalTAC: re-open, restore, any other reset",
        frozenset({CALTAC}),
        "This appeal is decided by CalTAC.",
        "§3.3, HR-17",
    ),
    AppealAct.EXECUTE: Permission(
        "Report that an approved appeal was executed or could not be; have it executed again",
        frozenset({CALTAC}),
        "CalTAC reports what the test delivery system did.",
        "A-27, A-31",
    ),
}

DECIDING = {Decider.CDE: AppealAct.DECIDE_FOR_CDE, Decider.CALTAC: AppealAct.DECIDE_FOR_CALTAC}


def require_appeal_reader(actor: Actor) -> None:
    """Test administrators and examiners have no part in appeals (HR-01); asked before one is looked for.

    :raises NotForThisRole: the caller is one of them.
    """
    _require(actor, AppealAct.SEE)


def require_offers_reader(actor: Actor) -> None:
    """Who asks for appeals and who decides them sees what may be asked for (contract §7).

    :raises NotForThisRole: the caller is somebody else.
    """
    _require(actor, AppealAct.SEE_OFFERS)


def require_appeal_visible(actor: Actor, appeal: Appeal) -> None:
    """Coordinators see the appeals of their school or LEA, the others all (HR-29).

    :raises AppealNotFound: it is out of scope.
    """
    if not actor.sees(appeal.identity.school):
        raise AppealNotFound("There is no such appeal.")


def can_see_case(actor: Actor, case: KnownCase) -> bool:
    """Whether the case is in the caller's scope: coordinators see theirs, the others all (HR-29)."""
    return actor.sees(case.school)


def require_filer(actor: Actor, appeal_type: AppealType) -> None:
    """Only coordinators, and CalTAC on their behalf, file; only CalTAC files a restore (HR-01, HR-18).

    :raises NotForThisRole: the caller files no appeals.
    :raises RestoreThroughCaltac: a coordinator files a restore.
    """
    _require(actor, AppealAct.FILE)
    if appeal_type is AppealType.RESTORE and not can_file_restore(actor.role):
        raise RestoreThroughCaltac(PERMISSIONS[AppealAct.FILE_RESTORE].refusal)


def can_file_restore(role: Role) -> bool:
    """Whether this role enters restores (HR-18)."""
    return role in PERMISSIONS[AppealAct.FILE_RESTORE].roles


def require_filing_left_to_sites(actor: Actor, case: KnownCase) -> None:
    """A site files no appeal where its LEA keeps filing to itself (§3.3 note 1); nobody else is touched.

    :raises FilingProtocolLeaOnly: the caller is such a site.
    """
    if not can_file_under(actor, case):
        raise FilingProtocolLeaOnly(LEA_FILES)


LEA_FILES = "Your LEA's coordinators file its appeals: ask them, or by a case note."


def can_file_under(actor: Actor, case: KnownCase) -> bool:
    """Whether the LEA of the case lets this caller file appeals; see ``require_filing_left_to_sites``."""
    return not (case.lea_files and actor.role is SITE)


def require_some_decider(actor: Actor) -> None:
    """Nobody but the CDE and CalTAC decides anything; asked before appeals are looked for.

    :raises NotForThisRole: the caller decides none.
    """
    if not any(PERMISSIONS[act].is_given_to(actor) for act in DECIDING.values()):
        raise NotForThisRole("Appeals are decided by the CDE and by CalTAC.")


def require_decider(actor: Actor, appeal: Appeal) -> None:
    """The CDE decides what waits for the CDE, CalTAC what waits for CalTAC (HR-16, HR-17).

    :raises NotForThisRole: the caller is not the decider of this appeal.
    """
    require_desk(actor, appeal.identity.decider)


def require_desk(actor: Actor, decider: Decider) -> None:
    """The same without an appeal, by the desk that it waits for.

    :raises NotForThisRole: the caller is of another.
    """
    _require(actor, DECIDING[decider])


def require_withdrawer(actor: Actor, appeal: Appeal) -> None:
    """A site coordinator takes back their own request, an LEA coordinator any of the LEA (§3.3).

    :raises NotForThisRole: the caller is somebody else.
    """
    somebody_elses = actor.role is SITE and actor.sub != appeal.identity.filed_by.sub
    _require(actor, AppealAct.WITHDRAW, beside=somebody_elses)


def require_some_withdrawer(actor: Actor) -> None:
    """Only coordinators take requests back; asked before an appeal is looked for.

    :raises NotForThisRole: the caller is somebody else.
    """
    _require(actor, AppealAct.WITHDRAW)


def require_executor(actor: Actor) -> None:
    """CalTAC marks what the test delivery system did, and resubmits what it could not do (A-27, A-31).

    :raises NotForThisRole: the caller is somebody else.
    """
    _require(actor, AppealAct.EXECUTE)


def _require(actor: Actor, act: AppealAct, *, beside: bool = False) -> None:
    permission = PERMISSIONS[act]
    if beside or not permission.is_given_to(actor):
        raise NotForThisRole(permission.refusal)
