"""The algorithms that the code uses are those of the inventory in docs/production.md, and no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from shared.http.auth import ALGORITHMS

ROOT = Path(__file__).parents[3]
SOURCES = sorted(
    path for folder in ("shared", "services", "deploy") for path in (ROOT / folder).rglob("*.py")
)

IS = {
    "hashlib.sha256": "SHA-256",
    "hashlib.file_digest": "SHA-256",
    "hmac.new": "HMAC-SHA-256",
    "hmac.digest": "HMAC-SHA-256",
    "AESGCM": "AES-256-GCM",
    "pyrage": "age",
}
"""How the code says an algorithm of the inventory."""

COMPARED = {"hmac.compare_digest"}


def inventory() -> set[str]:
    page = (ROOT / "docs/production.md").read_text("utf-8")
    section = page[page.index("## Keys") : page.index("## Backups")]
    return set(re.findall(r"`([A-Z][A-Za-z0-9-]*\d[A-Z0-9-]*|EdDSA|age)`", section))


def uses(path: Path) -> Iterator[str]:
    """What a module uses of hashlib and hmac: ``hashlib.sha256``."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("hashlib", "hmac"):
            yield ast.unparse(node)


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """The packages that a module imports from, and the names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((each.name.partition(".")[0], each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module.partition(".")[0], each.name) for each in node.names)


def test_every_algorithm_of_the_inventory_is_one_that_the_code_uses() -> None:
    used = {call for path in SOURCES for call in uses(path)} - COMPARED
    imported = {(package, name) for path in SOURCES for package, name in imports(path)}
    primitives = {name for package, name in imported if package == "cryptography"} - {"InvalidTag"}
    assert used | primitives <= set(IS)
    said = {IS[each] for each in used | primitives} | {"age"}
    assert said | (set(ALGORITHMS) - {"Ed25519"}) == inventory()


def test_what_is_cryptographic_is_random_by_the_system() -> None:
    """``random`` spreads retries; nothing else of the code may be drawn by it."""
    drawing = {path.relative_to(ROOT).as_posix() for path in SOURCES if "random" in dict(imports(path))}
    assert drawing == {"shared/persistence/back_off.py"}


def test_a_mark_has_256_bits() -> None:
    made = [
        ast.unparse(node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("hmac.new", "hmac.digest")
    ]
    assert made
    assert [each for each in made if "hashlib.sha256" not in each] == []
