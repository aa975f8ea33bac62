"""The matrix of §3.3: who may do what to a case; what is out of scope does not exist (HR-29)."""

from __future__ import annotations

from services.incidents.domain.errors import CaseNotFound, NotAllowed, WindowNotFound
from services.incidents.domain.values import CDS_OF_LEA
from shared.kernel.actor import STATEWIDE, Actor, Role

FILERS = frozenset({Role.LEA_COORDINATOR, Role.SITE_COORDINATOR, Role.CALTAC_AGENT})
READERS = FILERS | {Role.CDE_REVIEWER, Role.AUDITOR, Role.SYSTEM}
SSID_READERS = FILERS | {Role.CDE_REVIEWER}
NOTE_WRITERS = FILERS | {Role.CDE_REVIEWER}
ACTION_DEMANDERS = frozenset({Role.CALTAC_AGENT, Role.CDE_REVIEWER})
CONCERN_READERS = frozenset({Role.LEA_COORDINATOR, Role.SITE_COORDINATOR})
CONCERN_TELLERS = CONCERN_READERS | {Role.TEST_ADMINISTRATOR, Role.TEST_EXAMINER}
WINDOW_SETTERS = frozenset({Role.LEA_COORDINATOR, Role.CALTAC_AGENT, Role.CDE_REVIEWER})


def may_file(actor: Actor) -> None:
    """Only coordinators, and CalTAC on their behalf, file cases (HR-01).

    :raises NotAllowed: the caller is somebody else.
    """
    if actor.role not in FILERS:
        raise NotAllowed(
            "Only LEA and site coordinators file cases. Who gives the tests tells them by POST /v1/concerns."
        )


def may_file_for(actor: Actor, school: str) -> None:
    """A coordinator files for schools in scope only.

    :raises NotAllowed: this is not one of them.
    """
    if not actor.sees(school):
        raise NotAllowed("You may file cases for your own school or LEA only.")


def may_see(actor: Actor, school: str) -> None:
    """Coordinators see their own, CalTAC, the CDE and auditors see all.

    :raises NotAllowed: the role sees no cases at all.
    :raises CaseNotFound: the case is out of scope.
    """
    may_search(actor)
    if not actor.sees(school):
        raise CaseNotFound


def may_search(actor: Actor) -> None:
    """Whether the role may look at cases at all.

    :raises NotAllowed: it may not.
    """
    if actor.role not in READERS:
        raise NotAllowed("Only coordinators, CalTAC and the CDE see cases.")


def may_read_ssids(actor: Actor) -> None:
    """Full SSIDs are for those who work on the case.

    :raises NotAllowed: the caller does not.
    """
    if actor.role not in SSID_READERS:
        raise NotAllowed("Only coordinators, CalTAC and the CDE read SSIDs.")


def may_record_call(actor: Actor, callers: frozenset[Role]) -> None:
    """Who phones about a breach, and who confirms the call, is the year's rule (HR-11, §4.10).

    :raises NotAllowed: the caller is somebody else.
    """
    if actor.role not in callers:
        raise NotAllowed("The LEA coordinator phones, and records the call.")


def may_see_window(actor: Actor, cds: str) -> None:
    """Everybody sees the windows of their own school and LEA; an LEA coordinator all of the LEA's.

    :raises WindowNotFound: it is another's.
    """
    own = {actor.school, actor.school[:CDS_OF_LEA]} if actor.school else set()
    if actor.role not in STATEWIDE and cds not in own and not actor.sees(cds):
        raise WindowNotFound


def may_set_window(actor: Actor, cds: str) -> None:
    """The LEA coordinator sets the LEA's windows and those of its schools; CalTAC and the CDE set any (§2.2).

    :raises WindowNotFound: it is another's.
    :raises NotAllowed: the role sets none.
    """
    may_see_window(actor, cds)
    if actor.role not in WINDOW_SETTERS:
        raise NotAllowed("The LEA coordinator sets testing windows; CalTAC and the CDE can.")


def may_note(actor: Actor) -> None:
    """Coordinators, CalTAC and the CDE write case notes.

    :raises NotAllowed: the caller is somebody else.
    """
    if actor.role not in NOTE_WRITERS:
        raise NotAllowed("Only coordinators, CalTAC and the CDE write notes.")


def may_demand_action(actor: Actor) -> None:
    """CalTAC and the CDE say that more has to be done (M p44).

    :raises NotAllowed: the caller is somebody else.
    """
    if actor.role not in ACTION_DEMANDERS:
        raise NotAllowed("Only CalTAC and the CDE ask for further action.")


def may_tell_concern(actor: Actor, school: str) -> None:
    """Who gives tests tells what was seen at the own school; coordinators do in their scope (M p273).

    :raises NotAllowed: the caller is somebody else, or it is another school.
    """
    if actor.role not in CONCERN_TELLERS:
        raise NotAllowed("Concerns come from those who give tests, and from their coordinators.")
    if not school or not actor.sees(school):
        raise NotAllowed("Name a school of your own.")


def may_read_concerns(actor: Actor) -> None:
    """Concerns are for coordinators.

    :raises NotAllowed: the caller is somebody else.
    """
    if actor.role not in CONCERN_READERS:
        raise NotAllowed("Only coordinators read concerns.")


def may_see_filing_protocol(actor: Actor, lea: str) -> None:
    """An LEA's coordinators see its filing protocol, its sites' too; CalTAC, the CDE and auditors see all.

    :raises NotAllowed: the caller is somebody else.
    """
    if actor.role not in READERS or (actor.role not in STATEWIDE and actor.lea != lea):
        raise NotAllowed("You see the filing protocol of your own LEA only.")


def may_set_filing_protocol(actor: Actor, lea: str) -> None:
    """Who files is for the LEA to say (M p49).

    :raises NotAllowed: the caller does not coordinate this LEA.
    """
    if actor.role is not Role.LEA_COORDINATOR or actor.lea != lea:
        raise NotAllowed("The coordinators of an LEA choose its filing protocol.")
