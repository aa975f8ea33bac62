"""Docker Compose v2, built once from its published Go module: it needs the engine's API, and no docker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.engine.state import EngineFolder, EngineUnavailable
from deploy.engine.steps import do, told

MODULE = "github.com/docker/compose/v2"
VERSION = "v2.32.4"
OLDEST = 2
GO = (1, 21)  # from here on Go fetches the toolchain that a module asks for


def ensure(state: EngineFolder) -> None:
    """Build it unless it is there; three to four minutes on two cores, once.

    :raises EngineUnavailable: there is no Go, or the build fails.
    """
    if state.compose.exists():
        return
    _refuse_missing_go()
    with (
        told(f"Docker Compose {VERSION}, from its Go module"),
        tempfile.TemporaryDirectory(prefix="compose-", dir=state.folder) as made,
    ):
        gently = ["nice"] if shutil.which("nice") else []
        named = f"-X {MODULE}/internal.Version={VERSION}"
        install = [*gently, "go", "install", "-ldflags", named, f"{MODULE}/cmd@{VERSION}"]
        do(install, state.log / "compose.log", environment={"GOBIN": made, "CGO_ENABLED": "0"})
        (Path(made) / "cmd").rename(state.compose)


def version(program: list[str], environment: dict[str, str]) -> str | None:
    """What it calls itself; None if it does not run."""
    try:
        done = subprocess.run(
            [*program, "version", "--short"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def knows_the_specification(version: str | None) -> bool:
    """Whether a Compose of this version reads docker-compose.yml as it is meant; version 1 did not."""
    major = re.match(r"v?(\d+)\.", version or "")
    return major is not None and int(major[1]) >= OLDEST


def _refuse_missing_go() -> None:
    go = shutil.which("go")
    told_by = (
        subprocess.run(["go", "version"], capture_output=True, text=True, check=False).stdout if go else ""
    )
    found = re.search(r"go(\d+)\.(\d+)", told_by)
    if found is None or (int(found[1]), int(found[2])) < GO:
        wanted = ".".join(map(str, GO))
        raise EngineUnavailable(
            f"Compose is built with Go {wanted} or newer, here is {told_by.strip() or 'none'}: "
            "install Go, or put a docker-compose of version 2 or newer at "
            f"{EngineFolder.of_this_machine().compose}"
        )
