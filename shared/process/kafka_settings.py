"""What whoever speaks to Kafka is told: where it is, what its listener speaks, and what to show it.

    load(KafkaSettings).kafka   # the cluster, or None where nobody named one

Half a setting is a wrong one: a password that nobody asks for may be meant for a listener that was to be
encrypted, and would not be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging.kafka.cluster import (
    Cluster,
    Mechanism,
    SecurityProtocol,
    asks_for_login,
    password_in,
    show,
    speaks_tls,
    trusting,
)

_PROTOCOL = "kafka_security_protocol"


def _addresses(text: str) -> str:
    for address in text.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdigit():
            raise ValueError("not host:port, or several with commas in between")
    return text


Addresses = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_addresses)]


class KafkaSettings(BaseSettings):
    """The settings that begin with ``KAFKA_``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    kafka_bootstrap_servers: Addresses | None = Field(
        default=None, description="host:port of the Kafka cluster, or unset to follow the changes feeds"
    )
    kafka_security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT",
        description="what the cluster's listener speaks: PLAINTEXT, SSL, SASL_SSL or SASL_PLAINTEXT",
    )
    kafka_ca_file: Path | None = Field(
        default=None,
        description="a PEM file with the certificates that vouch for the brokers; unset: this machine's own",
    )
    kafka_cert_file: Path | None = Field(
        default=None, description="a PEM file with our certificate, where the cluster asks for one"
    )
    kafka_key_file: Path | None = Field(
        default=None, validate_default=True, description="a PEM file with its key, which has no password"
    )
    kafka_sasl_mechanism: Mechanism = Field(
        default="SCRAM-SHA-512",
        description="how to log in: SCRAM-SHA-512, SCRAM-SHA-256 or, with SASL_SSL only, PLAIN",
    )
    kafka_sasl_username: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None,
        validate_default=True,
        description="the name to log in with, for SASL_SSL, SASL_PLAINTEXT",
    )
    kafka_sasl_password_file: Path | None = Field(
        default=None,
        validate_default=True,
        description="a file with its password, which is read at each login",
    )

    @property
    def kafka(self) -> Cluster | None:
        """The cluster that carries the events, or None where the changes feeds do."""
        if self.kafka_bootstrap_servers is None:
            return None
        return Cluster(
            self.kafka_bootstrap_servers,
            self.kafka_security_protocol,
            self.kafka_ca_file,
            self.kafka_cert_file,
            self.kafka_key_file,
            self.kafka_sasl_mechanism,
            self.kafka_sasl_username,
            self.kafka_sasl_password_file,
        )

    @field_validator("kafka_ca_file", "kafka_cert_file", "kafka_key_file")
    @classmethod
    def _for_tls(cls, path: Path | None, said: ValidationInfo) -> Path | None:
        if path is not None and not speaks_tls(said.data.get(_PROTOCOL, "SSL")):
            raise ValueError(f"KAFKA_SECURITY_PROTOCOL={said.data[_PROTOCOL]} does not use it")
        return path

    @field_validator("kafka_ca_file")
    @classmethod
    def _vouching(cls, path: Path | None) -> Path | None:
        if path is not None:
            trusting(path)
        return path

    @field_validator("kafka_key_file")
    @classmethod
    def _of_the_certificate(cls, path: Path | None, said: ValidationInfo) -> Path | None:
        certificate = said.data.get("kafka_cert_file")
        if path is None and certificate is not None:
            raise PydanticCustomError("missing", "a certificate needs its key")
        if path is not None and certificate is None and "kafka_cert_file" in said.data:
            raise ValueError("KAFKA_CERT_FILE is not set")
        if path is not None and certificate is not None:
            show(trusting(None), certificate, path)
        return path

    @field_validator("kafka_sasl_mechanism")
    @classmethod
    def _not_in_the_clear(cls, mechanism: Mechanism, said: ValidationInfo) -> Mechanism:
        if mechanism == "PLAIN" and said.data.get(_PROTOCOL) == "SASL_PLAINTEXT":
            raise ValueError("PLAIN would send the password as it is over a wire that anybody can read")
        return mechanism

    @field_validator("kafka_sasl_username", "kafka_sasl_password_file")
    @classmethod
    def _for_a_login(cls, value: str | Path | None, said: ValidationInfo) -> str | Path | None:
        protocol = said.data.get(_PROTOCOL)
        if protocol is None:  # that is said already
            return value
        if value is None and asks_for_login(protocol):
            raise PydanticCustomError("missing", "a login needs it")
        if value is not None and not asks_for_login(protocol):
            raise ValueError(f"KAFKA_SECURITY_PROTOCOL={protocol} does not use it")
        return value

    @field_validator("kafka_sasl_password_file")
    @classmethod
    def _readable(cls, path: Path | None) -> Path | None:
        if path is not None:
            password_in(path)
        return path
