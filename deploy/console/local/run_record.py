"""What a running system writes down for other commands: addresses, database, broker."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import write_private
from deploy.console.ports import HOST, PUBLISHED, SERVICES, Ports


@dataclass(frozen=True)
class RunRecord:
    """What a running system wrote down under ``run/stairs.json``."""

    urls: dict[str, str]  # service → http://…
    ports: dict[str, int]
    kafka: str | None  # bootstrap address
    socket: str  # folder of PostgreSQL's socket
    separate_relays: bool
    pid: int
    smtp: str | None = None  # where mails go, if not to the local mailbox
    seconds_to_ready: float | None = None

    def write(self, state: StateFolder) -> None:
        """Leave them for other commands."""
        write_private(state.run_record, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, state: StateFolder) -> RunRecord:
        """What the running system says.

        :raises CommandError: none runs in this folder.
        """
        try:
            return cls(**json.loads(state.run_record.read_text()))
        except (FileNotFoundError, ValueError, TypeError) as error:
            raise CommandError(f"no running system in {state.var}: start one with `stairs run`") from error


def in_containers(offset: int = 0) -> RunRecord:
    """What docker-compose.yml publishes, with every port moved by an offset."""
    opened = {name: port + offset for name, port in PUBLISHED.items()}
    return RunRecord(
        urls={name: f"http://{HOST}:{port}" for name, port in opened.items() if name != "kafka"},
        ports=opened,
        kafka=f"{HOST}:{opened['kafka']}",
        socket="",
        separate_relays=False,
        pid=0,
    )


def record_for(ports: Ports, socket: str, *, kafka: bool = False, separate_relays: bool = False) -> RunRecord:
    """What processes and other commands are told about a system with these ports."""
    opened = ports.named(kafka=kafka)
    return RunRecord(
        urls={name: f"http://{HOST}:{opened[name]}" for name in SERVICES},
        ports=opened,
        kafka=f"{HOST}:{ports.kafka}" if kafka else None,
        socket=socket,
        separate_relays=separate_relays,
        pid=os.getpid(),
    )
