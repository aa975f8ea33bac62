"""SMTP by aiosmtplib: one connection for a burst, and one table of what a server's answers mean to us.

A refusal of *our* part (connection, greeting, login, sender) is never held against a recipient: it is
deferred, since somebody can put it right within the 72 hours of the retries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from services.notifications.application.ports import Mail
from services.notifications.domain.addresses import one_line
from services.notifications.domain.values import Recipient, ServerAnswer, Verdict
from services.notifications.providers.envelope import can_be_written, on_the_wire

TIMEOUT = 10.0  # seconds for one answer of the server
PATIENCE = 30.0  # seconds for one mail, connecting included
UNWRITABLE = "not sent: this address cannot be written into a mail"

ANSWERS: Mapping[int, Verdict] = {  # answers to RCPT and DATA that do not mean what their first digit says
    552: Verdict.DEFERRED,  # RFC 5321 §4.5.3.1.10: too many recipients at once; or a mailbox that is full
}
FIRST_DIGITS: Mapping[int, Verdict] = {
    2: Verdict.ACCEPTED,
    4: Verdict.DEFERRED,
    5: Verdict.REFUSED,
}

_OF_OUR_OWN = (  # whatever the code: not about a recipient
    aiosmtplib.SMTPConnectResponseError,
    aiosmtplib.SMTPHeloError,
    aiosmtplib.SMTPAuthenticationError,
    aiosmtplib.SMTPSenderRefused,
)
_FAULTS = (aiosmtplib.SMTPException, OSError, TimeoutError)

log = structlog.get_logger(__name__)


def verdict_of(code: int) -> Verdict:
    """What an answer to a recipient or to the mail itself means."""
    return ANSWERS.get(code) or FIRST_DIGITS.get(code // 100, Verdict.DEFERRED)


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over: ``smtp://[user:password@]host[:port]``, or ``smtps://``.

    A login is sent over TLS or not at all: by ``smtps://`` from the start, else after a STARTTLS without
    which nothing is sent. Without a login, ``smtp://`` takes the STARTTLS that a server offers.
    """

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None

    @property
    def start_tls(self) -> bool | None:
        """Whether STARTTLS must come before anything else; None: if the server offers it."""
        return False if self.tls else (True if self.user is not None else None)

    @classmethod
    def at(cls, url: str) -> MailServer:
        """The server that an address names.

        :raises ValueError: not an ``smtp://`` or ``smtps://`` address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("not an smtp:// or smtps:// address")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 25),
            tls=tls,
            user=unquote(parts.username or "") if parts.username or parts.password else None,
            password=unquote(parts.password) if parts.password else None,
        )


class SmtpMailer:
    """Hands mails to one server; used by one sender at a time."""

    def __init__(
        self,
        server: MailServer,
        sender: Address,
        *,
        by_year: Mapping[str, Address] | None = None,
        return_to: Callable[[Mail], str] | None = None,
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
    ) -> None:
        """Mails come from the address of the year whose policy worded them, else from ``sender``.

        :param return_to: the address to which a mail is returned; None: that it comes from.
        :param timeout: seconds for one answer; ``patience``: seconds for a whole mail.
        """
        self._server = server
        self._sender, self._by_year = sender, by_year or {}
        self._return_to = return_to
        self._timeout, self._patience = timeout, patience
        self._client: aiosmtplib.SMTP | None = None

    async def deliver(self, mail: Mail) -> Sequence[ServerAnswer]:
        """Hand one mail over; every outstanding recipient gets an answer, whatever happens.

        Whoever cannot be written into a mail is refused for good, and takes nobody along.
        """
        writable = tuple(person for person in mail.outstanding if can_be_written(person))
        others = [person for person in mail.outstanding if person not in writable]
        answers = [ServerAnswer(person.email, Verdict.REFUSED, None, UNWRITABLE) for person in others]
        if others:
            log.warning("recipient_unwritable", notification_id=str(mail.notification_id), count=len(others))
        return [*answers, *(await self._hand_over(mail, writable) if writable else ())]

    async def _hand_over(self, mail: Mail, recipients: Sequence[Recipient]) -> Sequence[ServerAnswer]:
        addresses = [person.email for person in recipients]
        try:
            sender = self._by_year.get(mail.content.template.partition("/")[0], self._sender)
            content = on_the_wire(mail, sender)
            return_path = self._return_to(mail) if self._return_to else sender.addr_spec
            async with asyncio.timeout(self._patience):
                client = await self._connected()
                refused, text = await client.sendmail(return_path, addresses, content)
        except _FAULTS as fault:
            log.info("mail_not_taken", notification_id=str(mail.notification_id), fault=type(fault).__name__)
            if not isinstance(fault, aiosmtplib.SMTPResponseException | aiosmtplib.SMTPRecipientsRefused):
                self._hang_up()
            return _answers_to(fault, recipients)
        except ValueError as bug:  # one mail that cannot be written must not stop the others
            log.exception("mail_unwritable", notification_id=str(mail.notification_id))
            return _answers_to(bug, recipients)
        return [
            _answer(address, refused[address].code, refused[address].message)
            if address in refused
            else ServerAnswer(address, Verdict.ACCEPTED, 250, one_line(text))
            for address in addresses
        ]

    async def rest(self) -> None:
        """Say goodbye; the next mail opens a new connection."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            try:
                await client.quit()
            except _FAULTS:
                client.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.tls,
            start_tls=self._server.start_tls,
            username=self._server.user,
            password=self._server.password,
            local_hostname=self._sender.domain,
            timeout=self._timeout,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        self._client = client
        return client

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def _answers_to(fault: Exception, recipients: Sequence[Recipient]) -> list[ServerAnswer]:
    """One answer per recipient to an attempt that ended with a fault."""
    if isinstance(fault, aiosmtplib.SMTPRecipientsRefused):
        return [_answer(each.recipient, each.code, each.message) for each in fault.recipients]
    if isinstance(fault, aiosmtplib.SMTPResponseException) and not isinstance(fault, _OF_OUR_OWN):
        return [_answer(person.email, fault.code, fault.message) for person in recipients]
    code = fault.code if isinstance(fault, aiosmtplib.SMTPResponseException) else None
    whose = "our own fault" if isinstance(fault, ValueError) else "mail server"
    text = one_line(f"{whose}: {str(fault) or type(fault).__name__}")
    return [ServerAnswer(person.email, Verdict.DEFERRED, code, text) for person in recipients]


def _answer(address: str, code: int, text: str) -> ServerAnswer:
    return ServerAnswer(address, verdict_of(code), code, one_line(f"{code} {text}"))
