"""What this service is told by its environment; loaded by the chassis when a process starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from services.incidents.providers.keyring import read_keyring
from services.incidents.providers.vault import read_key
from shared.process.settings import DatabaseUrl, Port, SecretFile, ServiceSettings, Set


def _holding_a_key(path: Path) -> Path:
    read_key(path)
    return path


def _holding_a_keyring(path: Path) -> Path:
    read_keyring(path)
    return path


KeyFile = Annotated[Path, AfterValidator(_holding_a_key)]
EpochsFile = Annotated[Path, AfterValidator(_holding_a_keyring)]


class IncidentsSettings(ServiceSettings):
    """The common settings, and those that begin with ``INCIDENTS_``."""

    database_url: DatabaseUrl = Field(
        validation_alias="INCIDENTS_DATABASE_URL",
        description="the PostgreSQL database of this service: postgresql://user:password@host/database",
    )
    owner_database_url: DatabaseUrl | None = Field(
        default=None,
        validation_alias="INCIDENTS_OWNER_DATABASE_URL",
        description="the same database as its tables' owner knows it; for migrate, rebuild and keys alone",
    )
    host: Set = Field(
        default="127.0.0.1",
        validation_alias="INCIDENTS_HOST",
        description="the address on which the API listens",
    )
    port: Port = Field(
        default=8001, validation_alias="INCIDENTS_PORT", description="the port on which the API listens"
    )
    api_secret_file: SecretFile = Field(
        validation_alias="INCIDENTS_API_SECRET_FILE",
        description="a file with the secret that marks cursors and kept answers: 32 bytes in base64",
    )
    kek_file: EpochsFile = Field(
        validation_alias="INCIDENTS_KEK_FILE",
        description=(
            "a file with the key that wraps the students' keys, backed up apart: 32 bytes in base64;"
            " later ones a line each, EPOCH KEY"
        ),
    )
    ref_key_file: KeyFile = Field(
        validation_alias="INCIDENTS_REF_KEY_FILE",
        description="a file with the key of the student references: 32 bytes in base64; it can never change",
    )
    open_drafts_per_caller: int = Field(
        default=5_000,
        ge=1,
        validation_alias="SHARE_DRAFTS_PER_CALLER",
        description="how many drafts one caller may have open; more is answered with 429",
    )
    open_drafts_per_lea: int = Field(
        default=20_000,
        ge=1,
        validation_alias="SHARE_DRAFTS_PER_LEA",
        description="how many drafts of one LEA may be open; whoever files on its behalf is not held back",
    )
    new_students_per_day: int = Field(
        default=20_000,
        ge=500,
        validation_alias="INCIDENTS_NEW_STUDENTS_PER_DAY",
        description="how many students nobody reported before one caller may name in a day; 500 at least",
    )
