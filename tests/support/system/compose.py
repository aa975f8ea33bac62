"""docker-compose.yml as it stands, as a project of its own, on free ports; and looks at what it started."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.console.folders import ROOT, StateFolder
from deploy.console.ports import HOST, PUBLISHED, SERVICES
from deploy.engine import api
from deploy.engine.reach import Engine, reached
from deploy.engine.state import EngineUnavailable
from tests.support.servers.requirements import unavailable

PREVIOUS = "previous"  # the tag of an earlier image
UP = 600.0  # seconds; thirty on an idle machine with two cores
SIX = tuple(f"{service}-{role}" for service in SERVICES for role in ("api", "worker"))
OPENED = {"mailpit": 8025, "kafka": 19092, **{f"{name}-api": PUBLISHED[name] for name in SERVICES}}

Json = dict[str, Any]


def required_engine() -> Engine:
    """The engine that there is, with Compose; a skip with one reason otherwise."""
    engine = reached()
    if engine is None:
        unavailable("containers", ["no container engine answers: make engine, or start Docker"])
    if not engine.host.startswith("unix://"):
        unavailable("containers", [f"{engine.host} is not on this machine"])
    try:
        engine.compose()
    except EngineUnavailable as reason:
        unavailable("containers", [str(reason)])
    return engine


def free_offset() -> int:
    """By how much to move the published ports so that all are free."""
    for offset in random.sample(range(600, 12_000, 10), 200):
        if all(_free(port + offset) for port in PUBLISHED.values()):
            return offset
    raise RuntimeError("no free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


@dataclass
class Stack:
    """The containers of one project."""

    engine: Engine
    place: StateFolder  # its var/, with the secrets
    project: str
    offset: int
    settings: dict[str, str] = field(default_factory=dict)  # STAIRS_TAG and the like
    broken: dict[str, str] = field(default_factory=dict)  # service → YAML over the file
    tree: Path = ROOT  # whose compose file it is

    def compose(self, *words: str, within: float = UP, check: bool = True) -> str:
        """Run Compose on the file as it stands, with nothing over it but free ports; its standard output."""
        done = self.composed(*words, within=within)
        assert not check or done.returncode == 0, f"compose {' '.join(words)}:\n{done.stderr[-4000:]}"
        return done.stdout

    def composed(self, *words: str, within: float = UP) -> subprocess.CompletedProcess[str]:
        """The same, whatever comes of it."""
        command, environment = [*self.command(), *words], self.environment()
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=within, check=False
        )

    def command(self) -> list[str]:
        """What `docker compose` is for this project."""
        files = ["-f", str(self.tree / "docker-compose.yml"), "-f", str(self._ports())]
        return [*self.engine.compose(), "--project-name", self.project, *files]

    def environment(self) -> dict[str, str]:
        """The environment that goes with it."""
        secrets = {"STAIRS_SECRETS": str(self.place.var / "secrets")}
        return {**os.environ, **self.engine.environment, **secrets, **self.settings}

    def up(self, **settings: str) -> float:
        """Start all, as the documentation says it; seconds until it came back, when all six are well."""
        self.settings = settings
        began = time.monotonic()
        self.compose("up", "--detach", "--no-build", "--pull", "never")
        return time.monotonic() - began

    def down(self, *options: str) -> None:
        """Stop and remove the containers."""
        self.compose("down", *options)

    def inspect(self, service: str) -> Json:
        """What the engine knows about a service's container."""
        found: Json = api.get(self.socket, f"/containers/{self.project}-{service}-1/json")
        return found

    def health(self, service: str) -> str:
        """Healthy, starting, unhealthy, or the state of what does not run."""
        state = self.inspect(service)["State"]
        return str(state["Health"]["Status"] if state["Running"] else state["Status"])

    def kill(self, service: str) -> None:
        """End its process as a crash would; the engine has to bring it back by itself."""
        os.kill(self.inspect(service)["State"]["Pid"], signal.SIGKILL)

    def run(self, service: str, *words: str, within: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Another command in a running container, as its own user."""
        return self.composed("exec", "-T", service, *words, within=within)

    def once(self, service: str, *options: str) -> tuple[int, str]:
        """A new container of a service and nothing else: how it ended, and what it said.

        Its end is asked of the engine: podman's Compose answers 0 whatever became of it.
        """
        name = f"{self.project}-once-{service}"
        words = ("run", "--no-deps", "--no-TTY", "--pull", "never", "--name", name, *options, service)
        done = self.composed(*words, within=180)
        told = api.get(self.socket, f"/containers/{name}/json")
        api.delete(self.socket, f"/containers/{name}?force=true")
        return int(told["State"]["ExitCode"]), done.stdout + done.stderr

    def demo(self, *examples: str) -> subprocess.CompletedProcess[str]:
        """The demonstration, from outside, by the public ports."""
        command = [sys.executable, "-m", "deploy.console", "demo", "--dir", str(self.place.var)]
        options = ["--containers", "--port-offset", str(self.offset), "--within", "120", *examples]
        return subprocess.run(
            [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=UP, check=False
        )

    def last_words(self, lines: int = 25) -> str:
        """The end of every process's log, for a failure that only they can explain."""
        names = (*SIX, "kafka", "postgres")
        said = {name: self.compose("logs", "--no-log-prefix", name, check=False) for name in names}
        return "".join(
            f"\n--- {name}\n" + "\n".join(text.splitlines()[-lines:]) for name, text in said.items()
        )

    def url(self, name: str) -> str:
        """Where something is for people outside."""
        return f"http://{HOST}:{PUBLISHED[name] + self.offset}"

    def memory(self) -> Mapping[str, int]:
        """Mebibytes in use, per service that runs."""
        used = {}
        for each in self.left("containers"):
            told = api.get(
                self.socket, f"/containers/{each['Id']}/stats?stream=false&one-shot=true", patience=60
            )
            if told and "usage" in told["memory_stats"]:  # nothing is told of what ends meanwhile
                used[each["Labels"]["com.docker.compose.service"]] = told["memory_stats"]["usage"] >> 20
        return used

    def left(self, kind: str) -> list[Json]:
        """What there is of this project: containers (running ones), volumes or networks."""
        query = f"filters={quote(json.dumps({'label': [f'com.docker.compose.project={self.project}']}))}"
        found = api.get(self.socket, f"/{kind}{'/json' if kind == 'containers' else ''}?{query}")
        return list((found.get("Volumes") or []) if kind == "volumes" else found)

    @property
    def socket(self) -> Path:
        """Where the engine's API is."""
        return Path(self.engine.host.removeprefix("unix://"))

    def _ports(self) -> Path:
        over = {
            name: f'ports: !override ["{HOST}:{port + self.offset}:{port}"]' for name, port in OPENED.items()
        }
        for service, words in self.broken.items():
            over[service] = ", ".join(filter(None, (over.get(service), words)))
        path = self.place.run / f"{self.project}.yml"
        path.write_text(
            "\n".join(["services:", *(f"  {name}: {{{it}}}" for name, it in over.items())]) + "\n"
        )
        return path
