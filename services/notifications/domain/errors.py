"""Why notifications refuse.

Refusal
├── Invalid    422  UnusableAddress, UnusableName, UnusableCds, RepeatedContact, TooManyContacts,
│                   SsidInContact, InTheFuture, UnusableDomain, TooManyDomains, TooManyUnverified
├── Conflict   409  AlreadyOnItsWay, NotBeingSent, SentByOurselves, NoLongerTrue, NobodyToSendTo
└── RateLimited 429 ResendTooSoon, TooMuchMail
"""

from __future__ import annotations

from shared.kernel.errors import Conflict, Invalid, RateLimited


class UnusableAddress(Invalid):
    """Not an e-mail address that a mail server can be given."""

    code = "invalid_email"
    title = "Not a usable e-mail address"


class UnusableName(Invalid):
    """A name is one printable line of at most 120 characters, without an address or an encoded word."""

    code = "invalid_name"
    title = "Not a usable name"


class UnusableCds(Invalid):
    """A CDS code has 7 digits for an LEA and 14 for a school."""

    code = "invalid_cds"
    title = "Not a CDS code"


class RepeatedContact(Invalid):
    """The same address stands twice in one entry; each person is mailed once."""

    code = "duplicate_contact"
    title = "The same address twice"


class TooManyContacts(Invalid):
    """An entry holds at most 50 contacts."""

    code = "too_many_contacts"
    title = "Too many contacts"


class UnusableDomain(Invalid):
    """A mail domain is what stands behind the @: district.example.org, in plain ASCII."""

    code = "invalid_domain"
    title = "Not a mail domain"


class TooManyDomains(Invalid):
    """An LEA or school has at most 20 mail domains."""

    code = "too_many_domains"
    title = "Too many mail domains"


class TooManyUnverified(Invalid):
    """Of an entry's addresses, only some may lie outside the mail domains that CalTAC has set."""

    code = "too_many_unverified"
    title = "Too many addresses elsewhere"


class SsidInContact(Invalid):
    """Ten digits in a row look like an SSID, which this service must never hold (A-17)."""

    code = "ssid_in_text"
    title = "The text seems to hold an SSID"


class AlreadyOnItsWay(Conflict):
    """A message that is still being sent or retried is not sent again."""

    code = "already_on_its_way"
    title = "Still on its way"


class MailTooLong(Invalid):
    """No mail is that long: a producer says more than any field of the contract has room for."""

    code = "mail_too_long"
    title = "Too long for a mail"


class NotBeingSent(Conflict):
    """The outcome of an attempt belongs to a message that is being sent."""

    code = "not_being_sent"
    title = "Not being sent"


class SentByOurselves(Conflict):
    """The message is in our own queue: what becomes of it is not an outside mailer's to say (ADR 0016)."""

    code = "sent_by_ourselves"
    title = "This system sends it itself"


class InTheFuture(Invalid):
    """An attempt is reported after it was made."""

    code = "in_the_future"
    title = "In the future"


class NoLongerTrue(Conflict):
    """A warning whose deadline has passed is not sent: no mail goes out in a state that it does not fit."""

    code = "no_longer_true"
    title = "Not so any more"


class NobodyToSendTo(Conflict):
    """No recipient is known; put the coordinators into the directory first."""

    code = "nobody_to_send_to"
    title = "Nobody to send to"


class ResendTooSoon(RateLimited):
    """A message is sent anew once in five minutes at most (or what `NOTIFICATIONS_RESEND_SECONDS` says)."""

    code = "resend_too_soon"
    title = "Sent again a moment ago"


class TooMuchMail(RateLimited):
    """The acts of one LEA have caused more mail than may be sent for it in an hour."""
