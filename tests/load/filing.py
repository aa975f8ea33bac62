"""Filing over HTTP: our `POST /v1/incidents`, a do-nothing POST and a CRUD endpoint under the same load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.load.surroundings import Surroundings
from tests.support.servers.ports import free_port

CONNECTIONS = 32
SECONDS = 4.0
SCHOOL = "19647336012345"

BODY = {
    "incident_type": "student_left_room",
    "occurred_at": "2019-04-12T09:30:00-07:00",
    "discovered_at": "2019-04-12T09:40:00-07:00",
    "school": SCHOOL,
    "grade": "05",
    "test": "sb_ela_cat",
    "delivery_mode": "online",
    "student_count": 1,
    "narrative": "Left for the playground during the second segment, and came back after some ten minutes. "
    "The administrator paused the test, told the office, and wrote down the time of both.",
    "details": {},
}


@dataclass(frozen=True)
class Target:
    """One server process and the address that is loaded."""

    name: str
    command: list[str]
    path: str


def targets(ports: Mapping[str, int]) -> list[Target]:
    """The three that are compared."""
    rival = [sys.executable, "-m", "tests.load.rival_app"]
    return [
        Target("noop", [*rival, "noop", str(ports["noop"])], "/noop/incidents"),
        Target("crud", [*rival, "crud", str(ports["crud"])], "/crud/incidents"),
        Target("filing", [sys.executable, "-m", "services.incidents", "api"], "/v1/incidents"),
    ]


@contextmanager
def serving(target: Target, port: int, environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """The target as a process, from its first answer until we are done; its number."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            target.command, env={**os.environ, **environment}, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            _await_answer(process, port, log)
            yield process.pid
        finally:
            process.terminate()
            process.wait(15)


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"no answer on port {port}; see {log}")


def load(url: str, token: str, seconds: float) -> dict[str, float]:
    """What the load generator saw, in its own process."""
    request = {
        "headers": {"authorization": f"Bearer {token}", "content-type": "application/json"},
        "body": BODY,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.load.http_client", url, str(seconds), str(CONNECTIONS)],
        input=json.dumps(request).encode(),
        capture_output=True,
        check=True,
        timeout=seconds + 30,
    )
    seen: dict[str, float] = json.loads(done.stdout)
    if seen["refused"]:
        raise RuntimeError(f"{seen['refused']:.0f} requests to {url} were not accepted")
    return seen


class Filing:
    """The three servers, up for the whole run and loaded in turn."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._open = ExitStack()
        self._urls: dict[str, str] = {}

    def __enter__(self) -> Filing:
        """Start all three and warm them up."""
        self._around.migrate()
        ports = {name: free_port() for name in ("noop", "crud", "filing")}
        environment = self._around.environment(incidents_port=ports["filing"])
        for target in targets(ports):
            log = self._around.folder / f"{target.name}.log"
            self._open.enter_context(serving(target, ports[target.name], environment, log))
            self._urls[target.name] = f"http://127.0.0.1:{ports[target.name]}{target.path}"
        for url in self._urls.values():
            load(url, self._around.token, 1.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop them."""
        self._open.close()

    def round(self) -> dict[str, float]:
        """Load each in turn: requests a second, and the 99th percentile in milliseconds."""
        figures: dict[str, float] = {}
        for name, url in self._urls.items():
            seen = load(url, self._around.token, SECONDS)
            figures |= {f"http_{name}": seen["rate"], f"http_{name}_p99_ms": seen["p99_ms"]}
        return figures
