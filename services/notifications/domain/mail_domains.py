"""The mail domains of an LEA or a school, as CalTAC has set them: addresses elsewhere are unverified.

They are taken all the same, since a district may have its mail anywhere; they are shown as unverified, and an
entry holds only some of them. Where no domains are set, every address is unverified, and none is too many.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.notifications.domain.errors import (
    SsidInContact,
    TooManyDomains,
    TooManyUnverified,
    UnusableCds,
    UnusableDomain,
)
from services.notifications.domain.values import Contact
from shared.kernel.errors import Issue
from shared.kernel.ssid import holds_ssid

DOMAINS = UUID("c2f0a0a4-0d7e-5d0b-8c38-5a1d7b6f4e03")
MOST_DOMAINS = 20
LONGEST = 253
CDS_OF_LEA = 7  # digits
_CDS = re.compile(r"[0-9]{7}(?:[0-9]{7})?")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def domains_id(cds: str) -> UUID:
    """The identity of the mail domains of an LEA (7 digits) or a school (14 digits)."""
    return uuid5(DOMAINS, cds)


def places_of(cds: str) -> tuple[str, ...]:
    """Whose mail domains hold for an entry: its own, and its LEA's."""
    return tuple(dict.fromkeys((cds, cds[:CDS_OF_LEA])))


def is_verified(email: str, domains: Collection[str]) -> bool:
    """Whether an address lies in one of these domains, or below it."""
    domain = email.rpartition("@")[2].lower()
    return any(domain == each or domain.endswith(f".{each}") for each in domains)


def require_few_unverified(contacts: Sequence[Contact], domains: Collection[str], most: int) -> None:
    """Only some of an entry's addresses lie elsewhere, once it is known what is not elsewhere.

    :raises TooManyUnverified: more do; each is named.
    """
    elsewhere = [n for n, contact in enumerate(contacts) if not is_verified(contact.email, domains)]
    if domains and len(elsewhere) > most:
        words = "Outside the mail domains of this place."
        issues = [Issue(f"/contacts/{n}/email", TooManyUnverified.code, words) for n in elsewhere]
        raise TooManyUnverified(
            f"At most {most} addresses may lie outside the mail domains that CalTAC has set.", issues=issues
        )


class MailDomains(Aggregate):
    """Where the people of one LEA or one school have their mail."""

    TOPIC = "notifications.mail_domains"

    # --- What can have happened. ---

    class Event(Aggregate.Event):
        """Every fact says who caused it and when it happened in the world."""

        actor: dict[str, str | None]
        occurred_at: datetime

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered. ``Opened`` opens a stream."""

        TOPIC = "notifications.mail_domains.created"

    class Opened(Created):
        """The first domains of an LEA or school were set."""

        TOPIC = "notifications.mail_domains.opened"
        cds: str
        domains: list[str]

    class Replaced(Event):
        """The domains were set anew, as a whole."""

        TOPIC = "notifications.mail_domains.replaced"
        domains: list[str]

    # --- What may be asked. ---

    @staticmethod
    def create_id(cds: str) -> UUID:
        """One list per CDS code."""
        return domains_id(cds)

    @event(Opened)
    def __init__(
        self, *, cds: str, domains: list[str], actor: dict[str, str | None], occurred_at: datetime
    ) -> None:
        self.cds = cds
        self._remember(domains, actor, occurred_at)

    @classmethod
    def open(
        cls, cds: str, domains: Sequence[str], *, actor: dict[str, str | None], at: datetime
    ) -> MailDomains:
        """The first domains of a CDS code.

        :raises UnusableCds: neither 7 nor 14 digits.
        :raises UnusableDomain, TooManyDomains, SsidInContact: see ``errors``.
        """
        if _CDS.fullmatch(cds) is None:
            raise UnusableCds("A CDS code has 7 digits for an LEA and 14 for a school.")
        return cls(cds=cds, domains=_checked(domains), actor=actor, occurred_at=at)

    def replace(self, domains: Sequence[str], *, actor: dict[str, str | None], at: datetime) -> None:
        """Put other domains in place of the present ones; the same again changes nothing."""
        checked = _checked(domains)
        if checked != list(self.domains):
            self.trigger_event(self.Replaced, domains=checked, actor=actor, occurred_at=at)

    # --- What changes. ---

    @event(Replaced)
    def _apply_replaced(
        self, domains: list[str], actor: dict[str, str | None], occurred_at: datetime
    ) -> None:
        self._remember(domains, actor, occurred_at)

    def _remember(self, domains: list[str], actor: dict[str, str | None], occurred_at: datetime) -> None:
        self.domains = tuple(domains)
        self.changed_by, self.changed_at = actor, occurred_at


def _checked(domains: Sequence[str]) -> list[str]:
    if len(domains) > MOST_DOMAINS:
        raise TooManyDomains(f"An LEA or school has at most {MOST_DOMAINS} mail domains.")
    return sorted({_usable(domain, f"/domains/{n}") for n, domain in enumerate(domains)})


def _usable(text: str, at: str) -> str:
    domain = text.strip().lower()
    if _DOMAIN.fullmatch(domain) is None or len(domain) > LONGEST:
        words = "A mail domain has the form district.example.org, in plain ASCII."
        raise UnusableDomain(words, issues=[Issue(at, UnusableDomain.code, words)])
    if holds_ssid(domain):
        words = "Ten digits in a row look like an SSID."
        raise SsidInContact(words, issues=[Issue(at, SsidInContact.code, words)])
    return domain
