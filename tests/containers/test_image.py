"""The image: what is in it, what is not, and that it comes out the same twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.console.folders import ROOT
from deploy.engine import api, image
from deploy.engine.reach import Engine
from tests.support.system.compose import Stack

pytestmark = pytest.mark.timeout(1200)

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
BASE = "python:3.11-slim-bookworm"
MOST = 250  # megabytes above its base
AGAIN = "again"
INSTALLED = (
    "find /opt/stairs /app /usr/local/bin/stairs -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"
)
TOOLS = ("gcc", "cc", "g++", "make", "ld", "pip", "pip3", "uv")


def inspected(engine: Engine, name: str, dialect: str = "") -> dict[str, Any]:
    """What the engine knows about an image; podman tells of a health check in its own dialect only."""
    socket = Path(engine.host.removeprefix("unix://"))
    for known in (name, f"localhost/{name}"):
        with suppress(OSError):
            found: dict[str, Any] = api.get(socket, f"{dialect}/images/{known}/json")
            return found
    raise AssertionError(f"no image {name}")


def shell(stack: Stack, script: str, **settings: str) -> str:
    """What a script says in a new container of the image, with the rights that the compose file gives it."""
    stack.settings = settings
    words = ("run", "--rm", "--no-deps", "--no-TTY", "--pull", "never", "--entrypoint", "sh", "topics")
    return stack.compose(*words, "-c", script)


@contextmanager
def built_again(engine: Engine) -> Iterator[str]:
    yield image.build(engine, tag=AGAIN, fresh=True)
    api.delete(Path(engine.host.removeprefix("unix://")), f"/images/{image.NAME}:{AGAIN}?force=true")


def test_the_image_says_what_it_is(engine: Engine, built: str, revision: str) -> None:
    told = inspected(engine, built)["Config"]
    labels = told["Labels"]
    assert labels["org.opencontainers.image.version"] == image.version()
    assert labels["org.opencontainers.image.revision"] == revision
    assert "org.opencontainers.image.source" in labels
    assert (told["User"], told["StopSignal"]) == ("10001:10001", "SIGTERM")
    assert told["Entrypoint"] == ["stairs"]
    check = told.get("Healthcheck") or inspected(engine, built, "/v4.0.0/libpod")["Healthcheck"]
    assert check["Test"] == ["CMD", "stairs", "health"]


def test_the_image_is_small(engine: Engine, built: str, capsys: pytest.CaptureFixture[str]) -> None:
    above = (inspected(engine, built)["Size"] - inspected(engine, BASE)["Size"]) / 1e6
    with capsys.disabled():
        print(f"\n  {built}: {above:.0f} MB above its base ({BASE})")  # noqa: T201 - a figure
    assert above <= MOST


def test_nothing_is_in_it_that_builds_or_installs(stack: Stack) -> None:
    found = shell(stack, f"for tool in {' '.join(TOOLS)}; do command -v $tool || true; done")
    assert found.strip() == ""
    caches = shell(
        stack, "find / -xdev \\( -name pip -o -name .cache \\) -not -path '/proc/*' 2>/dev/null || true"
    )
    assert caches.strip() == ""


def test_it_makes_the_secret_files_where_there_is_nothing_but_docker(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").touch()
    mine = ("--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{tmp_path}:/here", "--workdir", "/here")
    words = ("run", "--rm", "--no-deps", "--no-TTY", "--pull", "never", *mine, "topics", "secrets")
    said = stack.compose(*words)
    made = {path.name for path in (tmp_path / "var/secrets").iterdir()}
    assert f"{len(made)} files in /here/var/secrets" in said
    assert made == {Path(entry["file"]).name for entry in COMPOSE["secrets"].values()}
    assert (tmp_path / ".env").read_text() == "STAIRS_SECRETS=./var/secrets\n"


def test_two_builds_of_one_tree_install_the_same_files(engine: Engine, stack: Stack, built: str) -> None:
    with built_again(engine):
        first, second = shell(stack, INSTALLED), shell(stack, INSTALLED, STAIRS_TAG=AGAIN)
    assert len(first.splitlines()) > 1000
    differ = set(first.splitlines()) ^ set(second.splitlines())
    assert sorted(differ)[:10] == []
