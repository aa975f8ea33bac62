"""`deploy/postgres/roles.sql` on the embedded server: an empty one, and data of which one role was both."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import owner_of
from deploy.console.local.postgres import Postgres, database_url, postgres
from deploy.console.ports import SERVICES
from tests.support.system.system import short_folder


@pytest.fixture
def place() -> Iterator[StateFolder]:
    with short_folder() as folder:
        yield StateFolder.at(folder / "var")


def done(place: StateFolder, server: Postgres, service: str, role: str, statement: str) -> object:
    with psycopg.connect(
        database_url(place, service, server.socket, role=role), autocommit=True
    ) as connection:
        found = connection.execute(statement.encode())
        return found.fetchone() if found.description else None


def test_a_service_owns_nothing_and_what_it_owned_changes_hands(place: StateFolder) -> None:
    with postgres(place) as server:
        for service in SERVICES:
            for forbidden in ("CREATE TABLE mine (id int)", "CREATE TEMPORARY TABLE mine (id int)"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    done(place, server, service, service, forbidden)
            with pytest.raises(psycopg.OperationalError):
                done(place, server, next(each for each in SERVICES if each != service), service, "SELECT 1")
        # as a version in which one role was both would have left it
        with psycopg.connect(server.server.get_uri(), autocommit=True) as admin:
            admin.execute("ALTER DATABASE appeals OWNER TO appeals")
        done(place, server, "appeals", "appeals", "CREATE TABLE mine (id int)")
        done(place, server, "appeals", "appeals", "INSERT INTO mine VALUES (7)")
    with postgres(place) as server:
        assert done(place, server, "appeals", owner_of("appeals"), "SELECT id FROM mine") == (7,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            done(place, server, "appeals", "appeals", "DROP TABLE mine")
