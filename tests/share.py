"""A share of the heavy tests, drawn by a seed: what CI runs of them where it has no time for all.

The same seed draws the same share, and the seeds of many commits draw everything. ``make share SEED=…``
repeats one.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tests.faults.cells import Cell, cells

HERE = Path(__file__).parent
ROOT = HERE.parent
ON_CONTAINERS = HERE / "on_containers.txt"  # what `make containers-infra` runs
STORY = "test_the_story.py"  # `make test` runs it
CELLS, KILLS = 10, 30  # how many are drawn
MODULES = {"one-service": 1, "e2e": 2, "containers-infra": 3, "containers": 1}
WITH_ANY_CELL = ("test_after_all_of_them_nothing_is_lost", "test_after_all_of_them_every_read_model_is_right")
OUTAGES = {  # what else is told of the systems that live through the cells: one is drawn
    "test_postgres_restarted_under_load_is_said_with_503_and_loses_nothing": "feeds",
    "test_a_flipped_bit_is_found_and_the_batch_sent_again": "kafka",
    "test_a_day_without_kafka_fails_no_filing_and_drains_in_order": "kafka",
}


class Part(StrEnum):
    """What a share is drawn of."""

    FAULTS = "faults"
    ONE_SERVICE = "one-service"
    KILLS = "kills"
    E2E = "e2e"
    CONTAINERS_INFRA = "containers-infra"
    CONTAINERS = "containers"


FOLDERS = {Part.ONE_SERVICE: "faults/one_service"}  # where its name does not say it

# Tests of these wait for a system most of the time: one pytest runs them, two systems side by side.
SIDE_BY_SIDE = (Part.FAULTS, Part.KILLS, Part.E2E, Part.ONE_SERVICE)


@dataclass(frozen=True)
class Share:
    """What is run of one part."""

    names: list[str]  # as they are printed
    tests: list[str]  # as pytest takes them
    told: dict[str, str] = field(default_factory=dict)  # environment


def drawn(names: Sequence[str], count: int, seed: int) -> list[str]:
    """So many of the names, in their order."""
    chosen = set(random.Random(seed).sample(sorted(names), count))
    return [name for name in names if name in chosen]


def share_of(part: Part, seed: int) -> Share:
    """What this seed draws of a part."""
    if part is Part.FAULTS:
        return _faults(seed)
    if part is Part.KILLS:
        told = {"STAIRS_CHAOS_CYCLES": str(KILLS), "STAIRS_CHAOS_SEED": str(seed)}
        return Share([f"{KILLS} kills"], ["tests/faults/test_chaos.py"], told)
    paths = drawn(modules(part), MODULES[part.value], seed)
    return Share(paths, paths, {"STAIRS_INFRA": "containers"} if part is Part.CONTAINERS_INFRA else {})


def modules(part: Part) -> list[str]:
    """The paths of which some are drawn: all of a layer but for the story that `make test` runs."""
    if part is Part.CONTAINERS_INFRA:
        return ON_CONTAINERS.read_text("utf-8").split()
    folder = HERE / FOLDERS.get(part, part.value)
    found = (path for path in folder.glob("test_*.py") if path.name != STORY)
    return sorted(str(path.relative_to(ROOT)) for path in found)


def _faults(seed: int) -> Share:
    names = drawn([cell.name for cell in cells()], CELLS, seed)
    (outage,) = drawn(list(OUTAGES), 1, seed)
    tests = ["tests/faults/test_fault_proxy.py"]
    for transport in ("feeds", "kafka"):
        here = [_test_of(cell) for cell in cells() if cell.name in names and cell.transport == transport]
        here += [outage] if OUTAGES[outage] == transport else []
        tests += [f"{_module(transport)}::{test}" for test in (*here, *WITH_ANY_CELL) if here]
    return Share([*names, outage], tests)


def _module(transport: str) -> str:
    return f"tests/faults/test_cells_on_{transport}.py"


def _test_of(cell: Cell) -> str:
    return f"test_what_is_expected_of_a_fault_is_seen[{cell.name}]"


def main(
    seed: Annotated[int, typer.Argument(help="repeats a share")],
    parts: Annotated[list[Part] | None, typer.Argument(help="of these only")] = None,
    *,
    list_only: Annotated[bool, typer.Option("--list", help="print the tests, run none")] = False,
) -> None:
    """Draw the share of a seed, print it, and run it."""
    shares = {part: share_of(part, seed) for part in parts or list(Part)}
    for part, share in shares.items():
        typer.echo(f"── share of {part.value}, seed {seed}: {', '.join(share.names)}")
        if list_only:
            typer.echo("\n".join(share.tests))
    if list_only:
        return
    together = [share for part, share in shares.items() if part in SIDE_BY_SIDE]
    passed = [_run(together, "-n", "2")] if together else []
    passed += [_run([share]) for part, share in shares.items() if part not in SIDE_BY_SIDE]
    raise typer.Exit(int(not all(passed)))


def _run(shares: Sequence[Share], *options: str) -> bool:
    """Whether the tests of these shares passed."""
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        *options,
        *(test for share in shares for test in share.tests),
    ]
    told = {name: value for share in shares for name, value in share.told.items()}
    return subprocess.run(words, cwd=ROOT, env={**os.environ, **told}, check=False).returncode == 0


if __name__ == "__main__":
    typer.run(main)
