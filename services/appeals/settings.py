"""What this service is told by its environment; loaded by the chassis when a process starts."""

from __future__ import annotations

from pydantic import Field

from shared.process.settings import DatabaseUrl, Port, SecretFile, ServiceSettings, Set


class AppealsSettings(ServiceSettings):
    """The common settings, and those that begin with ``APPEALS_``."""

    database_url: DatabaseUrl = Field(
        validation_alias="APPEALS_DATABASE_URL",
        description="the PostgreSQL database of this service: postgresql://user:password@host/database",
    )
    owner_database_url: DatabaseUrl | None = Field(
        default=None,
        validation_alias="APPEALS_OWNER_DATABASE_URL",
        description="the same database as the owner of its tables knows it; for migrate and rebuild alone",
    )
    host: Set = Field(
        default="127.0.0.1",
        validation_alias="APPEALS_HOST",
        description="the address on which the API listens",
    )
    port: Port = Field(
        default=8002, validation_alias="APPEALS_PORT", description="the port on which the API listens"
    )
    api_secret_file: SecretFile = Field(
        validation_alias="APPEALS_API_SECRET_FILE",
        description="a file with the secret that marks cursors and kept answers: 32 bytes in base64",
    )
