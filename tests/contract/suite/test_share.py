"""A share of the heavy tests is the same for the same seed, and over many seeds everything is drawn."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.cells import cells
from tests.share import CELLS, KILLS, OUTAGES, WITH_ANY_CELL, Part, drawn, modules, share_of

SEEDS = range(1, 101)
PARTS = list(Part)


@pytest.mark.parametrize("part", PARTS)
def test_the_same_seed_draws_the_same(part: Part) -> None:
    assert all(share_of(part, seed) == share_of(part, seed) for seed in SEEDS)


@pytest.mark.parametrize(
    ("part", "all_of_it"),
    [
        (Part.FAULTS, {cell.name for cell in cells()} | set(OUTAGES)),
        (Part.ONE_SERVICE, set(modules(Part.ONE_SERVICE))),
        (Part.E2E, set(modules(Part.E2E))),
        (Part.CONTAINERS_INFRA, set(modules(Part.CONTAINERS_INFRA))),
        (Part.CONTAINERS, set(modules(Part.CONTAINERS))),
    ],
)
def test_over_many_seeds_everything_is_drawn(part: Part, all_of_it: set[str]) -> None:
    assert {name for seed in SEEDS for name in share_of(part, seed).names} == all_of_it


def test_ten_cells_and_one_outage_are_drawn_and_no_two_seeds_in_a_row_draw_the_same() -> None:
    shares = [share_of(Part.FAULTS, seed).names for seed in SEEDS]
    assert {len(names) for names in shares} == {CELLS + 1}
    assert all(one != next_one for one, next_one in pairwise(shares))


def test_what_is_drawn_keeps_its_order() -> None:
    assert drawn(["c", "a", "b"], 3, 7) == ["c", "a", "b"]


def test_kills_are_in_the_order_of_the_seed() -> None:
    told = share_of(Part.KILLS, 17).told
    assert told == {"STAIRS_CHAOS_CYCLES": str(KILLS), "STAIRS_CHAOS_SEED": "17"}


def test_every_test_of_a_share_exists() -> None:
    named = {test for seed in SEEDS for part in PARTS for test in share_of(part, seed).tests}
    assert [test for test in named if not _exists(test)] == []


def test_every_port_suite_is_among_what_runs_on_containers() -> None:
    suites = {str(path) for path in Path("tests/contract").glob("test_*_ports.py")}
    assert suites <= set(modules(Part.CONTAINERS_INFRA))


def test_each_system_that_lives_through_cells_is_looked_over_at_the_end() -> None:
    for seed in SEEDS:
        tests = share_of(Part.FAULTS, seed).tests
        for module in {test.partition("::")[0] for test in tests if "test_cells" in test}:
            assert [test for test in tests if test.startswith(module)][-2:] == [
                f"{module}::{name}" for name in WITH_ANY_CELL
            ]


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    if not name:
        return Path(path).exists()
    tree = ast.parse(Path(path).read_text("utf-8"))
    return name.partition("[")[0] in {getattr(node, "name", "") for node in tree.body}
