"""PostgreSQL for tests: one server per run, a new empty database for whoever asks."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from deploy.console.local.postgres import embedded_server
from shared.persistence import migrations
from tests.support.servers.containers import image_of, postgres_in_container, reason_against
from tests.support.servers.requirements import allowed, unavailable
from tests.support.servers.shared_servers import address_of, is_ours
from tests.support.servers.ways import came

_counter = itertools.count(1)


# Tests end processes, never the machine: what a server has written is there although nothing is flushed.
SETTINGS = """
fsync = off
full_page_writes = off
shared_buffers = 64MB
max_connections = 300
"""


def _embedded(folder: Path) -> str:
    data = folder / "data"
    server = embedded_server(data)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(SETTINGS)
    server.start()
    return server.get_uri()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server on which databases may be made."""
    reasons: list[str] = []
    given = os.environ.get("TEST_POSTGRES_URL")
    if given and allowed("env"):
        came("postgres_server", "TEST_POSTGRES_URL")
        yield given
        return
    reasons.append("TEST_POSTGRES_URL is not set")
    if allowed("local"):
        came("postgres_server", "the PostgreSQL of the wheel")
        yield address_of("postgres", _embedded)
        return
    if allowed("containers"):
        image = image_of("postgres")
        reason = reason_against(image)
        if reason is None:
            came("postgres_server", f"container {image}")
            yield address_of("postgres", postgres_in_container)
            return
        reasons.append(reason)
    unavailable("postgres", reasons)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc or "", f"/{name}", parts.query, ""))


def migrate(url: str, package: str) -> None:
    """Give an empty database the newest schema of a service: a copy of one that this run has migrated.

    On a server that was given to us no copy is kept: there it is migrated.
    """
    if not is_ours("postgres"):
        migrations.migrate(url, package)
        return
    name = urlsplit(url).path.lstrip("/")
    server = with_database(url, "postgres")
    migrated = address_of(f"migrated-{package}", lambda _: _migrated(server, package))
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}"'.encode())
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated}"'.encode())


def _migrated(server: str, package: str) -> str:
    name = f"migrated_{package}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    migrations.migrate(with_database(server, name), package)
    return name


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of a new, empty database on a server, dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_counter)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    yield with_database(server, name)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def database(postgres_server: str) -> Iterator[str]:
    """The URL of a new, empty database, dropped afterwards."""
    with new_database(postgres_server) as url:
        yield url
