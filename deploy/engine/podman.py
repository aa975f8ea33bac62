"""podman itself: installed once, its API kept running, stopped without a trace."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from deploy.engine import api
from deploy.engine.state import EngineFolder, EngineUnavailable
from deploy.engine.steps import do, told

PACKAGES = (
    "podman", "runc", "netavark", "aardvark-dns", "iptables", "nftables", "catatonit", "mmdebstrap",
    "ca-certificates",
)  # fmt: skip
NEEDED = ("podman", "runc", "iptables", "nft", "mmdebstrap")
START = 30.0  # seconds until the API must answer
STOP = 15.0
ROOT = Path(__file__).parents[2]


def install(state: EngineFolder) -> None:
    """Get podman and what it stands on from the machine's Debian packages, unless it is here.

    crun, podman's first choice, refuses the mixed control groups of some machines: runc takes both kinds.

    :raises EngineUnavailable: this is no Debian, or apt fails.
    """
    if all(shutil.which(name) for name in NEEDED):
        return
    if not shutil.which("apt-get"):
        missing = ", ".join(name for name in NEEDED if not shutil.which(name))
        raise EngineUnavailable(
            f"{missing} missing and there is no apt-get to install them: install podman and runc"
        )
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with told("podman, from Debian's packages"):
        do(["apt-get", "update", "-qq"], state.log / "apt.log", environment=quiet)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
        do(install, state.log / "apt.log", environment=quiet)


def start(state: EngineFolder) -> None:
    """Serve Docker's API and tick the health checks, unless both go on already.

    :raises EngineUnavailable: the API does not come up; with the end of its log.
    """
    if not (api.answers(state.socket) and _running(state, "service")):
        _end(state, "service")
        state.socket.unlink(missing_ok=True)
        words = ["podman", "system", "service", "--time=0", f"unix://{state.socket}"]
        process = _launch(state, "service", words)
        until = time.monotonic() + START
        while not api.answers(state.socket):
            if process.poll() is not None or time.monotonic() > until:
                log = state.log / "service.log"
                raise EngineUnavailable(f"podman does not serve: {_last_line(log)} (all of it: {log})")
            time.sleep(0.1)
    if not _running(state, "ticker"):
        _launch(state, "ticker", [sys.executable, "-m", "deploy.engine.ticker", str(state.socket)])


def stop(state: EngineFolder) -> None:
    """End containers, API and ticker; images and volumes stay."""
    if shutil.which("podman") and state.made():
        podman(state, "rm", "--all", "--force", "--time", "5", check=False)
    for name in ("ticker", "service"):
        _end(state, name)
    state.socket.unlink(missing_ok=True)


def purge(state: EngineFolder) -> None:
    """Everything the engine made on this machine, but for installed Debian packages."""
    stop(state)
    if shutil.which("podman") and state.made():
        for words in (("volume", "prune", "--force"), ("network", "prune", "--force")):
            podman(state, *words, check=False)
        podman(state, "system", "reset", "--force", check=False)
    state.remove()


def podman(state: EngineFolder, *words: str, check: bool = True) -> str:
    """What a podman command answers.

    :raises EngineUnavailable: it fails, and ``check`` is asked for.
    """
    done = subprocess.run(
        ["podman", *words],
        env={**os.environ, **state.podman_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise EngineUnavailable(f"podman {' '.join(words[:3])}: {done.stderr.strip()}")
    return done.stdout.strip()


def _launch(state: EngineFolder, name: str, words: list[str]) -> subprocess.Popen[bytes]:
    with (state.log / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            env={**os.environ, **state.podman_environment(), "PYTHONPATH": str(ROOT)},
            cwd="/",  # the tree that it was started from may go, as a CI's does
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    note = {"pid": process.pid, "born": _born(process.pid)}
    (state.fleeting / f"{name}.json").write_text(json.dumps(note))
    return process


def _running(state: EngineFolder, name: str) -> int | None:
    """Its process, if it is the one that we started: a number may be somebody else's by now."""
    try:
        note = json.loads((state.fleeting / f"{name}.json").read_text())
    except (OSError, ValueError):
        return None
    return int(note["pid"]) if note["born"] and _born(note["pid"]) == note["born"] else None


def _end(state: EngineFolder, name: str) -> None:
    pid = _running(state, name)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            until = time.monotonic() + STOP
            while _running(state, name) and time.monotonic() < until:
                time.sleep(0.05)
            if _running(state, name):
                os.kill(pid, signal.SIGKILL)
    (state.fleeting / f"{name}.json").unlink(missing_ok=True)


def _born(pid: int) -> str | None:
    """When the process began, in the kernel's ticks; None when there is none, or only its remains."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if words[0] == "Z" else words[19]


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "it said nothing"
