"""Files stay readable, names say something, and no file names a package registry."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

BANNED = {"utils", "helpers", "common", "base", "misc", "manager", "flows", "service"}
REGISTRY = re.compile(
    r"pypi\.(org|python)|pythonhosted|npmjs|crates\.io|proxy\.golang|maven\.org|deb\.debian|docker\.io", re.I
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [Path(name) for name in listed if name and Path(name).is_file()]


SOURCES = tracked("services/*.py", "shared/*.py", "deploy/*.py")
TESTS = tracked("tests/*.py")


# A warning, not a law: a wall between two modules stands where the meaning changes.
# Beyond these lengths a file has had more than one meaning so far; below them nobody cuts a file to fit.
@pytest.mark.parametrize(("files", "limit"), [(SOURCES, 500), (TESTS, 600)], ids=["ours", "tests"])
def test_no_file_is_longer_than_anybody_reads(files: list[Path], limit: int) -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > limit} == {}


def test_no_function_is_longer_than_forty_lines() -> None:
    long = {
        f"{path}:{node.name}": (node.end_lineno or 0) - node.body[0].lineno + 1
        for path in SOURCES
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in long.items() if lines > 40} == {}


def test_no_module_has_a_name_that_fits_anything() -> None:
    assert {str(path) for path in SOURCES if path.stem in BANNED} == set()


def test_no_file_names_a_package_registry() -> None:
    here = Path(__file__).name
    named = {
        str(path)
        for path in tracked()
        if path.name != here and REGISTRY.search(path.read_text(errors="ignore"))
    }
    assert named == set()
