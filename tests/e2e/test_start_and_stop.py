"""The system starts with one command, continues where it was, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.console.folders import ROOT, StateFolder
from deploy.console.local.postgres_process import postmaster
from deploy.console.local.preflight import taken_ports
from deploy.console.ports import SERVICES, Ports
from deploy.kafka.broker import Broker
from shared.kernel.actor import Role
from tests.support.eventually import eventually
from tests.support.system.filings import a_report
from tests.support.system.killing import pids
from tests.support.system.system import (
    CONSOLE,
    RunningSystem,
    free_offset,
    require_kafka,
    short_folder,
    started,
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where one system lives through several starts."""
    with short_folder() as made:
        yield made


@pytest.fixture(scope="module")
def offset() -> int:
    """The ports of that system."""
    return free_offset()


@pytest.fixture(scope="module")
def filed(folder: Path, offset: int) -> str:
    """A case that was submitted in a run that is over; its id."""
    with started(folder / "var", offset=offset) as system:
        case_id = file_a_case(system)
        assert system.stop(signal.SIGTERM) == 0
    return case_id


def file_a_case(system: RunningSystem) -> str:
    with system.client("incidents", Role.SITE_COORDINATOR) as incidents:
        case = incidents.post("/v1/incidents", json=a_report(1)).raise_for_status().json()
        incidents.post(f"/v1/incidents/{case['id']}/submit", json={}).raise_for_status()
        return str(case["id"])


def test_a_second_start_continues_where_the_first_was(filed: str, folder: Path, offset: int) -> None:
    with (
        started(folder / "var", offset=offset) as system,
        system.client("incidents", Role.AUDITOR) as incidents,
    ):
        assert incidents.get(f"/v1/incidents/{filed}").raise_for_status().json()["case_number"]


def test_nothing_is_left_behind_by_a_stop(filed: str, folder: Path, offset: int) -> None:
    assert taken_ports(Ports().shifted(offset), kafka=True) == []
    assert not (folder / "var" / "run" / "stairs.json").exists()
    assert not (folder / "var" / "postgres" / "postmaster.pid").exists()


def test_what_a_killed_console_left_is_taken_over(filed: str, folder: Path, offset: int) -> None:
    with started(folder / "var", offset=offset) as killed:
        killed.process.kill()
        killed.process.wait()
        with killed.client("incidents", Role.AUDITOR) as incidents:
            assert incidents.get("/readyz").is_success
        with started(folder / "var", offset=offset) as system:
            assert set(pids(system.place)) == {
                "mailbox",
                *(f"{s}-{v}" for s in SERVICES for v in ("api", "worker")),
            }


def test_tables_can_be_brought_up_to_date_while_nothing_runs(filed: str, folder: Path) -> None:
    done = run_in(folder, verb="migrate")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "var" / "postgres" / "postmaster.pid").exists()


async def test_a_killed_database_is_started_again(filed: str, folder: Path, offset: int) -> None:
    with started(folder / "var", offset=offset) as system:
        killed = postmaster(system.place.postgres)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)

        async def back() -> bool:
            return postmaster(system.place.postgres) not in (None, killed) and ready(system)

        await eventually(back, within=120)
        with system.client("incidents", Role.AUDITOR) as incidents:
            assert incidents.get(f"/v1/incidents/{filed}").raise_for_status().json()["case_number"]


def ready(system: RunningSystem) -> bool:
    with system.client("incidents", Role.AUDITOR) as incidents:
        return incidents.get("/readyz").is_success


def test_without_its_data_the_system_ends_loudly() -> None:
    with short_folder() as folder, started(folder / "var") as system:
        (system.place.postgres / "PG_VERSION").rename(folder / "PG_VERSION")
        killed = postmaster(system.place.postgres)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert system.process.wait(120) == 1
        assert "PostgreSQL is gone, and so is its data" in system.screen.read_text()


async def test_a_killed_broker_is_started_again() -> None:
    require_kafka()
    with short_folder() as folder, started(folder / "var", "--kafka") as system:
        broker = Broker(
            system.place.kafka, system.notes.ports["kafka"], system.notes.ports["kafka_controller"]
        )
        before = broker.pid()
        broker.kill()

        async def back() -> bool:
            return broker.pid() not in (None, before) and broker.answers()

        await eventually(back, within=60)


def test_a_second_system_on_the_same_folder_is_refused() -> None:
    with short_folder() as folder, StateFolder.at(folder / "var").alone():
        refused = run_in(folder)
    assert refused.returncode == 1
    assert "in use by another `stairs run`" in refused.stderr


def test_a_taken_port_is_named_before_anything_starts(offset: int) -> None:
    with short_folder() as folder, socket.create_server(("127.0.0.1", 8002 + offset)):
        refused = run_in(folder, "--port-offset", str(offset))
    assert refused.returncode == 1
    assert f"port {8002 + offset} (appeals) is taken" in refused.stderr
    assert "--port-offset" in refused.stderr


def test_without_java_kafka_is_refused_in_one_line(offset: int) -> None:
    with short_folder() as folder:
        refused = run_in(folder, "--kafka", "--port-offset", str(offset), PATH="/nowhere", JAVA_HOME="")
    assert refused.returncode == 1
    assert "needs Java 17" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_data_without_its_keys_is_refused() -> None:
    with short_folder() as folder:
        data = folder / "var" / "postgres"
        data.mkdir(parents=True)
        (data / "PG_VERSION").write_text("18\n")
        refused = run_in(folder, "--port-offset", str(free_offset()))
    assert refused.returncode == 1
    assert "has no keys" in refused.stderr


def run_in(
    folder: Path, *options: str, verb: str = "run", **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [*CONSOLE, verb, "--dir", str(folder / "var"), *options]
    told = os.environ | environment
    return subprocess.run(
        command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=60, check=False
    )
