"""What this service is told by its environment; loaded by the chassis when a process starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from services.notifications.domain.addresses import is_usable_address
from services.notifications.domain.shares import MailLimits
from services.notifications.providers.return_path import SHORTEST_KEY, ReturnPaths, with_room
from services.notifications.providers.smtp import MailServer
from shared.process.settings import DatabaseUrl, Port, SecretFile, ServiceSettings, Set


def _mail_server(url: str) -> str:
    MailServer.at(url)
    return url


def _mailbox(text: str) -> str:
    if not is_usable_address(text):
        raise ValueError("not an e-mail address")
    return text


SmtpUrl = Annotated[Set, AfterValidator(_mail_server)]
Mailbox = Annotated[Set, AfterValidator(_mailbox)]
ReturnMailbox = Annotated[Mailbox, AfterValidator(with_room)]


class NotificationsSettings(ServiceSettings):
    """The common settings, and those that begin with ``NOTIFICATIONS_``."""

    database_url: DatabaseUrl = Field(
        validation_alias="NOTIFICATIONS_DATABASE_URL",
        description="the PostgreSQL database of this service: postgresql://user:password@host/database",
    )
    owner_database_url: DatabaseUrl | None = Field(
        default=None,
        validation_alias="NOTIFICATIONS_OWNER_DATABASE_URL",
        description="the same database as the owner of its tables knows it; for migrate and rebuild alone",
    )
    host: Set = Field(
        default="127.0.0.1",
        validation_alias="NOTIFICATIONS_HOST",
        description="the address on which the API listens",
    )
    port: Port = Field(
        default=8003, validation_alias="NOTIFICATIONS_PORT", description="the port on which the API listens"
    )
    api_secret_file: SecretFile = Field(
        validation_alias="NOTIFICATIONS_API_SECRET_FILE",
        description="a file with the secret that marks cursors and kept answers: 32 bytes in base64",
    )
    smtp_url: SmtpUrl = Field(
        default="smtp://127.0.0.1:1025",
        validation_alias="NOTIFICATIONS_SMTP_URL",
        description="the mail server: smtp://[user:password@]host[:port], or smtps:// for TLS from the start;"
        " a password is sent over TLS only",
    )
    sender: Mailbox | None = Field(
        default=None,
        validation_alias="NOTIFICATIONS_SENDER",
        description="the address that mails come from; unset: that of the year's policy",
    )
    cde_email: Mailbox = Field(
        validation_alias="NOTIFICATIONS_CDE_EMAIL",
        description="the address of the CDE CAASPP Office, for copies of cases and for reviews of appeals",
    )
    caltac_email: Mailbox | None = Field(
        default=None,
        validation_alias="NOTIFICATIONS_CALTAC_EMAIL",
        description="the address of CalTAC, for decisions due there; unset: such mails fail visibly",
    )
    delivery: Literal["smtp", "external"] = Field(
        default="smtp",
        validation_alias="NOTIFICATIONS_DELIVERY",
        description="smtp: the worker sends; external: a consumer of stairs.notifications.v1 does",
    )
    mail_domain: Set = Field(
        default="notifications.stairs.local",
        validation_alias="NOTIFICATIONS_MAIL_DOMAIN",
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="the right-hand side of every Message-ID; never change it while mails are under way",
    )
    bounce_address: ReturnMailbox | None = Field(
        default=None,
        validation_alias="NOTIFICATIONS_BOUNCE_ADDRESS",
        description="the mailbox whereto undeliverable mails return: at most 14 characters and no + before"
        " the @; unset: they return to the sender",
    )
    bounce_key: SecretStr | None = Field(
        default=None,
        validation_alias="NOTIFICATIONS_BOUNCE_KEY",
        min_length=SHORTEST_KEY,
        description="32 random characters or more that mark our return addresses, so that nobody can forge"
        " reports; needed to read them",
    )
    bounce_host: Set = Field(
        default="127.0.0.1",
        validation_alias="NOTIFICATIONS_BOUNCE_HOST",
        description="the address on which the worker listens for returned mails (SMTP)",
    )
    bounce_port: Port | None = Field(
        default=None,
        validation_alias="NOTIFICATIONS_BOUNCE_PORT",
        description="the port on which the worker listens for returned mails, once"
        " NOTIFICATIONS_BOUNCE_ADDRESS and NOTIFICATIONS_BOUNCE_KEY are set; unset: nobody reads them",
    )
    lease_seconds: float = Field(
        default=30.0,
        ge=1.0,
        validation_alias="NOTIFICATIONS_LEASE_SECONDS",
        description="seconds after which a mail whose sender died is taken up by another",
    )

    resend_seconds: float = Field(
        default=300.0,
        ge=0.0,
        le=86_400.0,
        validation_alias="NOTIFICATIONS_RESEND_SECONDS",
        description="seconds after a resend of a message within which another is refused",
    )
    recipients_per_message: int = Field(
        default=MailLimits.recipients,
        ge=1,
        le=1000,
        validation_alias="NOTIFICATIONS_RECIPIENTS_PER_MESSAGE",
        description="to how many recipients one message goes; submissions, concerns and breaches go to all",
    )
    messages_per_lea: int = Field(
        default=MailLimits.messages_per_lea,
        ge=1,
        le=1_000_000,
        validation_alias="NOTIFICATIONS_MESSAGES_PER_LEA",
        description="how many messages in an hour the cases of one LEA cause; more wait, but for submissions,"
        " concerns and breaches",
    )
    unverified_contacts: int = Field(
        default=MailLimits.unverified_contacts,
        ge=0,
        le=50,
        validation_alias="NOTIFICATIONS_UNVERIFIED_CONTACTS",
        description="how many addresses of a directory entry may lie outside the place's mail domains",
    )

    @field_validator("bounce_port")
    @classmethod
    def _need_address_and_key(cls, port: int | None, info: ValidationInfo) -> int | None:
        if port is not None and not (info.data.get("bounce_address") and info.data.get("bounce_key")):
            raise ValueError("it listens for nothing without a return address and its key")
        return port

    @property
    def limits(self) -> MailLimits:
        """What bounds mails and the directory."""
        pause = timedelta(seconds=self.resend_seconds)
        return MailLimits(pause, self.recipients_per_message, self.messages_per_lea, self.unverified_contacts)

    @property
    def return_paths(self) -> ReturnPaths | None:
        """The marked return addresses; None where mails return to one plain address."""
        if self.bounce_address is None or self.bounce_key is None:
            return None
        return ReturnPaths(self.bounce_address, self.bounce_key.get_secret_value())
