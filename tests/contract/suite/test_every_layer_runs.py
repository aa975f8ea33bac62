"""Every test is run by some command, and docs/testing.md tells of every layer."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.count import LAYERS, told

MODULES = {str(path) for path in Path("tests").rglob("test_*.py")}


def run_by(target: str) -> set[str]:
    """The test modules that a target of the Makefile runs."""
    told = subprocess.run(["make", "-n", target], capture_output=True, text=True, check=True).stdout
    found: set[str] = set()
    for command in told.splitlines():
        if "-m pytest" in command:
            words = command.partition("-m pytest")[2].split()
            left_out = {word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")}
            asked = [word.rstrip(";") for word in words if word.startswith("tests/")]
            found |= {module for module in MODULES for path in asked if within(module, path)} - left_out
    return found


def within(module: str, path: str) -> bool:
    return module == path or module.startswith(f"{path}/")


def test_make_everything_runs_every_module() -> None:
    assert run_by("everything") == MODULES


def test_make_test_runs_three_layers_and_the_story() -> None:
    wanted = {module for module in MODULES if module.split("/")[1] in ("unit", "contract", "integration")}
    assert run_by("test") == wanted | {"tests/e2e/test_the_story.py"}


def test_the_page_tells_of_every_layer_that_has_tests() -> None:
    assert {module.split("/")[1] for module in MODULES} == set(LAYERS) == set(told())
