"""What a mail server's answers mean to us, and what we hand to it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from services.notifications.application.ports import Mail
from services.notifications.domain.values import MessageKind, ServerAnswer, Verdict
from services.notifications.providers.envelope import on_the_wire
from services.notifications.providers.smtp import MailServer, SmtpMailer, verdict_of
from services.notifications.rulebooks.mail_writer import TemplateMailWriter
from tests.support.notifications.states import (
    TO_LEE,
    TO_SIA,
    TUESDAY,
    a_composed_message,
    a_submitted_case,
)
from tests.support.servers.mail_servers import Script, answering, silent
from tests.support.servers.ports import free_port

SENDER = Address("STAIRS", addr_spec="stairs@stairs.example.org")
ACCEPTED, DEFERRED, REFUSED = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REFUSED


def a_mail() -> Mail:
    message = a_composed_message()
    return Mail(
        notification_id=message.id,
        message_id=message.message_id,
        kind=MessageKind.CASE_SUBMITTED,
        case_number="2018-19-000123",
        to=(TO_SIA, TO_LEE),
        outstanding=(TO_SIA, TO_LEE),
        content=TemplateMailWriter().write(MessageKind.CASE_SUBMITTED, a_submitted_case()),
        created_at=TUESDAY,
        resent_at=None,
    )


def parsed(octets: bytes) -> EmailMessage:
    return email.message_from_bytes(octets, _class=EmailMessage, policy=email.policy.default)


def mailer(port: int, timeout: float = 5.0) -> SmtpMailer:
    return SmtpMailer(MailServer.at(f"smtp://127.0.0.1:{port}"), SENDER, timeout=timeout)


async def delivered(script: Script, mail: Mail | None = None) -> list[ServerAnswer]:
    async with answering(script) as port:
        smtp = mailer(port)
        answers = list(await smtp.deliver(mail or a_mail()))
        await smtp.rest()
    return answers


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        *((code, ACCEPTED) for code in (250, 251)),
        *((code, DEFERRED) for code in (354, 421, 450, 451, 452, 552)),
        *((code, REFUSED) for code in (550, 551, 553, 554)),
    ],
)
def test_the_table_of_answers(code: int, verdict: Verdict) -> None:
    assert verdict_of(code) is verdict


async def test_a_taken_mail_is_accepted_for_everybody() -> None:
    script = Script()
    assert [answer.verdict for answer in await delivered(script)] == [ACCEPTED, ACCEPTED]
    assert script.taken[0].rcpt_tos == [TO_SIA.email, TO_LEE.email]
    assert script.taken[0].mail_from == "stairs@stairs.example.org"


async def test_a_mail_comes_from_the_address_of_the_year_that_worded_it() -> None:
    script, other = Script(), Address("Another year", addr_spec="another@stairs.example.org")
    async with answering(script) as port:
        smtp = SmtpMailer(MailServer.at(f"smtp://127.0.0.1:{port}"), SENDER, by_year={"2018-19": other})
        await smtp.deliver(a_mail())
        await smtp.rest()
    assert script.taken[0].mail_from == "another@stairs.example.org"


async def test_each_recipient_gets_the_own_answer() -> None:
    script = Script(to={TO_LEE.email: "550 5.1.1 no such user"})
    answers = await delivered(script)
    assert [(answer.verdict, answer.code) for answer in answers] == [(ACCEPTED, 250), (REFUSED, 550)]
    assert answers[1].text == "550 5.1.1 no such user"


async def test_refusals_of_all_recipients_are_theirs() -> None:
    script = Script(to={TO_SIA.email: "450 4.2.1 busy", TO_LEE.email: "550 5.1.1 no such user"})
    assert [answer.verdict for answer in await delivered(script)] == [DEFERRED, REFUSED]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [("451 4.3.0 try later", DEFERRED), ("554 5.7.1 rejected", REFUSED), ("552 5.2.2 full", DEFERRED)],
)
async def test_an_answer_to_the_mail_itself_counts_for_everybody(answer: str, verdict: Verdict) -> None:
    assert [given.verdict for given in await delivered(Script(data=[answer]))] == [verdict, verdict]


async def test_a_refused_sender_is_our_fault_and_nobody_elses() -> None:
    answers = await delivered(Script(sender="553 5.1.8 who are you"))
    assert [answer.verdict for answer in answers] == [DEFERRED, DEFERRED]


async def test_a_server_that_is_down_defers() -> None:
    answers = await mailer(free_port()).deliver(a_mail())
    assert [answer.verdict for answer in answers] == [DEFERRED, DEFERRED]
    assert answers[0].text.startswith("mail server: ")


async def test_a_server_that_says_nothing_defers_in_time() -> None:
    async with silent() as port:
        answers = await mailer(port, timeout=0.2).deliver(a_mail())
    assert [answer.verdict for answer in answers] == [DEFERRED, DEFERRED]


async def test_a_mail_that_takes_too_long_as_a_whole_is_put_off() -> None:
    async with silent() as port:
        slow = SmtpMailer(MailServer.at(f"smtp://127.0.0.1:{port}"), SENDER, timeout=30.0, patience=0.2)
        answers = await slow.deliver(a_mail())
    assert [answer.verdict for answer in answers] == [DEFERRED, DEFERRED]


async def test_a_burst_goes_over_one_connection_also_after_a_refusal() -> None:
    script = Script(data=["250 OK", "554 5.7.1 rejected", "250 OK"])
    async with answering(script) as port:
        smtp = mailer(port)
        verdicts = [(await smtp.deliver(a_mail()))[0].verdict for _ in range(3)]
        await smtp.rest()
    assert verdicts == [ACCEPTED, REFUSED, ACCEPTED]
    assert script.connections == 1


async def test_a_server_that_comes_back_is_found_again() -> None:
    port = free_port()
    smtp = mailer(port)
    script = Script()
    async with answering(script, port):
        await smtp.deliver(a_mail())
        await smtp.rest()
    assert (await smtp.deliver(a_mail()))[0].verdict is DEFERRED
    async with answering(script, port):
        assert (await smtp.deliver(a_mail()))[0].verdict is ACCEPTED
        await smtp.rest()
    assert len(script.taken) == 2


async def test_only_those_who_lack_it_are_in_the_envelope_though_all_are_in_the_header() -> None:
    script = Script()
    await delivered(script, replace(a_mail(), outstanding=(TO_LEE,)))
    message = parsed(script.taken[0].original_content or b"")
    assert script.taken[0].rcpt_tos == [TO_LEE.email]
    assert TO_SIA.email in str(message["To"])


def test_every_attempt_is_the_same_mail_octet_by_octet() -> None:
    mail = a_mail()
    assert on_the_wire(mail, SENDER) == on_the_wire(mail, SENDER)


def test_a_mail_says_what_it_is() -> None:
    mail = a_mail()
    message = parsed(on_the_wire(mail, SENDER))
    assert message["Message-ID"] == mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == TUESDAY
    assert message["From"] == "STAIRS <stairs@stairs.example.org>"
    assert (message["X-STAIRS-Kind"], message["X-STAIRS-Case"]) == ("case_submitted", "2018-19-000123")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_both_bodies_arrive_as_they_were_written() -> None:
    mail = a_mail()
    plain, html = parsed(on_the_wire(mail, SENDER)).iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert plain.get_content().split() == mail.content.body_text.split()
    assert html.get_content().split() == mail.content.body_html.split()


def test_a_mail_sent_anew_says_so_and_keeps_its_message_id() -> None:
    mail = a_mail()
    message = parsed(on_the_wire(replace(mail, resent_at=TUESDAY), SENDER))
    assert message["Message-ID"] == mail.message_id
    assert message["Resent-Message-ID"] != mail.message_id
    assert message["Resent-Date"] is not None


def test_a_line_break_never_gets_into_a_header() -> None:
    mail = a_mail()
    content = replace(mail.content, subject="A case\r\nBcc: everybody@example.org")
    with pytest.raises(ValueError, match="unprintable"):
        on_the_wire(replace(mail, content=content), SENDER)


async def test_a_mail_that_cannot_be_written_is_put_off_and_stops_no_other() -> None:
    mail = a_mail()
    script = Script()
    async with answering(script) as port:
        smtp = mailer(port)
        broken = replace(mail, content=replace(mail.content, subject="two\nlines"))
        answers = await smtp.deliver(broken)
        assert [answer.verdict for answer in await smtp.deliver(mail)] == [ACCEPTED, ACCEPTED]
        await smtp.rest()
    assert [answer.verdict for answer in answers] == [DEFERRED, DEFERRED]
    assert answers[0].text.startswith("our own fault: ")


async def test_one_who_cannot_be_written_is_refused_for_good_and_takes_nobody_along() -> None:
    script, nobody = Script(), replace(TO_SIA, email="=?utf-8?q?x=0D=0A?=@school.example.org")
    answers = await delivered(script, replace(a_mail(), to=(nobody, TO_LEE), outstanding=(nobody, TO_LEE)))
    assert [(answer.email, answer.verdict, answer.code) for answer in answers] == [
        (nobody.email, REFUSED, None),
        (TO_LEE.email, ACCEPTED, 250),
    ]
    assert script.taken[0].rcpt_tos == [TO_LEE.email]
    assert [each.addr_spec for each in parsed(script.taken[0].original_content or b"")["To"].addresses] == [
        TO_LEE.email
    ]


async def test_a_mail_to_nobody_who_can_be_written_is_not_tried() -> None:
    script, nobody = Script(), replace(TO_SIA, email="sía@school.example.org")
    answers = await delivered(script, replace(a_mail(), to=(nobody,), outstanding=(nobody,)))
    assert [answer.verdict for answer in answers] == [REFUSED]
    assert (script.connections, script.taken) == (0, [])


def test_names_of_any_script_and_with_any_marks_are_one_address_each() -> None:
    odd = replace(TO_SIA, name='Sía "O\'Neil", Ph.D. <x@y.z>; 校長')
    message = parsed(on_the_wire(replace(a_mail(), to=(odd, TO_LEE)), SENDER))
    assert [address.addr_spec for address in message["To"].addresses] == [TO_SIA.email, TO_LEE.email]
    assert message["To"].addresses[0].display_name == odd.name


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "mail:25", ""])
def test_only_an_smtp_address_names_a_mail_server(url: str) -> None:
    with pytest.raises(ValueError, match="smtp"):
        MailServer.at(url)


def test_a_mail_servers_address_may_carry_a_login_and_tls() -> None:
    server = MailServer.at("smtps://stairs:p%40ss@mail.example.org")
    assert server == MailServer("mail.example.org", 465, tls=True, user="stairs", password="p@ss")
