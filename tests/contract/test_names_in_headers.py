"""20,000 lists of names are read from a header as they were written, by two parsers that share nothing.

One is ours, which judges every header before it leaves; the other is Python's older parser.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

from aiosmtplib.email import parse_address

from services.notifications.domain.values import Recipient
from services.notifications.providers.header_reading import fields_of, mailboxes_of
from services.notifications.providers.header_writing import Mailbox, mailboxes
from tests.support.notifications.names import lists_of_people


def to(people: Sequence[Recipient]) -> bytes:
    """The field that names these people, as octets."""
    return bytes(mailboxes("To", [Mailbox(each.name, each.email) for each in people]))


def as_python_reads(value: str) -> list[tuple[str, str]]:
    """A list of addresses by Python's older parser, which decodes what it finds word by word."""
    return [
        (str(make_header(decode_header(name))) if "=?" in name else name, address)
        for name, address in getaddresses([value])
    ]


def unfolded(field: bytes) -> str:
    return field.decode("ascii").replace("\r\n", "").partition(": ")[2]


def test_twenty_thousand_lists_of_names_read_back_equal_by_two_parsers() -> None:
    lists = list(lists_of_people(20_000))
    fields = [mailboxes("To", [Mailbox(each.name, each.email) for each in people]) for people in lists]
    wrong = [
        (field, people)
        for field, people in zip(fields, lists, strict=True)
        if as_python_reads(unfolded(bytes(field))) != [(each.name, each.email) for each in people]
        or mailboxes_of(fields_of(bytes(field))[0][1]) != field.meaning
    ]
    assert wrong == []
    assert {len(people) for people in lists} == {1, 2, 3, 4, 5, 6}
    assert {len(each.name) for people in lists for each in people} >= set(range(1, 121))


def test_no_line_is_too_long_and_no_encoded_word_either() -> None:
    for people in lists_of_people(1_000, seed=12):
        octets = to(people)
        assert octets.isascii()
        assert max(map(len, octets.split(b"\r\n"))) <= 998
        words = [word for word in octets.split() if word.startswith(b"=?")]
        assert max(map(len, words), default=0) <= 75


def test_the_newer_parser_of_every_python_finds_the_same_addresses() -> None:
    # before 3.13.2 it shows a blank between two encoded words of one name (gh-128110): blanks aside
    for people in lists_of_people(300, seed=13):
        octets = to(people)
        found = email.message_from_bytes(octets, _class=EmailMessage, policy=email.policy.default)["To"]
        assert [each.addr_spec for each in found.addresses] == [each.email for each in people]
        assert [without_blanks(each.display_name) for each in found.addresses] == [
            without_blanks(each.name) for each in people
        ]


def without_blanks(name: str) -> str:
    return "".join(name.split())


def test_what_stands_in_the_envelope_is_the_address_that_was_meant() -> None:
    for people in lists_of_people(1_000, seed=14):
        assert [parse_address(each.email) for each in people] == [each.email for each in people]
