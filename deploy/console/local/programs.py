"""Which processes the local system has, and what each is told; settings travel by the environment only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.console.folders import Place
from deploy.console.keys.secret_files import secret_key
from deploy.console.keys.tokens import AUDIENCE, ISSUER
from deploy.console.local.postgres import database_url
from deploy.console.local.run_record import Notes
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


def service_environment(service: str, place: Place, notes: Notes) -> dict[str, str]:
    """Everything that one service is told; no service learns another's secrets."""
    upper = service.upper()
    settings = {
        f"{upper}_DATABASE_URL": database_url(place, service, notes.socket),
        f"{upper}_HOST": HOST,
        f"{upper}_PORT": str(notes.ports[service]),
        **{f"{name.upper()}_URL": url for name, url in notes.urls.items()},
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_JWKS_URL": (place.keys / "jwks.json").as_uri(),
        "SYSTEM_TOKEN_FILE": str(place.tokens / "system.jwt"),
        "STAIRS_CLOCK_FILE": str(place.clock),
        "STAIRS_LOG": "console",
        "RELAY_EMBEDDED": "false" if notes.separate_relays else "true",
    }
    if notes.kafka:
        settings["KAFKA_BOOTSTRAP_SERVERS"] = notes.kafka
    return settings | _special(service, place, notes)


def _special(service: str, place: Place, notes: Notes) -> dict[str, str]:
    if service == "incidents":
        return {
            "INCIDENTS_KEK_FILE": str(secret_key(place.keys / "incidents.kek")),
            "INCIDENTS_REF_KEY_FILE": str(secret_key(place.keys / "incidents.ref")),
        }
    if service == "notifications":
        return {
            "NOTIFICATIONS_SMTP_URL": notes.smtp or f"smtp://{HOST}:{notes.ports['smtp']}",
            "NOTIFICATIONS_SENDER": SENDER,
            "NOTIFICATIONS_CDE_EMAIL": CDE_EMAIL,
            "NOTIFICATIONS_CALTAC_EMAIL": CALTAC_EMAIL,
        }
    return {}


def plain_environment() -> dict[str, str]:
    """The caller's environment without anything that a service would take for a setting."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def verb(service: str, name: str, *arguments: str) -> tuple[str, ...]:
    """The doorway of a service."""
    return (sys.executable, "-m", f"services.{service}", name, *arguments)


def programs(place: Place, notes: Notes) -> Iterator[Program]:
    """The mailbox, then the APIs, then the workers, then (apart only when asked) the relays."""
    mailbox = (sys.executable, "-m", "deploy.console.local.mailbox", "--port", str(notes.ports["smtp"]))
    yield Program("mailbox", (*mailbox, "--dir", str(place.mail)), {}, 100)
    verbs = ["api", "worker", *(["relay"] if notes.separate_relays else [])]
    for priority, name in enumerate(verbs, start=2):
        for service in SERVICES:
            environment = service_environment(service, place, notes)
            if name == "worker":
                environment["WORKER_HEALTH_PORT"] = str(notes.ports[f"{service}_worker"])
            yield Program(f"{service}-{name}", verb(service, name), environment, priority * 100)
