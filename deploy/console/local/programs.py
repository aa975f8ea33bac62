"""Which processes the local system has, and what each is told; settings travel by the environment only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.console.folders import StateFolder
from deploy.console.keys.epochs import KEK
from deploy.console.keys.secret_files import owner_of, secret_key
from deploy.console.keys.tokens import AUDIENCE, ISSUER
from deploy.console.local.postgres import database_url
from deploy.console.local.run_record import RunRecord
from deploy.console.ports import HOST, SERVICES

SENDER = "stairs@stairs.example"
CDE_EMAIL = "caaspp@cde.example"
CALTAC_EMAIL = "caltac@ets.example"

_OURS = ("INCIDENTS_", "APPEALS_", "NOTIFICATIONS_", "KAFKA_", "AUTH_", "STAIRS_", "SYSTEM_TOKEN", "RELAY_")


@dataclass(frozen=True)
class Program:
    """One process that the supervisor keeps."""

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str]
    priority: int  # lower starts earlier and stops later


def service_environment(service: str, state: StateFolder, record: RunRecord) -> dict[str, str]:
    """Everything that one service is told; no service learns another's secrets."""
    upper = service.upper()
    settings = {
        f"{upper}_DATABASE_URL": database_url(state, service, record.socket),
        f"{upper}_HOST": HOST,
        f"{upper}_PORT": str(record.ports[service]),
        f"{upper}_API_SECRET_FILE": str(secret_key(state.keys / f"{service}.api")),
        **{f"{name.upper()}_URL": url for name, url in record.urls.items()},
        "STAIRS_SANDBOX": "true",
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_JWKS_URL": (state.keys / "jwks.json").as_uri(),
        "SYSTEM_TOKEN_FILE": str(state.tokens / "system.jwt"),
        "STAIRS_AUDIT_FILE": str(state.audit / f"{service}-verbs.jsonl"),
        "STAIRS_CLOCK_FILE": str(state.clock),
        "STAIRS_LOG": "console",
        "RELAY_EMBEDDED": "false" if record.separate_relays else "true",
    }
    if record.kafka:
        settings["KAFKA_BOOTSTRAP_SERVERS"] = record.kafka
    return settings | _special(service, state, record)


def owner_environment(service: str, state: StateFolder, record: RunRecord) -> dict[str, str]:
    """What only a verb of the owner's is told, and no process that serves."""
    url = database_url(state, service, record.socket, role=owner_of(service))
    return {f"{service.upper()}_OWNER_DATABASE_URL": url}


def _special(service: str, state: StateFolder, record: RunRecord) -> dict[str, str]:
    if service == "incidents":
        return {
            "INCIDENTS_KEK_FILE": str(secret_key(state.keys / KEK)),
            "INCIDENTS_REF_KEY_FILE": str(secret_key(state.keys / "incidents.ref")),
        }
    if service == "notifications":
        return {
            "NOTIFICATIONS_SMTP_URL": record.smtp or f"smtp://{HOST}:{record.ports['smtp']}",
            "NOTIFICATIONS_SENDER": SENDER,
            "NOTIFICATIONS_CDE_EMAIL": CDE_EMAIL,
            "NOTIFICATIONS_CALTAC_EMAIL": CALTAC_EMAIL,
        }
    return {}


def plain_environment() -> dict[str, str]:
    """The caller's environment without settings of services, but for ``HTTP_…`` and ``SHARE_…``.

    Those limits are an operator's to choose, and ``HTTP_PROXY`` is not ours.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def verb(service: str, name: str, *arguments: str) -> tuple[str, ...]:
    """The command line of a service's verb."""
    return (sys.executable, "-m", f"services.{service}", name, *arguments)


def programs(state: StateFolder, record: RunRecord) -> Iterator[Program]:
    """The mailbox, then the APIs, then the workers, then the relays (apart when asked, with Kafka)."""
    mailbox = (sys.executable, "-m", "deploy.console.local.mailbox", "--port", str(record.ports["smtp"]))
    yield Program("mailbox", (*mailbox, "--dir", str(state.mail)), {}, 100)
    verbs = ["api", "worker", *(["relay"] if record.separate_relays and record.kafka else [])]
    for priority, name in enumerate(verbs, start=2):
        for service in SERVICES:
            environment = service_environment(service, state, record)
            environment["STAIRS_AUDIT_FILE"] = str(state.audit / f"{service}-{name}.jsonl")
            if name == "worker":
                environment["WORKER_HEALTH_PORT"] = str(record.ports[f"{service}_worker"])
            yield Program(f"{service}-{name}", verb(service, name), environment, priority * 100)
