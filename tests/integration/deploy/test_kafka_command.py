"""``python -m deploy.kafka``: the broker of this machine, as `make kafka` starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deploy.kafka.broker import Broker
from deploy.kafka.jars import jar_folder
from tests.support.servers.in_memory import folder_for_servers
from tests.support.servers.kafka import local_reason, messages
from tests.support.servers.ports import free_port
from tests.support.servers.requirements import unavailable


class Command:
    """The command with its own state folder and port."""

    def __init__(self, folder: Path) -> None:
        self.state, self.port = folder / "kafka", free_port()
        self.environment = {
            **os.environ,
            "STAIRS_KAFKA_STATE": str(self.state),
            "STAIRS_KAFKA_PORT": str(self.port),
            "STAIRS_KAFKA_JARS": str(jar_folder()),
        }
        self.environment.pop("KAFKA_BOOTSTRAP_SERVERS", None)

    def __call__(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.kafka", *words],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    @property
    def broker(self) -> Broker:
        return Broker(self.state, self.port)


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path)
    yield command
    command.broker.kill()


@pytest.fixture(scope="module")
def one_place() -> Iterator[Command]:
    with TemporaryDirectory(prefix="stairs-kafka-", dir=folder_for_servers()) as folder:
        command = Command(Path(folder))
        yield command
        command.broker.kill()


@pytest.fixture
def running(one_place: Command) -> Command:
    """Started, unless another test has left it running."""
    reason = local_reason()
    if reason is not None:
        unavailable("kafka", [reason])
    started = one_place("up")
    assert started.returncode == 0, started.stderr
    return one_place


def a_program(folder: Path, name: str, script: str) -> str:
    """A folder with a program of this name in it."""
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return str(folder)


def test_to_start_what_runs_changes_nothing(running: Command) -> None:
    before = running.broker.pid()
    assert running("up").returncode == 0
    assert running.broker.pid() == before


def test_a_port_that_is_taken_is_named(running: Command, tmp_path: Path) -> None:
    refused = running("up", STAIRS_KAFKA_STATE=str(tmp_path / "other"))
    assert refused.returncode == 1
    assert f"port {running.port} is taken by another program" in refused.stderr


def test_a_second_start_goes_on_with_what_was_there(running: Command) -> None:
    running("down")
    running("up")
    assert running("topics").stdout == "every topic is there\n"
    assert messages(running.broker.bootstrap, "stairs.incidents.v1") == []


def test_it_runs_answers_has_its_topics_and_stops(running: Command) -> None:
    assert "answers, process" in running("status").stdout
    assert running("topics").stdout == "every topic is there\n"
    assert running("down").returncode == 0
    stopped = running("status")
    assert (stopped.returncode, "no answer, no process" in stopped.stdout) == (1, True)


def test_to_stop_what_does_not_run_is_no_error(kafka: Command) -> None:
    assert kafka("down").returncode == 0


def test_without_java_one_line_names_the_remedy(kafka: Command) -> None:
    refused = kafka("up", PATH="/nowhere", JAVA_HOME="")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "needs Java 17 or newer and none is installed: install openjdk-17" in refused.stderr


def test_a_java_that_is_too_old_is_named(kafka: Command, tmp_path: Path) -> None:
    old = a_program(tmp_path / "old", "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    refused = kafka("up", PATH=f"{old}:/bin:/usr/bin", JAVA_HOME="")
    assert refused.returncode == 1
    assert f'{old}/java says: openjdk version "11.0.2"' in refused.stderr


def test_without_maven_and_jars_one_line_names_the_remedy(kafka: Command, tmp_path: Path) -> None:
    new = a_program(tmp_path / "new", "java", "echo 'openjdk version \"21.0.1\" 2023-10-17' >&2")
    refused = kafka("up", PATH=new, JAVA_HOME="", STAIRS_KAFKA_JARS=str(tmp_path / "none"))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "install maven, or set STAIRS_KAFKA_JARS" in refused.stderr


def test_a_process_that_is_not_the_broker_is_never_stopped(kafka: Command) -> None:
    kafka.state.mkdir()
    (kafka.state / "broker.pid").write_text(str(os.getpid()))
    assert kafka("down").returncode == 0


def test_an_unknown_command_is_wrong_usage(kafka: Command) -> None:
    refused = kafka("upwards")
    assert refused.returncode == 2
    assert "No such command 'upwards'" in refused.stderr


def test_the_status_of_a_broker_that_does_not_run_is_readable_by_scripts(kafka: Command) -> None:
    told = kafka("status", "--json")
    assert told.returncode == 1
    assert json.loads(told.stdout) == {
        "bootstrap": kafka.broker.bootstrap,
        "answers": False,
        "pid": None,
        "state": str(kafka.state),
    }
