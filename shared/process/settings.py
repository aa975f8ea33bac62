"""Settings come from the environment, are judged once at the start, and a wrong one ends the process there.

    class Settings(ServiceSettings):
        database_url: DatabaseUrl = Field(
            validation_alias="INCIDENTS_DATABASE_URL",
            description="the PostgreSQL database of this service: postgresql://user:password@host/database",
        )

    settings = load(Settings)

A field's ``description`` is the remedy: it is what the operator reads when the variable is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings

from shared.http.api_secret import ApiSecret
from shared.process.auth_settings import AuthSettings
from shared.process.exit_codes import WRONG_SETTINGS
from shared.process.http_settings import HttpSettings
from shared.process.kafka_settings import KafkaSettings
from shared.process.share_settings import ShareSettings

SECRETS = Path("/run/secrets")

S = TypeVar("S", bound=BaseSettings)


def _postgresql(url: str) -> str:
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ValueError("not a postgresql:// address")
    return url


def _holding_a_secret(path: Path) -> Path:
    ApiSecret.read(path)
    return path


Set = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text that is not blank."""

DatabaseUrl = Annotated[Set, AfterValidator(_postgresql)]
"""A PostgreSQL address; ``?host=/socket/folder`` too."""

Port = Annotated[int, Field(ge=1, le=65535)]

SecretFile = Annotated[Path, AfterValidator(_holding_a_secret)]
"""A file with the secret of an API."""


class CommonSettings(AuthSettings, KafkaSettings, HttpSettings, ShareSettings):
    """What all three services are told."""

    system_token_file: Path | None = Field(
        default=None, description="a file with a bearer token of role system, for following the changes feeds"
    )
    incidents_url: Set = Field(default="http://127.0.0.1:8001", description="where the incidents API is")
    appeals_url: Set = Field(default="http://127.0.0.1:8002", description="where the appeals API is")
    notifications_url: Set = Field(
        default="http://127.0.0.1:8003", description="where the notifications API is"
    )
    relay_embedded: bool = Field(
        default=True, description="true: the worker relays too; false: a relay process of its own does"
    )
    stairs_clock_file: Path | None = Field(
        default=None,
        description="a file with an offset in seconds, for trying out deadlines; unset otherwise",
    )
    stairs_log: Literal["json", "console"] = Field(default="json", description="json or console")
    stairs_audit_file: Path | None = Field(
        default=None,
        description="a file to which the audit of acts is appended; unset: standard output",
    )
    worker_health_port: Port | None = Field(
        default=None, description="a free port of this worker or relay for its /healthz, /readyz and /metrics"
    )
    ready_lag_seconds: float = Field(
        default=345_600.0,
        gt=0,
        description="the age from which on what waits makes a worker unready; four days: mails try for three",
    )


class ServiceSettings(CommonSettings):
    """What every service is told under names of its own; each gives these five its own prefix."""

    database_url: DatabaseUrl
    owner_database_url: DatabaseUrl | None = None
    host: Set
    port: Port
    api_secret_file: SecretFile

    def as_owner(self) -> Self:
        """The same, with the address of the database that its owner has; one role may be both."""
        return self.model_copy(update={"database_url": self.owner_database_url or self.database_url})


def load(kind: type[S]) -> S:
    """The settings, or the end: one line per variable that is missing or unsafe, and what to do about it.

    In a container a secret may be a file of the variable's name under ``/run/secrets``; the environment wins.
    """
    try:
        return kind(_secrets_dir=SECRETS if SECRETS.is_dir() else None)
    except ValidationError as error:
        for entry in error.errors(include_url=False, include_input=False):
            sys.stderr.write(_remedy(kind, str(entry["loc"][0]), entry["type"], entry["msg"]) + "\n")
        raise SystemExit(WRONG_SETTINGS) from None


def _remedy(kind: type[BaseSettings], name: str, wrong: str, words: str) -> str:
    fields = kind.model_fields
    field = fields.get(name) or next(
        (field for field in fields.values() if field.validation_alias == name), None
    )
    remedy = field.description if field is not None and field.description else "see the service's README"
    problem = "is not set" if wrong == "missing" else f"is wrong ({words.removeprefix('Value error, ')})"
    return f"{name.upper()} {problem}: give {remedy}"
