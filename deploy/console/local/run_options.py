"""What kind of run `stairs run` is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.console.folders import StateFolder
from deploy.console.ports import Ports


@dataclass(frozen=True)
class AddressOverrides:
    """Addresses of a pooler, tunnel or mail server that services use instead of the local ones."""

    postgres: str | None = None  # folder of the socket of a connection pooler
    kafka: str | None = None  # host:port of a tunnel or proxy; the broker tells it to its clients
    smtp: str | None = None  # smtp://… of another mail server than the local mailbox

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> AddressOverrides:
        """From the variables that an operator set; an empty one is none."""
        names = ("STAIRS_POSTGRES_SOCKET", "STAIRS_KAFKA_ADVERTISED", "STAIRS_SMTP_URL")
        return cls(*(environment.get(name) or None for name in names))


NO_OVERRIDES = AddressOverrides()


@dataclass(frozen=True)
class RunOptions:
    """What kind of run is asked for."""

    state: StateFolder
    ports: Ports
    kafka: bool = False
    separate_relays: bool = False
    overrides: AddressOverrides = NO_OVERRIDES
