"""PostgreSQL for tests: one server per session, a new empty database for whoever asks."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from deploy.console.postgres import embedded_server
from tests.support.requirements import allowed, docker_reason, unavailable

_counter = itertools.count(1)


def _from_container() -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer

    with PostgresContainer("postgres:18", driver=None) as server:
        yield server.get_connection_url()


def _embedded() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="stairs-pg-") as folder:
        server = embedded_server(Path(folder) / "data")
        server.start()
        yield server.get_uri()
        server.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server on which databases may be made."""
    reasons: list[str] = []
    given = os.environ.get("TEST_POSTGRES_URL")
    if given and allowed("env"):
        yield given
        return
    reasons.append("TEST_POSTGRES_URL is not set")
    if allowed("containers"):
        reason = docker_reason()
        if reason is None:
            yield from _from_container()
            return
        reasons.append(reason)
    if allowed("local"):
        yield from _embedded()
        return
    unavailable("postgres", reasons)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc or "", f"/{name}", parts.query, ""))


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
