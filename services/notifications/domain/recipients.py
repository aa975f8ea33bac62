"""Who is told what (domain §7, HR-09, A-9, A-29).

* N1, N4, N5: whoever submitted or filed; and all active LEA coordinators of the LEA, unless an LEA
  coordinator acted: then that one mail is enough.
* N2, N3: the CDE's desk, and nobody else: its copy is a message of its own, so no header shows one side's
  addresses to the other.
* N6, N11: whoever submitted the case, and the LEA coordinators as above; never who said it. A coordinator's
  note also goes to the desks that it concerns, each in a message of its own.
* N7: the coordinators of the school and of its LEA; N8: the LEA coordinators, who phone.
* N9, N10 of a case: who drafted or submitted it, and all LEA coordinators, also where one of them did: a
  clock runs out because somebody does not act, and another has to.
* N10 of a decision: the desk of whoever decides.
* Never a test administrator, examiner, parent or student, whatever a token or a directory says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.notifications.domain.addresses import is_usable_address, one_line
from services.notifications.domain.occasions import DecisionDeadline, NoteForADesk, Occasion, Somebody
from services.notifications.domain.values import Because, Contact, MessageKind, Recipient

COORDINATORS = frozenset({"lea_coordinator", "site_coordinator"})
MAY_BE_MAILED = COORDINATORS | {"caltac_agent", "cde_reviewer"}
FOR_THE_CDE = frozenset({MessageKind.CDE_COPY, MessageKind.APPEAL_REVIEW_REQUESTED})
FOR_THE_WHOLE_LEA = frozenset(
    {MessageKind.DRAFT_REMINDER, MessageKind.DEADLINE_AT_RISK, MessageKind.DEADLINE_MISSED}
)

DESKS: Mapping[Because, tuple[str, str]] = {  # role and name of each desk
    Because.CDE_DESK: ("cde_reviewer", "CDE CAASPP Office"),
    Because.CALTAC_DESK: ("caltac_agent", "CalTAC"),
}


def recipients_of(
    kind: MessageKind,
    occasion: Occasion,
    coordinators: Sequence[Contact],
    desks: Mapping[Because, str],
    sites: Sequence[Contact] = (),
) -> tuple[Recipient, ...]:
    """Everybody to whom this one message goes, each address once.

    :param coordinators: the directory's contacts for the case's LEA.
    :param desks: the addresses of the CDE CAASPP Office and of CalTAC, those that are known.
    :param sites: the directory's contacts for the school, where they are told as well.
    """
    desk = desk_for(kind, occasion)
    if desk is not None:
        return at_the_desk(desk, desks)
    told = [_submitter(person) for person in occasion.told if person.role in MAY_BE_MAILED]
    copies = _copies(coordinators) if lea_is_copied(kind, occasion) else ()
    own = occasion.author.email.casefold() if occasion.author else None
    everybody = (*told, *_of_the_school(sites), *copies)
    return _each_once(person for person in everybody if person.email.casefold() != own)


def left_out(kind: MessageKind, occasion: Occasion) -> int:
    """How many of those who should be told have an address that no mail can be sent to."""
    if desk_for(kind, occasion) is not None:
        return 0
    told = [person for person in occasion.told if person.role in MAY_BE_MAILED]
    return sum(not is_usable_address(person.email) for person in told)


def desk_for(kind: MessageKind, occasion: Occasion) -> Because | None:
    """The desk that is the only recipient; None if people are the recipients."""
    if kind in FOR_THE_CDE:
        return Because.CDE_DESK
    if isinstance(occasion, DecisionDeadline):
        return _desk_called(occasion.decider)
    if isinstance(occasion, NoteForADesk):
        return _desk_called(occasion.desk)
    return None


def _desk_called(code: str) -> Because:
    return Because.CDE_DESK if code == "cde" else Because.CALTAC_DESK


def at_the_desk(desk: Because, desks: Mapping[Because, str]) -> tuple[Recipient, ...]:
    """A desk as recipient; nobody where its address is not known."""
    role, name = DESKS[desk]
    return (Recipient(role, name, desks[desk], desk),) if desk in desks else ()


def lea_is_copied(kind: MessageKind, occasion: Occasion) -> bool:
    """Whether the LEA's coordinators are told as well: always, unless one of them acted (HR-09)."""
    if desk_for(kind, occasion) is not None:
        return False
    acted = {person.role for person in occasion.told}
    return kind in FOR_THE_WHOLE_LEA or "lea_coordinator" not in acted


def recipients_again(
    before: Sequence[Recipient],
    *,
    lea_copied: bool,
    coordinators: Sequence[Contact],
    desk: Sequence[Recipient] | None = None,
) -> tuple[Recipient, ...]:
    """Who gets a message that is sent anew: the LEA's coordinators as the directory names them today.

    :param desk: of a message to a desk, the desk as its address is known today.
    """
    if desk is not None:
        return tuple(desk)
    kept = [person for person in before if person.because is not Because.LEA_COORDINATOR]
    return _each_once((*kept, *(_copies(coordinators) if lea_copied else ())))


def _submitter(person: Somebody) -> Recipient:
    return Recipient(person.role, one_line(person.name, 120), person.email, Because.SUBMITTER)


def _of_the_school(sites: Sequence[Contact]) -> tuple[Recipient, ...]:
    return tuple(
        Recipient(contact.role, contact.name, contact.email, Because.SITE_COORDINATOR)
        for contact in sites
        if contact.role == "site_coordinator"
    )


def _copies(coordinators: Sequence[Contact]) -> tuple[Recipient, ...]:
    return tuple(
        Recipient(contact.role, contact.name, contact.email, Because.LEA_COORDINATOR)
        for contact in coordinators
        if contact.role == "lea_coordinator"
    )


def _each_once(people: Iterable[Recipient]) -> tuple[Recipient, ...]:
    seen: dict[str, Recipient] = {}
    for person in people:
        if is_usable_address(person.email):
            seen.setdefault(person.email.casefold(), person)
    return tuple(seen.values())
