"""A whole system whose wires to PostgreSQL, Kafka, the mail server and the clients can be disturbed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.console.local.postgres_process import postmaster
from deploy.console.ports import HOST, SERVICES, Ports
from deploy.kafka.broker import Broker
from deploy.processes import command_of
from tests.support.faults.fault_proxy import FaultProxy, proxies
from tests.support.servers.ports import free_port
from tests.support.system.killing import pids
from tests.support.system.mailroom import Mailroom
from tests.support.system.system import RunningSystem, free_offset, require_kafka, short_folder, started


@dataclass(frozen=True)
class Wired:
    """The system, a proxy on each of its wires, and a hand on each of its processes."""

    system: RunningSystem
    postgres: FaultProxy
    kafka: FaultProxy
    smtp: FaultProxy
    api: FaultProxy  # between the clients and the incidents API
    mailroom: Mailroom

    @property
    def door(self) -> str:
        """Where clients find the incidents API."""
        assert not isinstance(self.api.at, Path)
        return f"http://{self.api.at[0]}:{self.api.at[1]}"

    @property
    def wires(self) -> tuple[FaultProxy, ...]:
        return (self.postgres, self.kafka, self.smtp, self.api)

    @property
    def broker(self) -> Broker | None:
        ports = self.system.notes.ports
        if "kafka" not in ports:
            return None
        return Broker(
            self.system.place.kafka,
            ports["kafka"],
            ports["kafka_controller"],
            advertised=self.system.notes.kafka,
        )

    def heal(self) -> None:
        for wire in self.wires:
            wire.heal()

    @property
    def broker_pid(self) -> int | None:
        return self.broker.pid() if self.broker else None

    def pids_of(self, *names: str) -> list[int]:
        """Of kept processes, of ``postgres`` (all of them) and of ``kafka``."""
        kept = pids(self.system.place)
        found: list[int] = []
        for name in names:
            if name == "postgres":
                found += processes_in(self.system.place.postgres)
            elif name == "kafka":
                found += [pid for pid in (self.broker_pid,) if pid is not None]
            elif name in kept:
                found.append(kept[name])
        return found

    def kill(self, name: str) -> bool:
        """SIGKILL; of PostgreSQL its postmaster. Whether there was anybody to be killed."""
        place = self.system.place
        victims = [postmaster(place.postgres)] if name == "postgres" else self.pids_of(name)
        for victim in victims:
            if victim is not None:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    return True
        return False

    def not_ready(self) -> list[str]:
        """Which of the six doors does not say that it is ready."""
        ports = self.system.notes.ports
        doors = [(f"{name}{kind}", ports[f"{name}{kind}"]) for name in SERVICES for kind in ("", "_worker")]
        return [name for name, port in doors if not _says_ready(port)]


def _says_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/readyz", timeout=10).is_success
    except httpx.TransportError:
        return False


def processes_in(folder: Path) -> list[int]:
    """PostgreSQL's processes over a data directory: they all work in it."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink() == folder and "postgres" in command_of(int(link.parent.name)):
                found.append(int(link.parent.name))
    return found


@contextmanager
def wired(transport: str) -> Iterator[Wired]:
    """Run it for as long as the block: ``feeds`` or ``kafka`` (then with relays of their own)."""
    if transport == "kafka":
        require_kafka()
    with short_folder() as folder, proxies() as opened:
        offset = free_offset()
        ports = Ports().shifted(offset)
        var, before = folder / "var", folder / "wire"
        before.mkdir()
        postgres = opened.open(before / ".s.PGSQL.5432", var / "postgres" / ".s.PGSQL.5432")
        kafka, smtp, api = (
            opened.open((HOST, free_port()), (HOST, port))
            for port in (ports.kafka, ports.smtp, ports.incidents)
        )
        told = {
            "STAIRS_POSTGRES_SOCKET": str(before),
            "STAIRS_KAFKA_ADVERTISED": _text(kafka),
            "STAIRS_SMTP_URL": f"smtp://{_text(smtp)}",
        }
        options = ("--kafka", "--separate-relays") if transport == "kafka" else ()
        with started(var, *options, offset=offset, told=told) as system:
            yield Wired(system, postgres, kafka, smtp, api, Mailroom(system.place.mail))


def _text(proxy: FaultProxy) -> str:
    assert not isinstance(proxy.at, Path)
    return f"{proxy.at[0]}:{proxy.at[1]}"
