"""A password is sent over TLS only, whatever a mail server offers."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from email.headerregistry import Address
from pathlib import Path

import pytest

from services.notifications.domain.values import ServerAnswer, Verdict
from services.notifications.providers.smtp import MailServer, SmtpMailer
from tests.integration.notifications.test_smtp import a_mail
from tests.support.servers.certificates import Authority
from tests.support.servers.mail_servers import Script, answering, asking_for_a_login

SENDER = Address("STAIRS", addr_spec="stairs@stairs.example.org")


async def delivered(url: str) -> Sequence[ServerAnswer]:
    smtp = SmtpMailer(MailServer.at(url), SENDER, timeout=5.0)
    answers = await smtp.deliver(a_mail())
    await smtp.rest()
    return answers


def server_side(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("mx", "127.0.0.1"))
    return context


@pytest.mark.parametrize("login", ["stairs:secret", "stairs", ":secret"])
async def test_no_login_is_sent_in_the_clear_though_the_server_would_take_it(login: str) -> None:
    script = Script()
    async with asking_for_a_login(script) as port:
        answers = await delivered(f"smtp://{login}@127.0.0.1:{port}")
    assert [answer.verdict for answer in answers] == [Verdict.DEFERRED, Verdict.DEFERRED]
    assert "STARTTLS" in answers[0].text
    assert (script.logins, script.taken) == ([], [])


async def test_a_login_follows_the_starttls_that_a_server_offers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, authority = Script(), Authority(tmp_path / "ours")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with asking_for_a_login(script, server_side(authority)) as port:
        answers = await delivered(f"smtp://stairs:secret@127.0.0.1:{port}")
    assert [answer.verdict for answer in answers] == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert script.logins == [(True, b"stairs")]


async def test_no_login_is_sent_to_a_server_that_anybody_could_be(tmp_path: Path) -> None:
    script = Script()
    async with asking_for_a_login(script, server_side(Authority(tmp_path / "somebodys"))) as port:
        answers = await delivered(f"smtp://stairs:secret@127.0.0.1:{port}")
    assert [answer.verdict for answer in answers] == [Verdict.DEFERRED, Verdict.DEFERRED]
    assert (script.logins, script.taken) == ([], [])


async def test_without_a_login_a_server_need_not_offer_tls() -> None:
    script = Script()
    async with answering(script) as port:
        answers = await delivered(f"smtp://127.0.0.1:{port}")
    assert [answer.verdict for answer in answers] == [Verdict.ACCEPTED, Verdict.ACCEPTED]
