"""Who may see and do what with messages and the directory (contract §2, §5; §3.3).

The application asks, once for each request; aggregates judge the state of things, not the caller's role.
A guard ``require_…`` raises. What is outside the caller's scope does not exist (HR-29).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.notifications.domain.message import Message
from shared.kernel.actor import STATEWIDE, Actor, Role
from shared.kernel.errors import Forbidden, NotFound
from shared.kernel.permission import Permission

SITE, LEA, CALTAC, CDE = Role.SITE_COORDINATOR, Role.LEA_COORDINATOR, Role.CALTAC_AGENT, Role.CDE_REVIEWER
COORDINATORS = frozenset({SITE, LEA})
IN_SCOPE = {SITE: "own school", LEA: "own LEA"}


class NotificationAct(StrEnum):
    """What callers of this service do."""

    READ = "read"
    RESEND = "resend"
    REPORT_ATTEMPT = "report_attempt"
    PUT_ENTRY = "put_entry"
    SET_MAIL_DOMAINS = "set_mail_domains"


PERMISSIONS: Mapping[NotificationAct, Permission] = {
    NotificationAct.READ: Permission(
        "See messages, directory entries, deadlines",
        COORDINATORS | STATEWIDE,
        "Messages and the directory are for coordinators, CalTAC and the CDE.",
        "contract §5; HR-29",
        IN_SCOPE,
    ),
    NotificationAct.RESEND: Permission(
        "Send a settled message again",
        COORDINATORS | {CALTAC, CDE},
        "This role may read messages, and not send them again.",
        "contract §5",
        IN_SCOPE,
    ),
    NotificationAct.REPORT_ATTEMPT: Permission(
        "Report what became of a mail",
        frozenset({Role.SYSTEM}),
        "Only a mailer with a token of role system reports attempts.",
        "contract §5; ADR 0016",
    ),
    NotificationAct.PUT_ENTRY: Permission(
        "Name whom to mail for an LEA or a school",
        frozenset({LEA, CALTAC}),
        "Only LEA coordinators, and CalTAC, may change the directory.",
        "contract §5 and §7; A-29, A-43",
        {LEA: "own LEA and its schools"},
    ),
    NotificationAct.SET_MAIL_DOMAINS: Permission(
        "Set the mail domains of an LEA or a school",
        frozenset({CALTAC}),
        "CalTAC says which mail domains an LEA has.",
        "contract §7",
    ),
}


def require_reader(actor: Actor) -> None:
    """Coordinators, CalTAC, the CDE and auditors read; asked before anything is looked for.

    :raises Forbidden: test administrators and examiners do not.
    """
    _require(actor, NotificationAct.READ)


def require_message_visible(actor: Actor, message: Message) -> None:
    """A coordinator sees the messages of cases of their school or LEA.

    :raises NotFound: the case lies outside the caller's scope.
    """
    if not actor.sees(message.matter.school):
        raise NotFound("There is no such notification.")


def require_resender(actor: Actor) -> None:
    """Whoever sees a message may have it sent again, except those who only watch.

    :raises Forbidden: an auditor or a system.
    """
    _require(actor, NotificationAct.RESEND)


def require_mailer(actor: Actor) -> None:
    """Only a system that delivers mails says what became of them.

    :raises Forbidden: a person.
    """
    _require(actor, NotificationAct.REPORT_ATTEMPT)


def require_entry_visible(actor: Actor, cds: str) -> None:
    """A site coordinator sees the entry of the own school, an LEA coordinator those of the own LEA.

    :raises NotFound: the entry lies outside the caller's scope.
    """
    if not actor.sees(cds):
        raise NotFound("There is no such directory entry.")


def require_entry_keeper(actor: Actor) -> None:
    """The coordinators of an LEA say who is mailed for it and for its schools; CalTAC can for any (A-43).

    :raises Forbidden: another role.
    """
    _require(actor, NotificationAct.PUT_ENTRY)


def require_domain_setter(actor: Actor) -> None:
    """CalTAC knows the districts, and nobody vouches for their own address.

    :raises Forbidden: another role.
    """
    _require(actor, NotificationAct.SET_MAIL_DOMAINS)


def _require(actor: Actor, act: NotificationAct) -> None:
    permission = PERMISSIONS[act]
    if not permission.is_given_to(actor):
        raise Forbidden(permission.refusal)
