"""The domain may import these names and no others: a store's driver has no way in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

STANDARD = {
    "__future__",
    "abc",  # what a kind of fact or occasion must say is refused at its making, not at its reading
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "itertools",
    "operator",
    "re",
    "typing",
    "unicodedata",
    "uuid",
    "zoneinfo",
}
ALLOWED = STANDARD | {
    "eventsourcing.domain",
    "shared.kernel",
    "shared.deadlines.terms",  # pure, as the deadline itself
    "shared.deadlines.deadline",
}
DOMAIN_FILES = sorted(Path("services").glob("*/domain/**/*.py"))
CLOCK_AND_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4", "random"}


def imported_modules(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_there_are_domains_to_look_at() -> None:
    assert {path.parts[1] for path in DOMAIN_FILES} == {"incidents", "appeals", "notifications"}


@pytest.mark.parametrize("path", DOMAIN_FILES, ids=str)
def test_a_domain_file_imports_only_what_is_allowed(path: Path) -> None:
    allowed = ALLOWED | {".".join(path.parts[:3])}
    strangers = {
        module
        for module in imported_modules(path.read_text())
        if not any(is_within(module, package) for package in allowed)
    }
    assert strangers == set()


@pytest.mark.parametrize("path", DOMAIN_FILES, ids=str)
def test_a_domain_file_asks_neither_the_clock_nor_chance(path: Path) -> None:
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    assert called & CLOCK_AND_CHANCE == set()
