"""What this service is told by its environment; loaded by the chassis when a process starts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.notifications.domain.addresses import is_usable_address
from services.notifications.providers.smtp import MailServer
from shared.process.settings import DatabaseUrl, Port, ServiceSettings, Set


def _mail_server(url: str) -> str:
    MailServer.at(url)
    return url


def _mailbox(text: str) -> str:
    if not is_usable_address(text):
        raise ValueError("not an e-mail address")
    return text


SmtpUrl = Annotated[Set, AfterValidator(_mail_server)]
Mailbox = Annotated[Set, AfterValidator(_mailbox)]


class NotificationsSettings(ServiceSettings):
    """The common settings, and those that begin with ``NOTIFICATIONS_``."""

    database_url: DatabaseUrl = Field(
        validation_alias="NOTIFICATIONS_DATABASE_URL",
        description="the PostgreSQL database of this service: postgresql://user:password@host/database",
    )
    host: Set = Field(
        default="127.0.0.1",
        validation_alias="NOTIFICATIONS_HOST",
        description="the address on which the API listens",
    )
    port: Port = Field(
        default=8003, validation_alias="NOTIFICATIONS_PORT", description="the port on which the API listens"
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
    lease_seconds: float = Field(
        default=30.0,
        ge=1.0,
        validation_alias="NOTIFICATIONS_LEASE_SECONDS",
        description="seconds after which a mail whose sender died is taken up by another",
    )
