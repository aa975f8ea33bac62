"""What a run of the bench stands on: one embedded PostgreSQL, a migrated service, keys and a token."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from os import environ
from pathlib import Path

import psycopg

from deploy.console.keys.secret_files import secret_key
from deploy.console.local.postgres import embedded_server
from tests.support.http.tokens import LEA_COORDINATOR, auth_environment, token
from tests.support.servers.ports import free_port
from tests.support.servers.postgres import with_database

RAISED = {
    "SHARE_REQUESTS_PER_CALLER": "1000000000",
    "SHARE_REQUESTS_PER_LEA": "1000000000",
    "SHARE_BYTES_PER_CALLER": "1000000000000",
    "SHARE_BYTES_PER_LEA": "1000000000000",
    "SHARE_BODIES_PER_CALLER": "10000",
    "SHARE_BODIES_PER_LEA": "10000",
    "SHARE_AT_WORK_PER_CALLER": "10000",
    "SHARE_MAILS_PER_CALLER": "1000000000",
    "SHARE_MAILS_PER_LEA": "1000000000",
    "SHARE_DRAFTS_PER_CALLER": "1000000000",
    "SHARE_DRAFTS_PER_LEA": "1000000000",
}
"""What the bench raises, for ours and for its rivals: one token files more in a minute than a state."""


@dataclass
class Surroundings:
    """The server, a folder for logs and keys, and databases on demand."""

    server: str
    folder: Path
    incidents: str = ""
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def token(self) -> str:
        """A coordinator's, for as long as the bench takes."""
        return token(LEA_COORDINATOR, 6 * 3600)

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"bench_{next(self._numbers)}"
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
        return with_database(self.server, name)

    def environment(self, *, incidents_port: int) -> dict[str, str]:
        """What the incidents service and its rivals are told."""
        return {
            "INCIDENTS_DATABASE_URL": self.incidents,
            "INCIDENTS_PORT": str(incidents_port),
            "INCIDENTS_KEK_FILE": str(secret_key(self.folder / "kek")),
            "INCIDENTS_REF_KEY_FILE": str(secret_key(self.folder / "ref")),
            "INCIDENTS_API_SECRET_FILE": str(secret_key(self.folder / "api")),
            **auth_environment(),
            **RAISED,
        }

    def migrate(self) -> None:
        """Give the incidents service its database."""
        self.incidents = self.new_database()
        self.done_by_hand("migrate")

    def done_by_hand(self, verb: str) -> None:
        """Have the incidents service do what an operator does; its log is kept in a file."""
        told = {**environ, **self.environment(incidents_port=free_port())}
        with (self.folder / f"{verb}.log").open("wb") as log:
            subprocess.run(
                [sys.executable, "-m", "services.incidents", verb],
                env=told, stdout=log, stderr=log, check=True,
            )  # fmt: skip


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """For the length of a run; everything is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="stairs-bench-") as folder:
        data = Path(folder) / "postgres"
        server = embedded_server(data)
        server.start()
        try:
            yield Surroundings(server.get_uri(), Path(folder))
        finally:
            server.stop()
