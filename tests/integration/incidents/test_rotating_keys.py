"""A new key-encryption key while the service runs: the verbs as processes, killed, refused and audited."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.console.folders import ROOT
from deploy.console.local.programs import plain_environment
from services.incidents.bootstrap import INCIDENTS
from services.incidents.providers.key_rotation import retire, rotate
from services.incidents.providers.keyring import Keyring, epoch_of, read_keyring
from shared.kernel.key_epochs import keys_by_epoch, line_of
from shared.persistence.migrations import migrate
from shared.persistence.privileges import Privileges
from tests.support.http.tokens import LEA_COORDINATOR, auth_environment, bearer
from tests.support.incidents.bodies import FIRST, SECOND, THIRD, cheating
from tests.support.incidents.service import Running, drafted, running, submitted
from tests.support.servers.two_roles import TwoRoles, two_roles

pytestmark = pytest.mark.timeout(600)

MINE = bearer(LEA_COORDINATOR)
MANY = 40_000


@pytest.fixture
def database(postgres_server: str) -> Iterator[TwoRoles]:
    with two_roles(postgres_server) as made:
        migrate(made.owner, INCIDENTS.package, Privileges(made.role, INCIDENTS.table, INCIDENTS.guarded))
        yield made


@pytest.fixture
async def service(database: TwoRoles, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(database.service, tmp_path, migrated=True) as service:
        yield service


@pytest.fixture
def settings(service: Running, database: TwoRoles) -> dict[str, str]:
    """What a verb of the owner's is told."""
    return {
        **plain_environment(),
        **auth_environment(),
        "INCIDENTS_DATABASE_URL": database.service,
        "INCIDENTS_OWNER_DATABASE_URL": database.owner,
        "INCIDENTS_KEK_FILE": str(service.settings.kek_file),
        "INCIDENTS_REF_KEY_FILE": str(service.settings.ref_key_file),
        "INCIDENTS_API_SECRET_FILE": str(service.settings.api_secret_file),
    }


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "services.incidents", "keys", *words]


def keys(settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), cwd=ROOT, env=settings, capture_output=True, text=True, timeout=200, check=False
    )


def answers(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def audited(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (line,) = [line for line in done.stderr.splitlines() if '"stream":"audit"' in line]
    found: dict[str, Any] = json.loads(line)
    return found


def add_epoch(file: Path, epoch: int) -> None:
    """As an operator with no console does."""
    with file.open("a") as opened:
        opened.write("\n" + line_of(epoch, os.urandom(32)) + "\n")


def drop_epoch(file: Path, epoch: int) -> None:
    held = keys_by_epoch(file.read_text())
    file.write_text("".join(line_of(*each) + "\n" for each in held.items() if each[0] != epoch))


async def numbers(service: Running, url: str) -> list[str]:
    answer = await service.http.get(f"{url}/students", headers=MINE)
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["ssids"]
    return found


def by_epoch(database: TwoRoles) -> dict[int | None, int]:
    found = [epoch_of(wrapped) for (wrapped,) in database.as_owner("SELECT wrapped_key FROM student_keys")]
    return {epoch: found.count(epoch) for epoch in set(found)}


async def test_a_running_service_goes_on_with_a_new_key_and_without_the_old_one(
    service: Running, database: TwoRoles, settings: dict[str, str]
) -> None:
    file = service.settings.kek_file
    url = await submitted(service, cheating())
    add_epoch(file, 2)
    await drafted(service, cheating(ssids=[THIRD]))  # before any key is moved: the file alone tells it
    assert by_epoch(database) == {1: 2, 2: 1}
    done = await asyncio.to_thread(keys, settings, "rotate", "--json")
    assert done.returncode == 0, done.stderr
    assert answers(done)[-1].items() >= {"epoch": 2, "moved": 2, "unopened": 0, "removed": 0}.items()
    act = audited(done)
    assert act.items() >= {"act": "keys_rotated", "epoch": 2, "moved": 2, "verdict": "done"}.items()
    assert act["who"]
    assert await numbers(service, url) == [FIRST, SECOND]
    retired = await asyncio.to_thread(keys, settings, "retire", "1", "--json")
    assert (retired.returncode, answers(retired)) == (0, [{"retired": 1}])
    drop_epoch(file, 1)
    assert await numbers(service, url) == [FIRST, SECOND]
    again = await submitted(service, cheating())
    assert await numbers(service, again) == [FIRST, SECOND]
    assert by_epoch(database) == {2: 3}
    shown = await asyncio.to_thread(keys, settings, "show", "--json")
    assert answers(shown) == [
        {"epoch": 1, "keys": 0, "in_file": False, "retired": True},
        {"epoch": 2, "keys": 3, "in_file": True, "retired": False},
    ]


async def test_with_the_old_key_alone_nothing_is_read_and_nobody_files(
    service: Running, database: TwoRoles
) -> None:
    file = service.settings.kek_file
    old, url = file.read_text(), await submitted(service, cheating())
    add_epoch(file, 2)
    await rotate(database.owner, read_keyring(file), lambda *_: None)
    await retire(database.owner, read_keyring(file), 1, "ops")
    file.write_text(old)  # as a host on which nobody put the new file
    assert await numbers(service, url) == []
    for ssids in ([FIRST], [THIRD]):
        answer = await service.http.post("/v1/incidents", json=cheating(ssids=ssids), headers=MINE)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert by_epoch(database) == {2: 2}


async def test_another_key_is_named_and_the_keys_are_as_they_were(
    service: Running, database: TwoRoles, settings: dict[str, str], tmp_path: Path
) -> None:
    url = await submitted(service, cheating())
    wrong = tmp_path / "wrong"
    wrong.write_text(base64.b64encode(os.urandom(32)).decode())
    add_epoch(wrong, 2)
    before = database.as_owner("SELECT * FROM student_keys ORDER BY 1")
    refused = await asyncio.to_thread(keys, settings | {"INCIDENTS_KEK_FILE": str(wrong)}, "rotate")
    assert refused.returncode == 1
    assert "the key of epoch 1 in INCIDENTS_KEK_FILE is another than the one under which 2" in refused.stderr
    assert wrong.read_text().splitlines()[0] not in refused.stderr + refused.stdout
    assert database.as_owner("SELECT * FROM student_keys ORDER BY 1") == before
    assert await numbers(service, url) == [FIRST, SECOND]


async def test_a_rotation_that_is_killed_is_repeated_while_the_service_goes_on(
    service: Running, database: TwoRoles, settings: dict[str, str]
) -> None:
    file = service.settings.kek_file
    url = await submitted(service, cheating())
    fill(database, Keyring(keys_by_epoch(file.read_text())))
    add_epoch(file, 2)
    await asyncio.to_thread(killed_on_its_way, settings)
    found = by_epoch(database)
    assert set(found) == {1, 2}
    assert found[1] + found[2] == MANY + 2
    assert await numbers(service, url) == [FIRST, SECOND]
    refused = await asyncio.to_thread(keys, settings, "retire", "1")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"{found[1]} keys of students are still wrapped under epoch 1: rotate first" in refused.stderr
    assert audited(refused).items() >= {"act": "key_epoch_retired", "epoch": 1, "verdict": "failed"}.items()
    done = await asyncio.to_thread(keys, settings, "rotate", "--json")
    assert done.returncode == 0, done.stderr
    last = answers(done)[-1]
    assert last["moved"] == found[1]
    assert last["keys_per_cpu_second"] > 0
    assert by_epoch(database) == {2: MANY + 2}
    assert await numbers(service, url) == [FIRST, SECOND]


async def test_the_role_of_the_service_moves_no_key(service: Running, settings: dict[str, str]) -> None:
    await submitted(service, cheating())
    add_epoch(service.settings.kek_file, 2)
    del settings["INCIDENTS_OWNER_DATABASE_URL"]
    refused = await asyncio.to_thread(keys, settings, "rotate")
    assert refused.returncode == 78
    assert "INCIDENTS_OWNER_DATABASE_URL is missing or names a role that does not own the tables" in (
        refused.stderr
    )


def fill(database: TwoRoles, ring: Keyring) -> None:
    """Many students of before, as the first epoch has them."""
    into = "COPY student_keys (student_ref, wrapped_key, named) FROM STDIN"
    with psycopg.connect(database.owner) as connection, connection.cursor().copy(into) as copy:
        for number in range(MANY):
            ref = f"stu_{number:026d}"
            copy.write_row((ref, ring.wrap(ref, os.urandom(32)), True))


def killed_on_its_way(settings: dict[str, str]) -> None:
    """Killed as soon as it tells that it has moved some, by the system: it cannot tidy up."""
    with subprocess.Popen(
        command("rotate", "--json"),
        cwd=ROOT,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        for line in process.stdout or ():
            if json.loads(line).get("done"):
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
