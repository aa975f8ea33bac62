"""A-55, contract §2: an SSID is nowhere but in ciphertext, and in the one answer that is meant to show it."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import chain
from pathlib import Path

import psycopg
import pytest

from deploy.console.keys.secret_files import owner_of
from deploy.console.local.postgres import database_url
from tests.support.canaries.flows import Flows
from tests.support.canaries.numbers import DISGUISES, Kind
from tests.support.canaries.places import Searched, everywhere, files, rows
from tests.support.eventually import eventually
from tests.support.system.listing import all_of
from tests.support.system.system import RunningSystem
from tests.support.terminal import report

pytestmark = pytest.mark.timeout(600)

SORTS = {"answer", "table", "postgres", "log", "audit", "mail", "mail read", "feed", "figures", "backup"}


@pytest.fixture(scope="module")
def played(system: RunningSystem) -> Flows:
    """Every flow, until its last mail has left."""
    flows = Flows(system).play()
    asyncio.run(eventually(partial(nothing_is_under_way, system), within=120, every=0.5))
    return flows


async def nothing_is_under_way(system: RunningSystem) -> bool:
    """Whose token has no usable address is given up at once; everybody else is mailed."""
    listed = await asyncio.to_thread(all_of, system, "notifications", "/v1/notifications")
    assert {message["status"] for message in listed} <= {"delivered", "technical_failure"}
    return True


def test_every_canary_in_a_wrong_place_is_refused(played: Flows) -> None:
    assert played.taken == []


def test_no_canary_is_outside_ciphertext(played: Flows, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    found = Searched().look(played.answers).look(everywhere(played.system, tmp_path, played.began))
    report(pytestconfig, f"{len(played.canaries.placed)} canaries, {found}")
    assert found.hits == []
    assert found.places.keys() >= SORTS | ({"topic", "kafka"} if played.system.notes.kafka else set())
    assert found.apart, "what A-55 lets pass is found, so that others would be"


def test_a_planted_canary_is_found(played: Flows) -> None:
    """The test of the test: in a table, in the server's files and in a log."""
    system = played.system
    planted = DISGUISES["dashes"](played.canaries.new("planted"))
    address = database_url(system.place, "incidents", system.notes.socket, role=owner_of("incidents"))
    log = system.place.log / "planted.log"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE planted (content bytea)")
        try:
            connection.execute("INSERT INTO planted VALUES (%s)", [planted.encode("utf-16-le")])
            log.write_text(f"A line about {planted}\n", "utf-8")
            found = Searched().look(chain(rows(system), files(system.place.var, played.began)))
        finally:
            connection.execute("DROP TABLE planted")
            log.unlink()
    sorts = {hit.partition(":")[0] for hit in found.hits if Kind.STUDENT.name in hit}
    assert sorts >= {"table", "postgres", "log"}
