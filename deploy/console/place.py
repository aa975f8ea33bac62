"""Where the local system lives: folders under ``var/``, loopback ports, what a running one wrote down."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from deploy.console.secret_files import write_private
from deploy.console.trouble import Trouble

SERVICES = ("incidents", "appeals", "notifications")
ROOT = Path(__file__).parents[2]  # the source tree: processes run here, so that ``services`` is importable
HOST = "127.0.0.1"
PUBLISHED = {"incidents": 8001, "appeals": 8002, "notifications": 8003, "mailpit": 8025, "kafka": 19092}
"""The ports of the containers on the loopback, as docker-compose.yml has them."""


@dataclass(frozen=True)
class Ports:
    """Every port of the local system, all on the loopback (defaults: contract §1)."""

    incidents: int = 8001
    appeals: int = 8002
    notifications: int = 8003
    incidents_worker: int = 8011
    appeals_worker: int = 8012
    notifications_worker: int = 8013
    smtp: int = 1025
    kafka: int = 19092
    kafka_controller: int = 19093

    def shifted(self, by: int) -> Ports:
        """The same ports, all moved: a second system on one machine."""
        return Ports(**{name: port + by for name, port in asdict(self).items()})

    def named(self, *, kafka: bool) -> dict[str, int]:
        """The ports that this kind of run opens."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if kafka or not field.name.startswith("kafka")
        }


@dataclass(frozen=True)
class Between:
    """Where services reach what they use, when something stands in between; None: nothing does."""

    postgres: str | None = None  # folder of the socket of a connection pooler
    kafka: str | None = None  # host:port of a tunnel or proxy; the broker tells it to its clients
    smtp: str | None = None  # smtp://… of another mail server than the local mailbox

    @classmethod
    def told_by(cls, environment: Mapping[str, str]) -> Between:
        """As an operator says it."""
        names = ("STAIRS_POSTGRES_SOCKET", "STAIRS_KAFKA_ADVERTISED", "STAIRS_SMTP_URL")
        return cls(*(environment.get(name) or None for name in names))


NOTHING_BETWEEN = Between()


@dataclass(frozen=True)
class Place:
    """The folder that holds all state of one local system."""

    var: Path

    @classmethod
    def at(cls, var: Path) -> Place:
        """The place with its folders made; keys are readable by their owner only."""
        place = cls(var.expanduser().resolve())
        try:
            for folder in (place.var, place.log, place.mail, place.run, place.keys, place.tokens):
                folder.mkdir(parents=True, exist_ok=True)
            place.keys.chmod(0o700)
            place.tokens.chmod(0o700)
        except OSError as error:
            raise Trouble(f"cannot use {place.var}: {error.strerror}") from error
        return place

    @property
    def log(self) -> Path:
        """One log per process."""
        return self.var / "log"

    @property
    def mail(self) -> Path:
        """The local mailbox: one file per Message-ID."""
        return self.var / "mail"

    @property
    def run(self) -> Path:
        """What belongs to the present run only."""
        return self.var / "run"

    @property
    def keys(self) -> Path:
        """Signing key, key-encryption key, reference key, database passwords: made once, never printed."""
        return self.var / "keys"

    @property
    def tokens(self) -> Path:
        """A ready-made bearer token per role."""
        return self.run / "tokens"

    @property
    def postgres(self) -> Path:
        """The data directory of the embedded server."""
        return self.var / "postgres"

    @property
    def kafka(self) -> Path:
        """The broker's log directory."""
        return self.var / "kafka"

    @property
    def clock(self) -> Path:
        """By how many seconds the sandbox's clock is ahead."""
        return self.run / "clock"

    @property
    def notes(self) -> Path:
        """What a running system wrote down for other commands: addresses, database, broker."""
        return self.run / "stairs.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold this place; a lock of the kernel, so that a killed process leaves nothing stale behind.

        :raises Trouble: another ``stairs run`` holds it.
        """
        with (self.run / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise Trouble(
                    f"{self.var} is in use by another `stairs run` (process {lock.read().strip() or '?'}); "
                    "stop it, or choose another --dir"
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield


@dataclass(frozen=True)
class Notes:
    """What a running system wrote down under ``run/stairs.json``."""

    urls: dict[str, str]  # service → http://…
    ports: dict[str, int]
    kafka: str | None  # bootstrap address
    socket: str  # folder of PostgreSQL's socket
    separate_relays: bool
    pid: int
    smtp: str | None = None  # where mails go, if not to the local mailbox
    seconds_to_ready: float | None = None

    def write(self, place: Place) -> None:
        """Leave them for other commands."""
        write_private(place.notes, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, place: Place) -> Notes:
        """What the running system says.

        :raises Trouble: none runs in this place.
        """
        try:
            return cls(**json.loads(place.notes.read_text()))
        except (FileNotFoundError, ValueError, TypeError) as error:
            raise Trouble(f"no running system in {place.var}: start one with `stairs run`") from error


def in_containers(offset: int = 0) -> Notes:
    """What docker-compose.yml publishes, with every port moved by an offset."""
    opened = {name: port + offset for name, port in PUBLISHED.items()}
    return Notes(
        urls={name: f"http://{HOST}:{port}" for name, port in opened.items() if name != "kafka"},
        ports=opened,
        kafka=f"{HOST}:{opened['kafka']}",
        socket="",
        separate_relays=False,
        pid=0,
    )
