"""Who may do what with appeals: the permission matrix of domain §3.3."""

from __future__ import annotations

from services.appeals.domain.errors import FilingProtocolLeaOnly, NotForThisRole, RestoreThroughCaltac
from services.appeals.domain.values import AppealType, Decider, KnownCase
from shared.kernel.actor import Actor, Role

FILING = frozenset({Role.LEA_COORDINATOR, Role.SITE_COORDINATOR, Role.CALTAC_AGENT})
DECIDING = {Decider.CDE: Role.CDE_REVIEWER, Decider.CALTAC: Role.CALTAC_AGENT}
READING = FILING | {Role.CDE_REVIEWER, Role.AUDITOR, Role.SYSTEM}
NAMES = {Decider.CDE: "the CDE", Decider.CALTAC: "CalTAC"}


def refuse_to_read(actor: Actor) -> None:
    """Refuse roles that have no part in appeals (HR-01: test administrators and examiners)."""
    if actor.role not in READING:
        raise NotForThisRole("Appeals are for coordinators, CalTAC and the CDE.")


def refuse_to_file(actor: Actor, appeal_type: AppealType) -> None:
    """Only coordinators, and CalTAC on their behalf, file; only CalTAC files a restore (HR-01, HR-18)."""
    if actor.role not in FILING:
        raise NotForThisRole("Only an LEA or site coordinator files an appeal, or CalTAC on their behalf.")
    if appeal_type is AppealType.RESTORE and actor.role is not Role.CALTAC_AGENT:
        raise RestoreThroughCaltac("CalTAC enters a restore: the LEA coordinator asks for it by phone.")


def refuse_where_the_lea_files(actor: Actor, case: KnownCase) -> None:
    """A site files no appeal where its LEA keeps filing to itself (§3.3 note 1); nobody else is touched."""
    if case.lea_files and actor.role is Role.SITE_COORDINATOR:
        raise FilingProtocolLeaOnly("Your LEA's coordinators file its appeals: ask them, or by a case note.")


def refuse_to_decide_any(actor: Actor) -> None:
    """Nobody but the CDE and CalTAC decides anything."""
    if actor.role not in DECIDING.values():
        raise NotForThisRole("Appeals are decided by the CDE and by CalTAC.")


def refuse_to_decide(actor: Actor, decider: Decider) -> None:
    """The CDE decides what waits for the CDE, CalTAC what waits for CalTAC (HR-16, HR-17)."""
    if actor.role is not DECIDING[decider]:
        raise NotForThisRole(f"This appeal is decided by {NAMES[decider]}.")


def refuse_to_withdraw(actor: Actor, filed_by: Actor) -> None:
    """A site coordinator takes back their own request, an LEA coordinator any of the LEA (§3.3)."""
    own = actor.role is Role.SITE_COORDINATOR and actor.sub == filed_by.sub
    if not own and actor.role is not Role.LEA_COORDINATOR:
        raise NotForThisRole("An appeal is withdrawn by who filed it, or by the LEA coordinator.")


def refuse_to_execute(actor: Actor) -> None:
    """CalTAC marks what the test delivery system did, and resubmits what it could not do (A-27, A-31)."""
    if actor.role is not Role.CALTAC_AGENT:
        raise NotForThisRole("CalTAC reports what the test delivery system did.")
