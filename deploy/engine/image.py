"""The image of STAIRS, built by whatever engine there is; its labels say what it was built from."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

from deploy.engine import images
from deploy.engine.podman import ROOT
from deploy.engine.reach import Engine
from deploy.engine.state import EngineFolder, EngineUnavailable
from deploy.engine.steps import do, told

NAME = "stairs"


def version() -> str:
    """Ours, as pyproject.toml has it; also the image's tag."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def revision() -> str:
    """The commit that is built, with a mark where files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def build(
    engine: Engine,
    *,
    tree: Path = ROOT,
    tag: str | None = None,
    fresh: bool = False,
    labels: dict[str, str] | None = None,
) -> str:
    """Build a tree as it is; gives the image's name.

    :param tree: ours, or another version of it.
    :param tag: instead of our version.
    :param fresh: from nothing, whatever an earlier build left.
    :param labels: beside those of the Dockerfile.
    :raises EngineUnavailable: it fails; with the end of what was said.
    """
    name = f"{NAME}:{tag or version()}"
    options = ["--tag", name, "--file", str(tree / "deploy/Dockerfile")]
    for argument, value in (("VERSION", version()), ("REVISION", revision())):
        options += ["--build-arg", f"{argument}={value}"]
    said = {
        "version": version(),
        "revision": revision(),
    }  # again: podman's cache knows no arguments of a label
    said_by_label = {f"org.opencontainers.image.{name}": value for name, value in said.items()}
    for label, value in {**said_by_label, **(labels or {})}.items():
        options += ["--label", f"{label}={value}"]
    options += ["--no-cache"] if fresh else []
    state = EngineFolder.of_this_machine()
    with told(f"image {name}"):
        if engine.ours(state):
            with state.alone("build"):
                images.build(state, options, tree, state.log / "stairs.log")
        else:
            _by_docker(engine, options, tree)
    return name


def _by_docker(engine: Engine, options: list[str], tree: Path) -> None:
    log = ROOT / "var" / "log" / "image.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        do(["docker", "build", *options, tree], log, environment=engine.environment)
    except EngineUnavailable as error:
        raise EngineUnavailable(f"the image cannot be built: {error}") from error
