"""What an administrator gets wrong ends, or stays unready, with one line that says what it is."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from deploy.console.ports import HOST, PUBLISHED
from deploy.engine.reach import Engine
from tests.support.eventually import eventually
from tests.support.system.compose import Stack, free_offset

pytestmark = pytest.mark.timeout(1200)

WRONG_SETTINGS = 78

READ_ONLY = 'volumes: !override ["postgres:/var/lib/postgresql:ro"], restart: "no"'


@pytest.fixture
def broken(stack: Stack, engine: Engine) -> Iterator[Stack]:
    """Another project beside the system, with the same secrets; its containers are removed."""
    other = Stack(engine, stack.place, f"stairs-broken-{os.getpid()}", free_offset())
    yield other
    other.broken = {}
    other.settings = {}
    other.compose("down", "--volumes", "--timeout", "1", check=False)


def test_secrets_that_nobody_made_are_named_with_the_command_that_makes_them(broken: Stack) -> None:
    broken.settings = {"STAIRS_SECRETS": ""}
    done = broken.composed("up", "--detach", "--no-build")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "STAIRS_SECRETS" in last
    assert "make the secret files with: make secrets" in last


def test_a_port_that_is_taken_is_named(broken: Stack) -> None:
    port = PUBLISHED["mailpit"] + broken.offset
    with socket.create_server((HOST, port)):
        done = broken.composed("up", "--detach", "--no-build", "--pull", "never", "mailpit")
    assert done.returncode != 0
    assert str(port) in done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("service", ["incidents", "appeals", "notifications"])
def test_a_database_url_that_is_missing_is_named(service: str, broken: Stack, built: str) -> None:
    broken.broken = {f"{service}-api": "secrets: !override [jwks]"}
    code, said = broken.once(f"{service}-api")
    line = f"{service.upper()}_DATABASE_URL is not set: give the PostgreSQL database of this service"
    assert any(each.startswith(line) for each in said.splitlines()), said
    assert code == WRONG_SETTINGS


def test_a_wrong_password_is_named_and_not_repeated(broken: Stack, built: str) -> None:
    broken.compose("up", "--detach", "--no-build", "--pull", "never", "--wait", "postgres")
    wrong = "APPEALS_DATABASE_URL=postgresql://appeals:mistyped@postgres:5432/appeals"
    for container in ("appeals-migrate", "appeals-api", "appeals-worker"):
        code, said = broken.once(container, "--env", wrong)
        (line,) = [each for each in said.splitlines() if "APPEALS_DATABASE_URL" in each]
        assert line.startswith(
            "APPEALS_DATABASE_URL is refused by the server (password authentication failed"
        )
        assert "mistyped" not in said
        assert code == WRONG_SETTINGS


@pytest.mark.parametrize("role", ["api", "worker"])
def test_tables_that_nobody_made_are_named_with_the_command_that_makes_them(
    role: str, broken: Stack, built: str
) -> None:
    broken.compose("up", "--detach", "--no-build", "--pull", "never", "--wait", "postgres")
    code, said = broken.once(f"incidents-{role}")
    line = "INCIDENTS_DATABASE_URL names a database with no tables of ours: run python -m services.incidents"
    assert f"{line} migrate" in said.splitlines(), said
    assert code == WRONG_SETTINGS


async def test_a_worker_without_a_broker_stays_unready_and_says_why(broken: Stack, built: str) -> None:
    broken.compose("up", "--detach", "--no-build", "--pull", "never", "--wait", "postgres")
    assert broken.once("appeals-migrate")[0] == 0
    broken.compose("up", "--detach", "--no-build", "--pull", "never", "--no-deps", "appeals-worker")

    async def says_why() -> bool:
        done = await asyncio.to_thread(broken.run, "appeals-worker", "stairs", "health")
        assert done.returncode == 1
        assert "KAFKA_BOOTSTRAP_SERVERS" in done.stdout, done.stdout
        return True

    await eventually(says_why, within=60)
    assert broken.inspect("appeals-worker")["RestartCount"] == 0


def test_a_broker_that_is_not_there_ends_the_making_of_topics(broken: Stack, built: str) -> None:
    code, said = broken.once("topics")
    (line,) = [each for each in said.splitlines() if each.startswith("kafka:")]
    assert "KAFKA_BOOTSTRAP_SERVERS=kafka:9092" in line
    assert code == 1


def test_a_volume_that_cannot_be_written_ends_the_server_with_the_reason(broken: Stack) -> None:
    broken.broken = {"postgres": READ_ONLY}
    done = broken.composed("up", "--no-build", "--pull", "never", "--no-log-prefix", "postgres", within=180)
    said = (done.stdout + done.stderr).lower()
    assert "/var/lib/postgresql" in said
    assert "read-only file system" in said or "permission denied" in said
    assert broken.inspect("postgres")["State"]["Running"] is False
