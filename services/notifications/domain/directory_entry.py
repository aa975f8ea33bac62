"""The coordinators to be mailed for one LEA or school (A-29: all of them; domain §7).

An entry is replaced as a whole; earlier contacts stay in its history.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.notifications.domain.addresses import usable_address, usable_name
from services.notifications.domain.errors import RepeatedContact, SsidInContact, TooManyContacts, UnusableCds
from services.notifications.domain.values import Contact
from shared.kernel.errors import Issue
from shared.kernel.ssid import HOW_TO_WRITE, holds_ssid

ENTRIES = UUID("5b0b8f6e-6f0c-5c55-9a52-0f4e9a2d7c01")
MOST_CONTACTS = 50
_CDS = re.compile(r"[0-9]{7}(?:[0-9]{7})?")


def entry_id(cds: str) -> UUID:
    """The identity of the entry of an LEA (7 digits) or a school (14 digits)."""
    return uuid5(ENTRIES, cds)


class DirectoryEntry(Aggregate):
    """Who coordinates one LEA or one school."""

    TOPIC = "notifications.directory_entry"

    # --- What can have happened. ---

    class Event(Aggregate.Event):
        """Every fact says who caused it and when it happened in the world."""

        actor: dict[str, str | None]
        occurred_at: datetime

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered. ``Opened`` opens a stream."""

        TOPIC = "notifications.directory_entry.created"

    class Opened(Created):
        """The first contacts of an LEA or school were put."""

        TOPIC = "notifications.directory_entry.opened"
        cds: str
        contacts: list[dict[str, str]]

    class Replaced(Event):
        """The contacts were put anew, as a whole."""

        TOPIC = "notifications.directory_entry.replaced"
        contacts: list[dict[str, str]]

    # --- What may be asked. ---

    @staticmethod
    def create_id(cds: str) -> UUID:
        """One entry per CDS code."""
        return entry_id(cds)

    @event(Opened)
    def __init__(
        self,
        *,
        cds: str,
        contacts: list[dict[str, str]],
        actor: dict[str, str | None],
        occurred_at: datetime,
    ) -> None:
        self.cds = cds
        self._remember(contacts, actor, occurred_at)

    @classmethod
    def open(
        cls, cds: str, contacts: Sequence[Contact], *, actor: dict[str, str | None], at: datetime
    ) -> DirectoryEntry:
        """The first entry for a CDS code.

        :raises UnusableCds: neither 7 nor 14 digits.
        :raises UnusableAddress, UnusableName, RepeatedContact, TooManyContacts: see ``errors``.
        """
        if _CDS.fullmatch(cds) is None:
            raise UnusableCds("A CDS code has 7 digits for an LEA and 14 for a school.")
        return cls(cds=cds, contacts=_checked(contacts), actor=actor, occurred_at=at)

    def replace(self, contacts: Sequence[Contact], *, actor: dict[str, str | None], at: datetime) -> None:
        """Put other contacts in place of the present ones; the same again changes nothing."""
        checked = _checked(contacts)
        if checked != [contact.as_fact() for contact in self.contacts]:
            self.trigger_event(self.Replaced, contacts=checked, actor=actor, occurred_at=at)

    # --- What changes. ---

    @event(Replaced)
    def _apply_replaced(
        self, contacts: list[dict[str, str]], actor: dict[str, str | None], occurred_at: datetime
    ) -> None:
        self._remember(contacts, actor, occurred_at)

    def _remember(
        self, contacts: list[dict[str, str]], actor: dict[str, str | None], occurred_at: datetime
    ) -> None:
        self.contacts = tuple(Contact(**contact) for contact in contacts)
        self.changed_by, self.changed_at = actor, occurred_at


def _checked(contacts: Sequence[Contact]) -> list[dict[str, str]]:
    if len(contacts) > MOST_CONTACTS:
        raise TooManyContacts(f"An entry holds at most {MOST_CONTACTS} contacts.")
    checked = [
        Contact(
            contact.role,
            _without_ssid(usable_name(contact.name, f"/contacts/{n}/name"), f"/contacts/{n}/name"),
            _without_ssid(usable_address(contact.email, f"/contacts/{n}/email"), f"/contacts/{n}/email"),
        ).as_fact()
        for n, contact in enumerate(contacts)
    ]
    if len({contact["email"].casefold() for contact in checked}) < len(checked):
        raise RepeatedContact("Each address may stand once in an entry.")
    return checked


def _without_ssid(text: str, at: str) -> str:
    if holds_ssid(text):
        words = f"Ten digits in a row look like an SSID. {HOW_TO_WRITE}"
        raise SsidInContact(words, issues=[Issue(at, SsidInContact.code, words)])
    return text
