"""The directory takes only addresses that are safe in a header (A-29)."""

from __future__ import annotations

import pytest

from services.notifications.domain.addresses import one_line, usable_address, usable_name
from services.notifications.domain.directory_entry import DirectoryEntry, entry_id
from services.notifications.domain.errors import (
    RepeatedContact,
    TooManyContacts,
    UnusableAddress,
    UnusableCds,
    UnusableName,
)
from services.notifications.domain.values import Contact
from tests.support.notifications.names import HOSTILE
from tests.support.notifications.states import COORDINATORS, LEA, SYSTEM, TUESDAY

INJECTIONS = [
    "lee@lea.example.org\r\nBcc: everybody@example.org",
    "lee@lea.example.org\nBcc: everybody@example.org",
    "lee@lea.example.org\x00",
    "lee@lea.example.org, dee@lea.example.org",
    "Lee <lee@lea.example.org>",
    "<lee@lea.example.org>",
    "lee @lea.example.org",
    '"lee leader"@lea.example.org',
    "lee@lea.example.org SIZE=1",
    "lee@[127.0.0.1]",
    "lee@lea",
    "lee.@lea.example.org",
    "@lea.example.org",
    "lee@@lea.example.org",
    "lée@lea.example.org",
    "lee@lea.example.org\u2028",
    "l" * 65 + "@lea.example.org",
    "lee@" + "a." * 130 + "org",
    "=?utf-8?q?lee=0D=0A?=@lea.example.org",
    "",
]


def an_entry(*contacts: Contact) -> DirectoryEntry:
    return DirectoryEntry.open(LEA, contacts, actor=SYSTEM, at=TUESDAY)


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_an_address_is_one_plain_mailbox(text: str) -> None:
    with pytest.raises(UnusableAddress):
        usable_address(text)


@pytest.mark.parametrize("text", ["lee@lea.example.org", "o'neil+stairs@k12.ca.us", "a_b.c@x-y.org"])
def test_ordinary_addresses_are_taken_as_they_are(text: str) -> None:
    assert usable_address(text) == text


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_name_that_is_read_as_something_else_is_refused(text: str) -> None:
    with pytest.raises(UnusableName):
        usable_name(text)


@pytest.mark.parametrize("text", ["", "  ", "Lee\r\nBcc: x@example.org", "L" * 121, "Lee\x1b[0m"], ids=ascii)
def test_a_name_is_one_printable_line(text: str) -> None:
    with pytest.raises(UnusableName):
        usable_name(text)


def test_words_that_others_chose_are_brought_onto_one_line() -> None:
    assert one_line("5.1.1 no\r\n\tsuch   user\x00", 12) == "5.1.1 no suc"


def test_an_entry_is_the_same_for_the_same_cds() -> None:
    assert an_entry(*COORDINATORS).id == entry_id(LEA)


@pytest.mark.parametrize("cds", ["", "123456", "12345678", "1234567890123", "abcdefg", "１２３４５６７"])
def test_a_cds_has_seven_or_fourteen_digits(cds: str) -> None:
    with pytest.raises(UnusableCds):
        DirectoryEntry.open(cds, (), actor=SYSTEM, at=TUESDAY)


def test_an_address_stands_once_in_an_entry() -> None:
    with pytest.raises(RepeatedContact):
        an_entry(COORDINATORS[0], Contact("lea_coordinator", "Lee", "LEE.leader@lea.example.org"))


def test_an_entry_is_bounded() -> None:
    crowd = [Contact("lea_coordinator", "Lee", f"lee{n}@lea.example.org") for n in range(51)]
    with pytest.raises(TooManyContacts):
        an_entry(*crowd)


def test_putting_other_contacts_replaces_all() -> None:
    entry = an_entry(*COORDINATORS)
    entry.replace(COORDINATORS[:1], actor=SYSTEM, at=TUESDAY)
    assert entry.contacts == COORDINATORS[:1]
    assert entry.version == 2


def test_putting_the_same_contacts_again_changes_nothing() -> None:
    entry = an_entry(*COORDINATORS)
    entry.replace(COORDINATORS, actor=SYSTEM, at=TUESDAY)
    assert entry.version == 1
