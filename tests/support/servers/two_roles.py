"""A database with two roles, the owner's and the service's, as ``deploy/postgres/roles.sql`` makes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.support.servers.postgres import new_database, with_database

PASSWORD = "of-a-test"


@dataclass(frozen=True)
class TwoRoles:
    """The addresses of one database."""

    admin: str  # the server's owner, whom no policy holds
    owner: str
    service: str
    role: str  # the name of the service's

    def as_admin(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return _done(self.admin, statement, values)

    def as_owner(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return _done(self.owner, statement, values)

    def as_service(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return _done(self.service, statement, values)


@contextmanager
def two_roles(server: str) -> Iterator[TwoRoles]:
    """A new, empty database with two new roles; all three are gone afterwards."""
    with new_database(server) as admin:
        role = urlsplit(admin).path.lstrip("/")
        owner = f"{role}_owner"
        found = TwoRoles(admin, _by(admin, owner), _by(admin, role), role)
        for name in (role, owner):
            found.as_admin(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        found.as_admin(f"ALTER DATABASE {role} OWNER TO {owner}")
        found.as_admin(f"REVOKE ALL ON DATABASE {role} FROM PUBLIC")
        found.as_admin(f"GRANT CONNECT ON DATABASE {role} TO {role}")
        yield found
    with psycopg.connect(with_database(server, "postgres"), autocommit=True) as connection:
        for name in (role, owner):
            connection.execute(f"DROP ROLE {name}".encode())


def _by(url: str, role: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{role}:{PASSWORD}@{place}", parts.path, parts.query, ""))


def _done(url: str, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        done = connection.execute(statement.encode(), values or None)
        return done.fetchall() if done.description else []
