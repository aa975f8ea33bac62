"""Who may do what to what, written down from the papers and never from the code.

A row is of the permission matrix of docs/domain/03-roles-and-permissions.md (§3.3) or of the table in
section 7 of docs/contract.md; its ``source`` says which. Two roles have no column in §3.3: ``auditor`` and
``system`` are named in contract §2, watch what can be viewed, and act only where a row names them.

How a refusal is told is contract §2 and §7: 401 without a token; 403 where the role may not, before anything
is looked for; 404 for what is out of scope, and the same for what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from shared.kernel.actor import Actor, Role

TA, TE = Role.TEST_ADMINISTRATOR, Role.TEST_EXAMINER
SITE, LEA = Role.SITE_COORDINATOR, Role.LEA_COORDINATOR
CALTAC, CDE = Role.CALTAC_AGENT, Role.CDE_REVIEWER
AUDITOR, SYSTEM = Role.AUDITOR, Role.SYSTEM


class Reach(Enum):
    """How far a role's right goes."""

    ALL = auto()
    OWN_LEA = auto()
    OWN_SCHOOL = auto()
    # of the own school, what the caller asked for; that of others there is seen, and refused with 403
    OWN_REQUEST = auto()
    # what the caller told; whatever others told does not exist
    OWN_WORDS = auto()
    # what is for the other desk to decide is seen, and refused with 403
    NOT_THIS_ONE = auto()


ALL, OWN_LEA, OWN_SCHOOL = Reach.ALL, Reach.OWN_LEA, Reach.OWN_SCHOOL
OWN_REQUEST, OWN_WORDS, NOT_THIS_ONE = Reach.OWN_REQUEST, Reach.OWN_WORDS, Reach.NOT_THIS_ONE


@dataclass(frozen=True)
class Target:
    """What a request is about: where it is, whose it is, and whether it is there at all."""

    name: str
    lea: str
    school: str
    by: str = ""  # the ``sub`` of who asked for it or told it
    is_there: bool = True


@dataclass(frozen=True)
class Row:
    """One row of a paper's table."""

    source: str
    may: Mapping[Role, Reach]
    outside: int = 404  # of whoever may: for what is not in their scope, and for what is not there


DONE = 200
"""Stands for any 2xx."""

EVERY_ROLE = MappingProxyType(dict.fromkeys(Role, ALL))
COORDINATORS = MappingProxyType({SITE: OWN_SCHOOL, LEA: OWN_LEA})
FILERS = MappingProxyType({**COORDINATORS, CALTAC: ALL})
WORKERS = MappingProxyType({**FILERS, CDE: ALL})
VIEWERS = MappingProxyType({**WORKERS, AUDITOR: ALL, SYSTEM: ALL})

DRAFTS = Row("§3.3, create / edit / delete draft case", FILERS)
VIEW = Row("§3.3, search / view cases and appeals, any status", VIEWERS)
RULES = Row("contract §3: the rules as data, and a dry run that stores nothing", EVERY_ROLE)
OF_ONES_PLACE = Row(
    "§2.2; HR-29: whoever works at a place knows its window",
    {**VIEWERS, TA: OWN_SCHOOL, TE: OWN_SCHOOL},
)
FEED = Row("contract §1: how services without Kafka follow, and the auditor", {SYSTEM: ALL, AUDITOR: ALL})
FOR_THE_CDE = Row(
    "§3.3, decide invalidate, GPE, reset under incorrect_test_settings", {CDE: ALL, CALTAC: NOT_THIS_ONE}
)
FOR_CALTAC = Row("§3.3, decide re-open, restore, ordinary reset", {CALTAC: ALL, CDE: NOT_THIS_ONE})
EXECUTED = Row("§5.5; A-27: CalTAC executes in the test delivery system", {CALTAC: ALL})

INCIDENTS: Mapping[str, Row] = {
    "draftCase": Row("§3.3, create draft case; a school out of scope is refused", FILERS, 403),
    "listCases": VIEW,
    "searchCases": VIEW,
    "getCase": VIEW,
    "reviseCase": DRAFTS,
    "deleteDraft": DRAFTS,
    "replaceStudents": DRAFTS,
    "uploadStudents": DRAFTS,
    "submitCase": Row("§3.3, submit case: impropriety, irregularity", FILERS),
    "recordBreachCall": Row(
        "§3.3, record the breach phone call; by the year (§4.10) a site records it",
        {SITE: NOT_THIS_ONE, LEA: OWN_LEA, CALTAC: ALL, CDE: ALL},
    ),
    "readStudents": Row("A-17: full SSIDs are for who works on the case", WORKERS),
    "getCaseHistory": VIEW,
    "addNote": Row("§3.3, case notes", WORKERS),
    "listNotes": VIEW,
    "requireAdditionalAction": Row("§3.3, flag additional action required", {CALTAC: ALL, CDE: ALL}),
    "recordConcern": Row(
        "§3.3, report a concern upward; a school out of scope is refused",
        {**COORDINATORS, TA: OWN_SCHOOL, TE: OWN_SCHOOL},
        403,
    ),
    "listConcerns": Row(
        "contract §7, concerns, read", {**WORKERS, AUDITOR: ALL, TA: OWN_WORDS, TE: OWN_WORDS}
    ),
    "getConcern": Row("contract §7, concerns, read", {**WORKERS, AUDITOR: ALL, TA: OWN_WORDS, TE: OWN_WORDS}),
    "setFilingProtocol": Row("§3.3, note 1: an LEA decision", {LEA: OWN_LEA}, 403),
    "getFilingProtocol": Row(
        "§3.3, note 1; every LEA has one, so that a refusal tells nothing", {**VIEWERS, SITE: OWN_LEA}, 403
    ),
    "classifyReport": RULES,
    "listRulebooks": RULES,
    "getRulebook": RULES,
    "listIncidentTypes": RULES,
    "getIncidentType": RULES,
    "judgePause": RULES,
    "getTestExpiry": OF_ONES_PLACE,
    "setTestingWindow": Row(
        "§2.2: set per LEA; contract §7: after December 1 CalTAC and the CDE",
        {LEA: OWN_LEA, CALTAC: ALL, CDE: ALL},
    ),
    "getTestingWindow": OF_ONES_PLACE,
    "listDeadlines": VIEW,
    "listChanges": FEED,
}
APPEALS: Mapping[str, Row] = {
    "listOffers": Row(
        "contract §7, plan, offers; a foreign number and an unknown one: case_not_known_yet", WORKERS, 409
    ),
    "requestAppeals": Row(
        "§3.3, file reset / re-open / invalidate / GPE; numbers as above (contract §7)", FILERS, 409
    ),
    "listAppeals": VIEW,
    "decideAppeals, for the CDE": FOR_THE_CDE,
    "decideAppeals, for CalTAC": FOR_CALTAC,
    "getAppeal": VIEW,
    "getAppealHistory": VIEW,
    "approveAppeal, for the CDE": FOR_THE_CDE,
    "approveAppeal, for CalTAC": FOR_CALTAC,
    "denyAppeal, for the CDE": FOR_THE_CDE,
    "denyAppeal, for CalTAC": FOR_CALTAC,
    "withdrawAppeal": Row("§3.3, withdraw a pending appeal", {SITE: OWN_REQUEST, LEA: OWN_LEA}),
    "processAppeal": EXECUTED,
    "failAppeal": EXECUTED,
    "resubmitAppeal": EXECUTED,
    "listDeadlines": VIEW,
    "listChanges": FEED,
}
NOTIFICATIONS: Mapping[str, Row] = {
    "putDirectoryEntry": Row(
        "contract §5; §7: directory entries of any LEA, caltac_agent", {LEA: OWN_LEA, CALTAC: ALL}
    ),
    "getDirectoryEntry": VIEW,
    "putMailDomains": Row("contract §7: the directory, caltac_agent", {CALTAC: ALL}),
    "getMailDomains": VIEW,
    "listNotifications": VIEW,
    "getNotification": VIEW,
    "resendNotification": Row("contract §5; who works on the case", WORKERS),
    "reportAttempt": Row("contract §5; ADR 0016: a mailer outside", {SYSTEM: ALL}),
    "listDeadlines": VIEW,
    "listChanges": FEED,
}
PROBES = frozenset({"getHealth", "getReadiness", "getMetrics"})
"""For supervisors and monitoring, without a token (contract §1)."""

EXPECTED: Mapping[str, Mapping[str, Row]] = {
    "incidents": INCIDENTS,
    "appeals": APPEALS,
    "notifications": NOTIFICATIONS,
}


def operation_of(name: str) -> str:
    """The operation's id of a row: what stands before a comma says which of its targets the row is for."""
    return name.partition(",")[0]


def verdict(row: Row, caller: Actor | None, target: Target) -> int:
    """The status that the papers expect; ``DONE`` for any success."""
    if caller is None:
        return 401
    reach = row.may.get(caller.role)
    if reach is None:
        return 403
    if not target.is_there or not sees(reach, caller, target):
        return row.outside
    if reach is OWN_REQUEST and target.by != caller.sub:
        return 403
    return 403 if reach is NOT_THIS_ONE else DONE


def sees(reach: Reach, caller: Actor, target: Target) -> bool:
    """Whether the target is in the caller's scope: site = own school, LEA = own LEA, CalTAC and CDE = all."""
    if reach is ALL:
        return True
    if reach is OWN_WORDS:
        return target.by == caller.sub
    if reach is OWN_LEA:
        return target.lea == caller.lea
    # a coordinator of a site, or a desk that sees everything
    return caller.role in (CALTAC, CDE) or target.school == caller.school
