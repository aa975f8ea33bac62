"""The whole system for tests: started by the console as a person does it, in a new folder, on free ports."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.tokens import PEOPLE, make_token
from deploy.console.local.preflight import taken_ports
from deploy.console.local.run_record import RunRecord
from deploy.console.ports import Ports
from deploy.kafka.jars import BrokerUnavailable, fetch, jar_folder, java
from shared.kernel.actor import Role
from tests.support.servers.in_memory import folder_for_servers
from tests.support.servers.ports import of_this_process
from tests.support.servers.requirements import unavailable

START = 300.0  # seconds; a busy machine, with Kafka
STOP = 120.0
PR_SET_PDEATHSIG = 1  # linux/prctl.h
CONSOLE = (sys.executable, "-m", "deploy.console")


@dataclass(frozen=True)
class RunningSystem:
    """A system that is up, and how to talk to it."""

    place: StateFolder
    notes: RunRecord
    process: subprocess.Popen[bytes]
    screen: Path  # what it prints

    def stairs(self, *words: str, within: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Another command of the console against this system."""
        command = [*CONSOLE, words[0], "--dir", str(self.place.var), *words[1:]]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=within, check=False)

    def client(self, service: str, role: Role) -> httpx.Client:
        """An HTTP client of a service, as the sandbox's person of this role."""
        token = make_token(self.place, PEOPLE[role], hours=1)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.notes.urls[service], headers=headers, timeout=30)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it as a person does; answers the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(STOP)


def end_with_its_starter() -> None:
    """In a new process: be told to stop when the test run dies, however it dies (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def require_kafka() -> None:
    """Skip (or fail, where it is required) without Java or the broker's jars."""
    try:
        java()
        fetch(jar_folder())
    except BrokerUnavailable as reason:
        unavailable("kafka", [str(reason)])


def free_offset() -> int:
    """By how much to move the ports so that all are free, below those that the kernel gives to clients."""
    for offset in random.sample(of_this_process(range(600, 12_000, 10)), 200):
        if not taken_ports(Ports().shifted(offset), kafka=True):
            return offset
    pytest.fail("no free ports")


@contextmanager
def started(
    var: Path, *options: str, offset: int | None = None, told: Mapping[str, str] | None = None
) -> Iterator[RunningSystem]:
    """Run it for as long as the block.

    :param told: what the console finds in its environment besides ours.
    """
    screen = var.parent / "screen.txt"
    place = StateFolder.at(var)
    words = ["run", "--dir", str(var), "--port-offset", str(free_offset() if offset is None else offset)]
    with screen.open("ab") as output:
        process = subprocess.Popen(
            [*CONSOLE, *words, *options],
            cwd=ROOT,
            env={**os.environ, **(told or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_its_starter,  # noqa: PLW1509 - one call into the C library, no lock of ours
        )
    system = RunningSystem(place, _ready(process, place, screen), process, screen)
    try:
        yield system
    finally:
        system.stop()


def _ready(process: subprocess.Popen[bytes], place: StateFolder, screen: Path) -> RunRecord:
    until = time.monotonic() + START
    while not (place.run_record.exists() and RunRecord.read(place).pid == process.pid):
        if process.poll() is not None or time.monotonic() > until:
            process.terminate()
            process.wait(STOP)
            pytest.fail(f"the system does not start:\n{screen.read_text(errors='replace')[-4000:]}")
        time.sleep(0.1)
    return RunRecord.read(place)


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder with a path short enough for sockets, open for PostgreSQL's own user."""
    where = folder_for_servers(otherwise="/tmp")
    with tempfile.TemporaryDirectory(prefix="stairs-", dir=where, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="module", params=["feeds", "kafka"])
def system(request: pytest.FixtureRequest) -> Iterator[RunningSystem]:
    """The running system, once for each way of carrying events."""
    options = {"feeds": (), "kafka": ("--kafka",)}[request.param]
    if request.param == "kafka":
        require_kafka()
    with short_folder() as folder, started(folder / "var", *options) as running:
        yield running
