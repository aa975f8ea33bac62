"""Who may do what to cases, notes, concerns, windows and filing protocols (§3.3).

The application asks, once for each request; aggregates judge the state of things, not the caller's role.
A guard ``require_…`` raises, a predicate ``is_…`` or ``can_…`` answers. What is outside the caller's scope
does not exist (HR-29).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.incidents.domain.case import Case
from services.incidents.domain.concern import Concern
from services.incidents.domain.errors import (
    CaseNotFound,
    ConcernNotFound,
    FilingProtocolLeaOnly,
    NotAllowed,
    WindowNotFound,
)
from services.incidents.domain.filing_protocol import FilingChoice
from services.incidents.domain.rulebook import Rulebook
from services.incidents.domain.values import CDS_OF_LEA, CaseStatus
from shared.kernel.actor import STATEWIDE, Actor, Role
from shared.kernel.permission import Permission

SITE, LEA, CALTAC, CDE = Role.SITE_COORDINATOR, Role.LEA_COORDINATOR, Role.CALTAC_AGENT, Role.CDE_REVIEWER
AUDITOR = Role.AUDITOR
COORDINATORS = frozenset({SITE, LEA})
GIVE_TESTS = frozenset({Role.TEST_ADMINISTRATOR, Role.TEST_EXAMINER})
IN_SCOPE = {SITE: "own school", LEA: "own LEA"}


class IncidentAct(StrEnum):
    """What callers of this service do."""

    FILE_CASE = "file_case"
    RECORD_BREACH_CALL = "record_breach_call"
    SEE_CASES = "see_cases"
    READ_SSIDS = "read_ssids"
    WRITE_NOTES = "write_notes"
    DEMAND_ACTION = "demand_action"
    TELL_CONCERN = "tell_concern"
    READ_CONCERNS = "read_concerns"
    SET_WINDOW = "set_window"
    SEE_FILING_PROTOCOL = "see_filing_protocol"
    CHOOSE_FILING_PROTOCOL = "choose_filing_protocol"


PERMISSIONS: Mapping[IncidentAct, Permission] = {
    IncidentAct.FILE_CASE: Permission(
        "Begin, change, delete, submit a case",
        COORDINATORS | {CALTAC},
        "Only LEA and site coordinators file cases. Who gives the tests tells them by POST /v1/concerns.",
        "§3.3, notes 1 and 2; HR-01, HR-12",
        {
            SITE: "own school, if the LEA lets its sites file; a breach once the phone call is on record",
            LEA: "own LEA",
            CALTAC: "on behalf",
        },
    ),
    IncidentAct.RECORD_BREACH_CALL: Permission(
        "Record the phone call of a breach",
        frozenset({LEA, CALTAC, CDE}),
        "The LEA coordinator phones, and records the call.",
        "§3.3, HR-11, A-4; the year's rulebook says who",
        {LEA: "own LEA", CALTAC: "confirming", CDE: "confirming"},
    ),
    IncidentAct.SEE_CASES: Permission(
        "Search and see cases, notes, history, deadlines",
        COORDINATORS | STATEWIDE,
        "Only coordinators, CalTAC and the CDE see cases.",
        "§3.3, HR-29",
        IN_SCOPE,
    ),
    IncidentAct.READ_SSIDS: Permission(
        "Read full SSIDs, search by SSID",
        COORDINATORS | {CALTAC, CDE},
        "Only coordinators, CalTAC and the CDE read SSIDs.",
        "A-17",
        IN_SCOPE,
    ),
    IncidentAct.WRITE_NOTES: Permission(
        "Write case notes",
        COORDINATORS | {CALTAC, CDE},
        "Only coordinators, CalTAC and the CDE write notes.",
        "§3.3",
        IN_SCOPE,
    ),
    IncidentAct.DEMAND_ACTION: Permission(
        "Ask for additional action, settle it",
        frozenset({CALTAC, CDE}),
        "Only CalTAC and the CDE ask for further action.",
        "§3.3; M p44",
    ),
    IncidentAct.TELL_CONCERN: Permission(
        "Report a concern upward",
        GIVE_TESTS | COORDINATORS,
        "Concerns come from those who give tests, and from their coordinators.",
        "§3.3; M p273",
        {**dict.fromkeys(GIVE_TESTS, "own school"), **IN_SCOPE},
    ),
    IncidentAct.READ_CONCERNS: Permission(
        "Read the concerns of others",
        COORDINATORS | {CALTAC, CDE, AUDITOR},
        "Concerns are read by who told them, by coordinators, CalTAC, the CDE and auditors.",
        "§3.2; contract §7",
        IN_SCOPE,
    ),
    IncidentAct.SET_WINDOW: Permission(
        "Set a testing window",
        frozenset({LEA, CALTAC, CDE}),
        "The LEA coordinator sets testing windows; CalTAC and the CDE can.",
        "§2.2",
        {LEA: "own LEA and its schools"},
    ),
    IncidentAct.SEE_FILING_PROTOCOL: Permission(
        "See who files in an LEA",
        COORDINATORS | STATEWIDE,
        "You see the filing protocol of your own LEA only.",
        "§3.3, note 1",
        dict.fromkeys(COORDINATORS, "own LEA"),
    ),
    IncidentAct.CHOOSE_FILING_PROTOCOL: Permission(
        "Choose who files in an LEA",
        frozenset({LEA}),
        "The coordinators of an LEA choose its filing protocol.",
        "§3.3, note 1; M p49",
        {LEA: "own LEA"},
    ),
}


def require_filer(actor: Actor) -> None:
    """Only coordinators, and CalTAC on their behalf, file cases (HR-01).

    :raises NotAllowed: the caller is somebody else.
    """
    _require(actor, IncidentAct.FILE_CASE)


def require_filing_scope(actor: Actor, school: str) -> None:
    """A coordinator files for schools in scope only.

    :raises NotAllowed: this is not one of them.
    """
    if not actor.sees(school):
        raise NotAllowed("You may file cases for your own school or LEA only.")


def is_site(actor: Actor) -> bool:
    """Whether the caller files only where the LEA lets its sites file (§3.3 note 1)."""
    return actor.role is SITE


def require_filing_left_to_sites(protocol: FilingChoice) -> None:
    """A site files where its LEA lets it; nobody else is asked this (§3.3 note 1).

    :raises FilingProtocolLeaOnly: the LEA keeps filing to its own coordinators.
    """
    if protocol is FilingChoice.LEA_ONLY:
        raise FilingProtocolLeaOnly


def require_case_reader(actor: Actor) -> None:
    """Test administrators and examiners see no cases; asked before a case is looked for.

    :raises NotAllowed: the role sees none.
    """
    _require(actor, IncidentAct.SEE_CASES)


def require_case_visible(actor: Actor, case: Case) -> None:
    """Coordinators see their own, the others all; a deleted draft is seen by nobody (HR-29).

    :raises CaseNotFound: the case is out of scope, or deleted.
    """
    if case.status is CaseStatus.DELETED or not actor.sees(case.report.school):
        raise CaseNotFound


def require_ssid_reader(actor: Actor) -> None:
    """Full SSIDs are for those who work on the case.

    :raises NotAllowed: the caller does not.
    """
    _require(actor, IncidentAct.READ_SSIDS)


def can_read_ssids(actor: Actor) -> bool:
    """Whether the caller is shown SSIDs; see ``require_ssid_reader``."""
    return PERMISSIONS[IncidentAct.READ_SSIDS].is_given_to(actor)


def require_breach_caller(actor: Actor, *rulebooks: Rulebook) -> None:
    """Who phones about a breach, and who confirms the call, is the year's rule (HR-11, §4.10).

    :param rulebooks: all of them have to allow it.
    :raises NotAllowed: one of them does not.
    """
    if any(actor.role not in rules.breach_callers for rules in rulebooks):
        raise NotAllowed(PERMISSIONS[IncidentAct.RECORD_BREACH_CALL].refusal)


def require_some_breach_caller(actor: Actor) -> None:
    """In no year does anybody else phone about a breach; asked before a case is looked for (§4.10).

    :raises NotAllowed: the caller is neither a coordinator, nor CalTAC, nor the CDE.
    """
    if actor.role not in COORDINATORS | {CALTAC, CDE}:
        raise NotAllowed(PERMISSIONS[IncidentAct.RECORD_BREACH_CALL].refusal)


def require_note_writer(actor: Actor) -> None:
    """Coordinators, CalTAC and the CDE write case notes.

    :raises NotAllowed: the caller is somebody else.
    """
    _require(actor, IncidentAct.WRITE_NOTES)


def require_action_demander(actor: Actor) -> None:
    """CalTAC and the CDE say that more has to be done (M p44).

    :raises NotAllowed: the caller is somebody else.
    """
    _require(actor, IncidentAct.DEMAND_ACTION)


def require_concern_teller(actor: Actor, school: str) -> None:
    """Who gives tests tells what was seen at the own school; coordinators do in their scope (M p273).

    :raises NotAllowed: the caller is somebody else, or it is another school.
    """
    _require(actor, IncidentAct.TELL_CONCERN)
    if not school or not actor.sees(school):
        raise NotAllowed("Name a school of your own.")


def require_concern_reader(actor: Actor) -> None:
    """Who reads the concerns of others, and who tells them; asked before one is looked for (contract §7).

    :raises NotAllowed: the caller is somebody else.
    """
    if not PERMISSIONS[IncidentAct.TELL_CONCERN].is_given_to(actor):
        _require(actor, IncidentAct.READ_CONCERNS)


def can_read_concerns_of_others(actor: Actor) -> bool:
    """Whether the caller is shown more than their own concerns."""
    return PERMISSIONS[IncidentAct.READ_CONCERNS].is_given_to(actor)


def require_concern_visible(actor: Actor, concern: Concern) -> None:
    """Who told it sees it, and those who read concerns and in whose scope the school is.

    :raises ConcernNotFound: for anybody else there is none, so that nobody can tell whether there is.
    """
    if actor.sub == concern.recorded_by.sub:
        return
    if not (can_read_concerns_of_others(actor) and actor.sees(concern.seen.school)):
        raise ConcernNotFound


def require_window_visible(actor: Actor, cds: str) -> None:
    """Everybody sees the windows of their own school and LEA; an LEA coordinator all of the LEA's.

    :raises WindowNotFound: it is another's.
    """
    own = {actor.school, actor.school[:CDS_OF_LEA]} if actor.school else set()
    if actor.role not in STATEWIDE and cds not in own and not actor.sees(cds):
        raise WindowNotFound


def require_window_setter(actor: Actor) -> None:
    """The LEA coordinator sets the LEA's windows and those of its schools; CalTAC and the CDE set any (§2.2).

    :raises NotAllowed: the role sets none.
    """
    _require(actor, IncidentAct.SET_WINDOW)


def require_filing_protocol_reader(actor: Actor, lea: str) -> None:
    """An LEA's coordinators see its filing protocol, its sites' too; CalTAC, the CDE and auditors see all.

    :raises NotAllowed: the caller is somebody else.
    """
    _require(
        actor, IncidentAct.SEE_FILING_PROTOCOL, elsewhere=actor.role not in STATEWIDE and actor.lea != lea
    )


def require_filing_protocol_chooser(actor: Actor, lea: str) -> None:
    """Who files is for the LEA to say (M p49).

    :raises NotAllowed: the caller does not coordinate this LEA.
    """
    _require(actor, IncidentAct.CHOOSE_FILING_PROTOCOL, elsewhere=actor.lea != lea)


def _require(actor: Actor, act: IncidentAct, *, elsewhere: bool = False) -> None:
    permission = PERMISSIONS[act]
    if elsewhere or not permission.is_given_to(actor):
        raise NotAllowed(permission.refusal)
