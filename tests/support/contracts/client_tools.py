"""Tools of other languages that read docs/openapi: installed under var/clients, from their locks.

Where a language is absent, the test is skipped with the reason; ``STAIRS_REQUIRE=npm,go,java`` makes it fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from deploy.console.folders import ROOT
from deploy.console.ports import SERVICES
from tests.support.servers.requirements import unavailable

SOURCES = ROOT / "tests" / "clients"
WORK = ROOT / "var" / "clients"
DOCUMENTS = {service: ROOT / "docs" / "openapi" / f"{service}.json" for service in SERVICES}
DOWNLOADS = 900.0  # seconds; a first run on a slow line fetches some hundred megabytes
OAPI_CODEGEN = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"


def require(what: str, *programs: str) -> None:
    """Skip (or fail, where ``what`` is required) without these programs."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        unavailable(what, [f"{program} is not installed" for program in missing])


def run(
    *command: str | Path, cwd: Path = ROOT, told: Mapping[str, str] | None = None, within: float = DOWNLOADS
) -> str:
    """What a program says; its failure is the test's, in its own words."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, **(told or {})}, capture_output=True, text=True,
        timeout=within, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        pytest.fail(f"{' '.join(words)}\n{(done.stdout + done.stderr)[-6000:]}", pytrace=False)
    return done.stdout


def copied(language: str) -> Path:
    """A language's story, copied to where it may be built; what was built before stays."""
    target = WORK / language
    shutil.copytree(SOURCES / language, target, dirs_exist_ok=True)
    return target


@cache
def npm_packages() -> Path:
    """The folder with the linters and generators of npm, as their lock says."""
    require("npm", "npm", "node")
    WORK.mkdir(parents=True, exist_ok=True)
    lock = (SOURCES / "package-lock.json").read_bytes()
    installed = WORK / "node_modules" / "installed-lock.json"
    if not installed.exists() or installed.read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, WORK / name)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=WORK)
        installed.write_bytes(lock)
    return WORK


def npm_program(name: str) -> Path:
    """A program of one of these packages."""
    return npm_packages() / "node_modules" / ".bin" / name


@cache
def python_environment() -> Path:
    """The interpreter of an environment with the generator of Python clients, as its lock says."""
    venv, lock = WORK / "python-venv", SOURCES / "python" / "requirements.txt"
    python, installed = venv / "bin" / "python", venv / "installed-lock.txt"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        uv = Path(sys.executable).with_name("uv")
        run(uv, "venv", "-q", "--clear", "--python", sys.executable, venv)
        run(uv, "pip", "install", "-q", "--python", python, "--require-hashes", "-r", lock)
        shutil.copy(lock, installed)
    return python
