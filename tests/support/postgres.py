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

from deploy.console.local.postgres import embedded_server
from tests.support.containers import image_of, postgres_in_container, reason_against
from tests.support.requirements import allowed, unavailable
from tests.support.ways import came

_counter = itertools.count(1)


@contextmanager
def _embedded() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="stairs-pg-") as folder:
        server = embedded_server(Path(folder) / "data")
        server.start()
        try:
            yield server.get_uri()
        finally:
            server.stop()


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
        with _embedded() as url:
            yield url
        return
    if allowed("containers"):
        image = image_of("postgres")
        reason = reason_against(image)
        if reason is None:
            came("postgres_server", f"container {image}")
            with postgres_in_container() as url:
                yield url
            return
        reasons.append(reason)
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
