"""Which container engine there is to use, looked for in one order by everybody: tests, make and CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.engine import api, compose
from deploy.engine.state import EngineFolder, EngineUnavailable


@dataclass(frozen=True)
class Engine:
    """One that answers."""

    name: str  # Docker, podman
    host: str  # unix:///… or what DOCKER_HOST says
    environment: dict[str, str]  # for docker, Compose and testcontainers

    def ours(self, state: EngineFolder) -> bool:
        """Whether it is the one that ``make engine`` starts."""
        return self.host == f"unix://{state.socket}"

    def compose(self) -> list[str]:
        """The words that Compose begins with.

        :raises EngineUnavailable: no Compose of version 2 or newer is here.
        """
        for program in _composes():
            if compose.knows_the_specification(compose.version(program, self.environment)):
                return program
        raise EngineUnavailable(
            "there is no Docker Compose 2 or newer here: make engine, or install Docker's compose plug-in"
        )

    def compose_version(self) -> str | None:
        """What Compose calls itself, if there is one."""
        try:
            return compose.version(self.compose(), self.environment)
        except EngineUnavailable:
            return None


def reached() -> Engine | None:
    """The first engine that answers: DOCKER_HOST, ours, Docker's socket, podman's."""
    state = EngineFolder.of_this_machine()
    given = os.environ.get("DOCKER_HOST")
    if given and given != f"unix://{state.socket}":
        path = Path(given.removeprefix("unix://"))
        if not given.startswith("unix://"):
            return Engine("Docker", given, {"DOCKER_HOST": given})
        return _at(path, {}) if api.answers(path) else None
    if api.answers(state.socket):
        return _at(state.socket, state.client_environment())
    return next((_at(path, {}) for path in _usual_sockets() if path.exists() and api.answers(path)), None)


def _at(socket: Path, environment: dict[str, str]) -> Engine:
    parts = str(api.get(socket, "/version").get("Components", ""))
    name = "podman" if "Podman" in parts else "Docker"
    return Engine(name, f"unix://{socket}", {"DOCKER_HOST": f"unix://{socket}", **environment})


def _usual_sockets() -> Iterator[Path]:
    yield Path("/var/run/docker.sock")
    yield Path.home() / ".docker/run/docker.sock"  # Docker Desktop
    yield Path("/run/podman/podman.sock")
    yield Path(f"/run/user/{os.getuid()}/podman/podman.sock")


def _composes() -> Iterator[list[str]]:
    ours = EngineFolder.of_this_machine().compose
    if ours.exists():
        yield [str(ours)]
    if shutil.which("docker"):
        yield ["docker", "compose"]
    if shutil.which("docker-compose"):
        yield ["docker-compose"]
