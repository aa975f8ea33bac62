"""Mail servers that answer what a test wants, over real SMTP on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Script:
    """What the server answers, per recipient and in turn for whole mails; and what it took."""

    to: dict[str, str] = field(default_factory=dict)  # address → answer to RCPT
    data: list[str] = field(default_factory=list)  # answers to DATA, one per mail; then 250
    sender: str = "250 OK"
    taken: list[Envelope] = field(default_factory=list)
    connections: int = 0
    logins: list[tuple[bool, bytes]] = field(default_factory=list)  # over TLS or not, and the name

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(  # noqa: N802 - as above
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.sender

    async def handle_RCPT(  # noqa: N802 - as above
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(  # noqa: N802 - as above
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        answer = self.data.pop(0) if self.data else "250 2.0.0 Ok: queued"
        if answer.startswith("250"):
            self.taken.append(envelope)
        return answer

    def authenticate(
        self, _server: SMTP, session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Let everybody in, and remember whether anybody could listen."""
        self.logins.append((session.ssl is not None, data.login))
        return AuthResult(success=True)


@asynccontextmanager
async def asking_for_a_login(script: Script, tls: SSLContext | None = None) -> AsyncIterator[int]:
    """A server that wants a login, also in the clear; with a certificate it offers STARTTLS."""
    loop = asyncio.get_running_loop()

    def serve() -> SMTP:
        return SMTP(
            script,
            hostname="mx.test",
            tls_context=tls,
            authenticator=script.authenticate,
            auth_require_tls=False,
        )

    server = await loop.create_server(serve, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@asynccontextmanager
async def answering(script: Script, port: int = 0) -> AsyncIterator[int]:
    """A server while the block lasts; the value is its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(script, hostname="mx.test"), "127.0.0.1", port)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A server that takes connections and never says a word."""

    open_lines: list[asyncio.StreamWriter] = []

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_lines.append(writer)

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
        for line in open_lines:
            line.close()
            await line.wait_closed()
