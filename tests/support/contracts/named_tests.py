"""The tests of the tree by the names that documents give them: ``tests/unit/x/test_y.py::test_z``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]

NAMED = re.compile(r"tests/[\w/]+\.py::test_\w+")
_TEST = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


@cache
def every_test() -> frozenset[str]:
    """Every test, by path and name."""
    modules = (ROOT / "tests").rglob("test_*.py")
    return frozenset(
        f"{path.relative_to(ROOT)}::{name}"
        for path in modules
        for name in _TEST.findall(path.read_text("utf-8"))
    )
