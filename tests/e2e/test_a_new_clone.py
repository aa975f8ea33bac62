"""The two commands of the README, in a new clone, with an empty environment."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.console.folders import ROOT
from tests.support.system.system import STOP, end_with_its_starter, free_offset, short_folder

pytestmark = pytest.mark.timeout(600)

READY = 300.0  # seconds, installation included
KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE")  # and how pip finds packages, wherever we are


@dataclass(frozen=True)
class Clone:
    """A clone with a running `make run` in it."""

    folder: Path
    environment: dict[str, str]
    screen: Path
    process: subprocess.Popen[bytes]

    def make(self, target: str) -> subprocess.CompletedProcess[str]:
        """A second terminal."""
        return subprocess.run(
            ["make", target],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def shown(self) -> str:
        return self.screen.read_text("utf-8", errors="replace")


@pytest.fixture(scope="module")
def clone() -> Iterator[Clone]:
    """A new clone in which `make run` says that it is ready."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PIP_")}
    environment = kept | {"STAIRS_PORT_OFFSET": str(free_offset())}
    with short_folder() as folder:
        tree, screen = folder / "stairs", folder / "screen.txt"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(tree)], check=True)
        with screen.open("wb") as output:
            process = subprocess.Popen(
                [shutil.which("make") or "make", "run"],
                cwd=tree,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_its_starter,  # noqa: PLW1509 - as in tests/support/system/system.py
            )
        made = Clone(tree, environment, screen, process)
        _wait_until_ready(made)
        yield made
        stop(made)


def _wait_until_ready(clone: Clone) -> None:
    until = time.monotonic() + READY
    while "ready after" not in clone.shown:
        if clone.process.poll() is not None or time.monotonic() > until:
            stop(clone)
            pytest.fail(clone.shown[-4000:])
        time.sleep(0.2)


def stop(clone: Clone) -> int:
    """Ctrl-C, as a terminal sends it: to everybody in the foreground."""
    if clone.process.poll() is None:
        os.killpg(clone.process.pid, signal.SIGINT)
    return clone.process.wait(STOP)


def test_addresses_and_where_the_tokens_are_is_printed(clone: Clone) -> None:
    assert "http://127.0.0.1:" in clone.shown
    assert re.search(r"^tokens +var/run/tokens/ROLE\.jwt *$", clone.shown, re.MULTILINE)
    assert "eyJ" not in clone.shown  # the tokens themselves stay in their files
    kept = sorted((clone.folder / "var" / "run" / "tokens").glob("*.jwt"))
    assert (
        len([file for file in kept if re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+\s*", file.read_text())]) == 8
    )


def test_the_demo_ends_well_and_says_how_long_it_took_from_the_clone(clone: Clone) -> None:
    demo = clone.make("demo")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert re.search(r"from clone to the last mail: \d+ s", demo.stdout)
    assert "[info " not in clone.shown  # addresses stay where they can be read
    assert re.search(r"^logs +var/log *$", clone.shown, re.MULTILINE)


def test_ctrl_c_stops_everything(clone: Clone) -> None:
    stop(clone)
    assert clone.shown.rstrip().splitlines()[-1].startswith(("stopped", "make"))
    assert not (clone.folder / "var" / "postgres" / "postmaster.pid").exists()
