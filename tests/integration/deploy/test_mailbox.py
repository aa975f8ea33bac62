"""The local mailbox: one file per Message-ID, on the disk before its 250, repeats counted."""

from __future__ import annotations

import asyncio
import signal
import sys
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

from deploy.console.local.mailbox import ReceivedMail, keep, read_mailbox, serving
from tests.support.eventually import eventually
from tests.support.servers.ports import free_port

TO = ["sia@school.example.org", "lee@lea.example.org"]


def a_mail(message_id: str | None = "<one@stairs.example.org>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "stairs@stairs.example.org"
    message["To"] = ", ".join(TO)
    message["Subject"] = "STAIRS case 2018-19-000123 submitted"
    if message_id is not None:
        message["Message-ID"] = message_id
    message["X-STAIRS-Kind"] = "case_submitted"
    message["X-STAIRS-Case"] = "2018-19-000123"
    message.set_content("Keep this e-mail.\n")
    return message


async def sent(folder: Path, *mails: EmailMessage) -> list[ReceivedMail]:
    async with serving(folder) as port:
        for mail in mails:
            await aiosmtplib.send(mail, hostname="127.0.0.1", port=port)
    return read_mailbox(folder)


async def test_a_mail_can_be_read_again(tmp_path: Path) -> None:
    (mail,) = await sent(tmp_path, a_mail())
    assert mail == ReceivedMail(
        message_id="<one@stairs.example.org>",
        to=tuple(TO),
        sender="stairs@stairs.example.org",
        subject="STAIRS case 2018-19-000123 submitted",
        text="Keep this e-mail.\n",
        kind="case_submitted",
        case_number="2018-19-000123",
        arrivals=(tuple(TO),),
    )


async def test_a_repeat_is_counted_and_makes_no_second_mail(tmp_path: Path) -> None:
    (mail,) = await sent(tmp_path, a_mail(), a_mail(), a_mail())
    assert mail.repeats == 2


async def test_another_message_id_is_another_mail(tmp_path: Path) -> None:
    mails = await sent(tmp_path, a_mail(), a_mail("<two@stairs.example.org>"))
    assert [mail.repeats for mail in mails] == [0, 0]


async def test_a_hostile_message_id_stays_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    await sent(folder, a_mail("<../../etc/passwd@x>"), a_mail("</etc/passwd@x>"))
    assert len(list(folder.glob("*.eml"))) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mail"]


async def test_a_mail_without_message_id_is_kept_by_its_content(tmp_path: Path) -> None:
    (mail,) = await sent(tmp_path, a_mail(None), a_mail(None))
    assert mail.repeats == 1


def test_a_line_torn_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    path = keep(tmp_path, a_mail().as_bytes(), TO)
    with path.with_suffix(".arrivals").open("a") as arrivals:
        arrivals.write('{"at": "2019-04-')
    keep(tmp_path, a_mail().as_bytes(), TO)
    keep(tmp_path, a_mail().as_bytes(), TO)
    (mail,) = read_mailbox(tmp_path)
    assert mail.repeats == 1


def test_a_mail_whose_arrival_was_not_noted_did_arrive(tmp_path: Path) -> None:
    keep(tmp_path, a_mail().as_bytes(), TO).with_suffix(".arrivals").unlink()
    assert read_mailbox(tmp_path)[0].repeats == 0


async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    words = ["-m", "deploy.console.local.mailbox", "--port", str(port), "--folder", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.DEVNULL)

    async def taken() -> bool:
        try:
            await aiosmtplib.send(a_mail(), hostname="127.0.0.1", port=port)
        except aiosmtplib.SMTPConnectError as error:
            raise AssertionError("not listening yet") from error
        return True

    await eventually(taken)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert [mail.message_id for mail in read_mailbox(tmp_path)] == ["<one@stairs.example.org>"]


async def test_it_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    words = ["-m", "deploy.console.local.mailbox", "--port", str(free_port()), "--dir", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
