"""The header of a mail says what is meant and nothing else, whatever somebody is called (RFC 5322, 2047)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from dataclasses import replace
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.utils import getaddresses

import pytest

from services.notifications.application.ports import Mail
from services.notifications.domain.values import Because, Content, MessageKind, Recipient
from services.notifications.providers import rehearsal
from services.notifications.providers.envelope import can_be_written, on_the_wire
from services.notifications.providers.header_reading import (
    Misread,
    fields_of,
    mailboxes_of,
    require_read_back,
    text_of,
)
from services.notifications.providers.header_writing import Mailbox, Unwritable, mailboxes, text, tokens
from services.notifications.providers.rehearsal import require_sound_mail
from shared.kernel.trail import Trail
from tests.support.notifications.names import HOSTILE
from tests.support.notifications.states import TO_LEE, TO_SIA, TUESDAY, a_composed_message

SENDER = Address("STAIRS", addr_spec="stairs@stairs.example.org")
FIELDS = [
    *("From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Content-Language", "X-STAIRS-Kind", "X-STAIRS-Case", "X-STAIRS-Template"),
    *("MIME-Version", "Content-Type"),
]


def a_mail_to(*people: Recipient) -> Mail:
    message = a_composed_message()
    return Mail(
        notification_id=message.id,
        message_id=message.message_id,
        kind=MessageKind.CASE_SUBMITTED,
        case_number="2018-19-000123",
        to=people,
        outstanding=people,
        content=message.content,
        created_at=TUESDAY,
        resent_at=None,
    )


def head_of(octets: bytes) -> bytes:
    return octets.partition(b"\r\n\r\n")[0] + b"\r\n"


def to_of(octets: bytes) -> str:
    """The unfolded value of ``To``, by Python's older parser."""
    message: Message = email.message_from_bytes(octets, policy=email.policy.compat32)
    return str(message["To"]).replace("\r\n", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_changes_no_field_but_its_own(name: str) -> None:
    usual, hostile = a_mail_to(TO_LEE, TO_SIA), a_mail_to(TO_LEE, replace(TO_SIA, name=name))
    before, after = on_the_wire(usual, SENDER), on_the_wire(hostile, SENDER)
    assert after.partition(b"\r\n\r\n")[2] == before.partition(b"\r\n\r\n")[2]
    fields = fields_of(head_of(after))
    assert [field for field, _ in fields] == FIELDS
    assert [each for each in fields if each[0] != "To"] == [
        each for each in fields_of(head_of(before)) if each[0] != "To"
    ]
    for found in (getaddresses([to_of(after)]), by_the_newer_parser(after)):
        assert [address for _, address in found] == [TO_LEE.email, TO_SIA.email]


def by_the_newer_parser(octets: bytes) -> list[tuple[str, str]]:
    found = email.message_from_bytes(octets, _class=EmailMessage, policy=email.policy.default)["To"]
    return [(each.display_name, each.addr_spec) for each in found.addresses]


def test_there_are_enough_hostile_names() -> None:
    assert len(set(HOSTILE)) >= 60


def a_mail_about(subject: str) -> Mail:
    mail = a_mail_to(TO_SIA)
    return replace(mail, content=replace(mail.content, subject=subject))


@pytest.mark.parametrize("name", [name for name in HOSTILE if not name.isprintable()])
def test_a_subject_that_would_break_is_not_sent(name: str) -> None:
    with pytest.raises(Unwritable):
        on_the_wire(a_mail_about(name), SENDER)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.isprintable()])
def test_a_hostile_subject_is_only_a_subject(name: str) -> None:
    octets = on_the_wire(a_mail_about(f"A case: {name}"), SENDER)
    parsed = email.message_from_bytes(octets, _class=EmailMessage, policy=email.policy.default)
    assert parsed.keys() == FIELDS
    assert parsed["Subject"] == f"A case: {name}"


@pytest.mark.parametrize(
    "subject", ["word " * 80 + "end", "é" * 300, "a  b", " a", "x" * 300, "=?utf-8?q?x?="]
)
def test_a_subject_reads_back_equal(subject: str) -> None:
    octets = bytes(text("Subject", subject))
    assert text_of(fields_of(octets)[0][1]) == subject
    message = email.message_from_bytes(octets + b"\r\n", policy=email.policy.compat32)
    assert str(make_header(decode_header(str(message["Subject"]).replace("\r\n", "")))) == subject


@pytest.mark.parametrize(
    "value", ["", " x", "x ", "two  blanks", "two\r\nlines", "two\nlines", "é", "=?utf-8?q?x?=", "a\tb"]
)
def test_a_plain_field_holds_plain_words(value: str) -> None:
    with pytest.raises(Unwritable):
        tokens("X-STAIRS-Case", value)


@pytest.mark.parametrize("name", ["", "X Y", "X:", "Ü", "X\r\nY"])
def test_a_fields_name_is_plain(name: str) -> None:
    with pytest.raises(Unwritable):
        tokens(name, "x")


@pytest.mark.parametrize(
    "people",
    [
        [],
        [Mailbox("Sia", "sia")],
        [Mailbox("Sia", "sia @example.org")],
        [Mailbox("Sia", "sía@example.org")],
        [Mailbox("Sia", "=?utf-8?q?x?=@example.org")],
        [Mailbox("x\r\ny", "sia@example.org")],
        [Mailbox("=?utf-8?q?x?=", "sia@example.org")],
    ],
)
def test_what_cannot_be_written_is_not(people: Sequence[Mailbox]) -> None:
    with pytest.raises(Unwritable):
        mailboxes("To", people)


@pytest.mark.parametrize(
    "value",
    [
        "Sia",
        "Sia sia@example.org",
        "<sia@example.org> Sia",
        "<sia@example.org> <lee@example.org>",
        "<sia@example.org>,",
        ",<sia@example.org>",
        "a: <sia@example.org>;",
        '"Sia <sia@example.org>',
        "(Sia) <sia@example.org>",
        "=?utf-8?q?Sia?= <sia@example.org>",
        "=?latin-1?b?U2lh?= <sia@example.org>",
        "=?utf-8?b?U2l?= <sia@example.org>",
        "=?utf-8?b?DQo=?= <sia@example.org>",
        "=?utf-8?b?/w==?= <sia@example.org>",
        '"=?utf-8?b?U2lh?=" <sia@example.org>',
    ],
)
def test_the_reader_takes_no_other_form_than_ours(value: str) -> None:
    with pytest.raises(Misread):
        mailboxes_of(value)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"To: x",
        b"To: x\r\n\r\n",
        b" To: x\r\n",
        b"To: x\r\n  \r\n",
        b"To: x\ny\r\n",
        b"To x\r\n",
        b"To:x\r\n",
        "To: é\r\n".encode(),
        b"To: " + b"x" * 1000 + b"\r\n",
        b"To: x\r\ny\r\n",
        b"To: \tx\r\n",
    ],
)
def test_the_reader_takes_no_line_that_is_no_field(head: bytes) -> None:
    with pytest.raises(Misread):
        fields_of(head)


def test_a_header_with_a_field_more_or_less_or_another_value_does_not_leave() -> None:
    kind, to = tokens("X-STAIRS-Kind", "note_added"), mailboxes("To", [Mailbox("Sia", "sia@example.org")])
    require_read_back(bytes(kind) + bytes(to), [kind, to])
    for head in (bytes(kind), bytes(to) + bytes(kind), bytes(kind) + bytes(to) + b"Bcc: x\r\n"):
        with pytest.raises(Misread):
            require_read_back(head, [kind, to])
    with pytest.raises(Misread):
        require_read_back(bytes(kind) + bytes(to).replace(b"sia@", b"lee@"), [kind, to])
    with pytest.raises(Misread):
        require_read_back(bytes(kind).replace(b"added", b"other") + bytes(to), [kind, to])


def test_a_correlation_id_stands_as_it_is() -> None:
    mail = replace(a_mail_to(TO_SIA), trail=Trail("order-66", None))
    assert fields_of(head_of(on_the_wire(mail, SENDER)))[-3] == ("X-STAIRS-Correlation-ID", "order-66")


def test_no_words_of_a_mail_end_a_part_of_it() -> None:
    mail = a_mail_to(TO_SIA)
    mark = f"=_stairs-{mail.notification_id.hex}"
    forged = f"--{mark}\r\nContent-Type: text/html\r\n\r\n<b>The exam is off.</b>\r\n--{mark}--\r\n"
    content = Content("A case", f"Hello\n{forged}", f"<p>Hello</p>\n{forged}", "note_added", "1")
    octets = on_the_wire(replace(mail, content=content), SENDER)
    parsed = email.message_from_bytes(octets, _class=EmailMessage, policy=email.policy.default)
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert octets.count(f"\r\n--{mark}".encode()) == 3


@pytest.mark.parametrize("address", ["sía@example.org", "a b@example.org", "x\r\n@example.org", "", "sia"])
def test_whoever_cannot_be_written_is_not_in_the_header(address: str) -> None:
    nobody = Recipient("lea_coordinator", "Nobody", address, Because.LEA_COORDINATOR)
    assert not can_be_written(nobody)
    assert [each[1] for each in by_the_newer_parser(on_the_wire(a_mail_to(nobody, TO_SIA), SENDER))] == [
        TO_SIA.email
    ]


def test_a_python_that_writes_sound_mails_is_let_start() -> None:
    require_sound_mail()


@pytest.mark.parametrize(
    ("name", "faulty"),
    [
        ("parse_address", lambda address: address.partition("!")[0]),
        ("on_the_wire", lambda _mail, _sender: b"To: x\r\n\r\nx"),
    ],
)
def test_a_python_without_the_needed_safeguards_is_not(
    name: str, faulty: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rehearsal, name, faulty)
    with pytest.raises(SystemExit) as end:
        require_sound_mail()
    assert end.value.code == 78
    assert "run this worker on another Python" in capsys.readouterr().err
