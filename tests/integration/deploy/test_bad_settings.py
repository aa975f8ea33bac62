"""A process that cannot work says so in one line that names the setting and the remedy, and ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
import psycopg
import pytest

from deploy.console.folders import ROOT
from deploy.console.keys.secret_files import secret_key
from deploy.console.local.programs import plain_environment
from deploy.console.ports import SERVICES
from tests.support.eventually import eventually
from tests.support.http.tokens import auth_environment
from tests.support.servers.ports import free_port
from tests.support.servers.postgres import migrate
from tests.support.servers.secured_broker import PASSWORD, USER, Secured

WRONG_SETTINGS = 78
WITHIN = 120.0
ONE_VERB_EACH = [("incidents", "worker"), ("appeals", "api"), ("notifications", "worker")]


@pytest.fixture
def settings(tmp_path: Path, database: str) -> dict[str, str]:
    """What every service needs, on an empty database."""
    mail = {"NOTIFICATIONS_CDE_EMAIL": "caaspp@cde.example"}
    keys = {
        "INCIDENTS_KEK_FILE": str(secret_key(tmp_path / "kek")),
        "INCIDENTS_REF_KEY_FILE": str(secret_key(tmp_path / "ref")),
    }
    secret = str(secret_key(tmp_path / "api"))
    secrets = {f"{service.upper()}_API_SECRET_FILE": secret for service in SERVICES}
    databases = {f"{service.upper()}_DATABASE_URL": database for service in SERVICES}
    return {**mail, **keys, **secrets, **databases, **auth_environment()}


def ended(service: str, verb: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"services.{service}", verb],
        cwd=ROOT,
        env={**plain_environment(), **settings},
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )


@contextmanager
def running(service: str, verb: str, settings: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", f"services.{service}", verb],
        cwd=ROOT,
        env={**plain_environment(), **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def reasons(port: int, process: subprocess.Popen[bytes]) -> dict[str, str]:
    """What ``/readyz`` has against it."""
    async with httpx.AsyncClient() as http:

        async def told() -> dict[str, str]:
            assert process.poll() is None, "it ended"
            try:
                answer = await http.get(f"http://127.0.0.1:{port}/readyz")
            except httpx.TransportError as error:
                raise AssertionError("not up yet") from error
            found: dict[str, str] = answer.json()["reasons"]
            return found

        return await eventually(told, within=WITHIN)


def the_only_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == WRONG_SETTINGS, done.stderr
    # these databases have one role, which is said in a line of the log
    lines = [each for each in done.stderr.strip().splitlines() if "database_without_wall" not in each]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize(("service", "verb"), ONE_VERB_EACH)
def test_tables_that_are_not_there_are_named_with_the_command_that_makes_them(
    service: str, verb: str, settings: dict[str, str]
) -> None:
    line = the_only_line(ended(service, verb, settings))
    assert line.startswith(f"{service.upper()}_DATABASE_URL names a database with no tables of ours")
    assert f"python -m services.{service} migrate" in line


@pytest.fixture
def refused(database: str) -> str:
    """The address of a role of that name, without its right to the database."""
    name = f"stranger_{os.getpid()}"
    with psycopg.connect(database, autocommit=True) as admin:
        where = admin.info.dbname
        admin.execute(f"DROP ROLE IF EXISTS {name}".encode())
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'right'".encode())
        admin.execute(f'REVOKE CONNECT ON DATABASE "{where}" FROM PUBLIC'.encode())
    parts = urlsplit(database)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{name}:{quote('wrong')}@{host}", parts.path, parts.query, ""))


@pytest.mark.parametrize(
    ("service", "verb"), [("incidents", "api"), ("appeals", "migrate"), ("notifications", "worker")]
)
def test_a_database_that_does_not_let_us_in_is_named(
    service: str, verb: str, settings: dict[str, str], refused: str
) -> None:
    line = the_only_line(ended(service, verb, settings | {f"{service.upper()}_DATABASE_URL": refused}))
    assert line.startswith(f"{service.upper()}_DATABASE_URL is refused by the server")
    assert "wrong" not in line.partition("(")[0], "no password is repeated"


@pytest.mark.parametrize("name", ["INCIDENTS_KEK_FILE", "INCIDENTS_REF_KEY_FILE"])
def test_a_key_file_that_is_not_there_is_named(name: str, settings: dict[str, str]) -> None:
    line = the_only_line(ended("incidents", "api", settings | {name: "/nowhere/key"}))
    assert line.startswith(f"{name} is wrong (/nowhere/key: not a readable file")


@pytest.mark.parametrize("service", SERVICES)
def test_a_secret_of_the_api_that_is_not_there_is_named(service: str, settings: dict[str, str]) -> None:
    name = f"{service.upper()}_API_SECRET_FILE"
    line = the_only_line(ended(service, "api", settings | {name: "/nowhere/secret"}))
    assert line.startswith(f"{name} is wrong (/nowhere/secret: not a readable file")


@pytest.mark.parametrize("service", SERVICES)
def test_a_port_that_is_taken_is_named(service: str, settings: dict[str, str]) -> None:
    taken = free_port()
    migrate(settings[f"{service.upper()}_DATABASE_URL"], f"services.{service}")
    with socket.create_server(("127.0.0.1", taken)):
        line = the_only_line(ended(service, "api", settings | {f"{service.upper()}_PORT": str(taken)}))
    assert line.startswith(f"127.0.0.1:{taken} cannot be listened on (address already in use)")
    assert "_PORT" in line


@pytest.mark.parametrize("service", SERVICES)
async def test_an_absent_broker_and_absent_keys_leave_an_api_unready_and_named(
    service: str, settings: dict[str, str]
) -> None:
    migrate(settings[f"{service.upper()}_DATABASE_URL"], f"services.{service}")
    port = free_port()
    broken = {
        f"{service.upper()}_PORT": str(port),
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "AUTH_JWKS_URL": "file:///nowhere/jwks.json",
    }
    with running(service, "api", settings | broken) as process:
        found = await reasons(port, process)
    assert "KAFKA_BOOTSTRAP_SERVERS" in found["broker"]
    assert "AUTH_JWKS_URL" in found["keys"]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_database_that_is_away_leaves_an_api_unready_and_named(
    service: str, settings: dict[str, str]
) -> None:
    port = free_port()
    away = {
        f"{service.upper()}_DATABASE_URL": f"postgresql://{service}:x@127.0.0.1:1/{service}",
        f"{service.upper()}_PORT": str(port),
    }
    with running(service, "api", settings | away) as process:
        assert f"{service.upper()}_DATABASE_URL" in (await reasons(port, process))["store"]


def secured(broker: Secured, password: Path) -> dict[str, str]:
    """The settings of the door that wants a password, over TLS."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": broker.sasl_ssl.servers,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_CA_FILE": str(broker.authority.file),
        "KAFKA_SASL_USERNAME": USER,
        "KAFKA_SASL_PASSWORD_FILE": str(password),
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_a_worker_is_unready_while_the_cluster_refuses_its_password_and_ready_once_it_does_not(
    service: str, settings: dict[str, str], secured_kafka: Secured
) -> None:
    migrate(settings[f"{service.upper()}_DATABASE_URL"], f"services.{service}")
    password, port = secured_kafka.file(f"password of {service}", "wrong"), free_port()
    told = settings | secured(secured_kafka, password) | {"WORKER_HEALTH_PORT": str(port)}
    with running(service, "worker", told) as process:

        async def refused() -> bool:
            return "KAFKA_SASL_PASSWORD_FILE" in (await reasons(port, process)).get("broker", "")

        await eventually(refused, within=30, every=0.5)
        password.write_text(PASSWORD)
        async with httpx.AsyncClient() as http:

            async def ready() -> bool:
                return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200

            await eventually(ready, within=30, every=0.5)


@pytest.mark.parametrize("service", SERVICES)
def test_a_login_without_a_password_ends_a_process_at_its_start(
    service: str, settings: dict[str, str]
) -> None:
    told = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}
    told["KAFKA_SASL_USERNAME"] = USER
    line = the_only_line(ended(service, "worker", settings | told))
    assert line.startswith("KAFKA_SASL_PASSWORD_FILE is not set: give a file with its password")


def test_topics_are_created_over_a_secured_door_and_a_closed_one_is_one_line(
    secured_kafka: Secured,
) -> None:
    def create(password: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.kafka", "topics"],
            cwd=ROOT,
            env={**plain_environment(), **secured(secured_kafka, password)},
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )

    wrong = create(secured_kafka.file("password of nobody", "wrong"))
    assert wrong.returncode == 1
    assert wrong.stderr.splitlines()[-1].startswith(
        "kafka: the cluster refuses the name of KAFKA_SASL_USERNAME"
    )
    right = create(secured_kafka.file("password of us", PASSWORD))
    assert (right.returncode, "created stairs.incidents.v1" in right.stdout) == (0, True), right.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_relay_without_kafka_is_a_wrong_setting(service: str, settings: dict[str, str]) -> None:
    migrate(settings[f"{service.upper()}_DATABASE_URL"], f"services.{service}")
    line = the_only_line(ended(service, "relay", settings))
    assert line.startswith("KAFKA_BOOTSTRAP_SERVERS is not set: give host:port of the Kafka cluster")
