"""Who may see and do what here (contract §2, §5; domain §3.3, HR-29)."""

from __future__ import annotations

from services.notifications.domain.message import Message
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Forbidden, NotFound

COORDINATORS = frozenset({Role.LEA_COORDINATOR, Role.SITE_COORDINATOR})
READERS = COORDINATORS | {Role.CALTAC_AGENT, Role.CDE_REVIEWER, Role.AUDITOR, Role.SYSTEM}
RESENDERS = COORDINATORS | {Role.CALTAC_AGENT, Role.CDE_REVIEWER}


def may_read(actor: Actor) -> None:
    """Coordinators, CalTAC, the CDE and auditors read; test administrators and examiners do not.

    :raises Forbidden: the role has no part in STAIRS cases.
    """
    if actor.role not in READERS:
        raise Forbidden("Messages and the directory are for coordinators, CalTAC and the CDE.")


def sees_message(actor: Actor, message: Message) -> None:
    """A coordinator sees the messages of cases of their school or LEA.

    :raises Forbidden: the role may not read at all.
    :raises NotFound: the case lies outside the caller's scope.
    """
    may_read(actor)
    if not actor.sees(message.matter.school):
        raise NotFound("There is no such notification.")


def may_resend(actor: Actor, message: Message) -> None:
    """Whoever sees a message may have it sent again, except those who only watch.

    :raises Forbidden: an auditor, or a role without a part in STAIRS cases.
    :raises NotFound: the case lies outside the caller's scope.
    """
    sees_message(actor, message)
    if actor.role not in RESENDERS:
        raise Forbidden("This role may read messages, and not send them again.")


def may_report(actor: Actor) -> None:
    """Only a system that delivers mails says what became of them.

    :raises Forbidden: a person.
    """
    if actor.role is not Role.SYSTEM:
        raise Forbidden("Only a mailer with a token of role system reports attempts.")


def sees_entry(actor: Actor, cds: str) -> None:
    """A site coordinator sees the entry of the own school, an LEA coordinator those of the own LEA.

    :raises Forbidden: the role may not read at all.
    :raises NotFound: the entry lies outside the caller's scope.
    """
    may_read(actor)
    if not actor.sees(cds):
        raise NotFound("There is no such directory entry.")


def may_put_entry(actor: Actor, cds: str) -> None:
    """Only the coordinators of an LEA say who is mailed for it and for its schools.

    :raises Forbidden: another role.
    :raises NotFound: the entry lies outside the caller's scope.
    """
    sees_entry(actor, cds)
    if actor.role is not Role.LEA_COORDINATOR:
        raise Forbidden("Only an LEA coordinator of this LEA may change its directory.")
