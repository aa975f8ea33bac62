"""One PostgreSQL and one Kafka for all processes of a test run: the first that asks starts it.

pytest-xdist runs the tests in several worker processes. The process that starts them makes a folder and names
it in the environment; a worker that needs a server finds its address there, or starts it and notes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.console.local import postgres_process
from deploy.kafka.broker import Broker
from tests.support.servers.containers import PID, remove_containers
from tests.support.servers.in_memory import folder_for_servers

FOLDER = "STAIRS_TEST_RUN"  # environment: where the run notes its servers

Start = Callable[[Path], str]
"""Starts a server whose data goes into the given folder; returns its address."""


def address_of(name: str, start: Start) -> str:
    """The address of the run's server of this name, which is started if it is not there yet."""
    run = Path(os.environ[FOLDER])
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        noted = run / f"{name}.address"
        if not noted.exists():
            folder = run / name
            folder.mkdir(exist_ok=True)
            noted.write_text(start(folder))
        return noted.read_text()


def is_ours(name: str) -> bool:
    """Whether the run has started a server of this name, rather than been given one."""
    return (Path(os.environ[FOLDER]) / f"{name}.address").exists()


def is_worker(config: pytest.Config) -> bool:
    """Whether this process was started by pytest-xdist."""
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder, before workers are started; a pytest that a test starts has a run of its own."""
    if not is_worker(config):
        run = Path(tempfile.mkdtemp(prefix="stairs-tests-", dir=folder_for_servers()))
        (run / PID).write_text(str(os.getpid()))
        os.environ[FOLDER] = str(run)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the run has started."""
    if is_worker(config) or FOLDER not in os.environ:
        return
    run = Path(os.environ.pop(FOLDER))
    postgres_process.stop(run / "postgres" / "data")
    Broker(run / "kafka").stop()
    remove_containers(run)
    shutil.rmtree(run, ignore_errors=True)
