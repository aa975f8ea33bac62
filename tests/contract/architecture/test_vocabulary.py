"""One word, one meaning (docs/glossary.md): a class name that many files share says nothing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

TREES = ("services", "shared", "deploy")
MOST = 2  # a domain's fact and its published contract may share a name

OF_THE_LIBRARY = {"Event", "Created"}
"""The eventsourcing library asks each aggregate for classes of these names."""

GONE = {
    "clocks": "deadlines",
    "clockwork": "upkeep",
    "keyset": "jwks",
    "border": "middleware",
    "unit": "unit_of_work",
    "turns": "publisher_lock",
    "desk": "dependencies",
    "letter_box": "register",
    "cut": "snapshot",
    "doorways": "service_commands",
    "place": "folders",
    "postmaster": "postgres_process",
    "trouble": "errors",
}
"""Names of modules that were a house's own, and what took their place."""


def sources() -> list[Path]:
    return [path for tree in TREES for path in sorted(Path(tree).rglob("*.py"))]


def classes_by_name() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in sources():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].add(str(path))
    return found


def test_no_class_name_stands_in_more_than_two_files() -> None:
    crowded = {
        name: sorted(files)
        for name, files in classes_by_name().items()
        if len(files) > MOST and name not in OF_THE_LIBRARY
    }
    assert crowded == {}


def test_no_class_of_ours_hides_one_of_typing() -> None:
    hidden = {"Protocol", "Any", "Annotated", "Literal", "Final"}
    assert {name: files for name, files in classes_by_name().items() if name in hidden} == {}


@pytest.mark.parametrize("stem", sorted(GONE))
def test_no_module_goes_back_to_a_word_with_two_meanings(stem: str) -> None:
    back = [str(path) for path in sources() if path.stem == stem]
    assert back == [], f"say {GONE[stem]!r}"


@pytest.mark.parametrize("tree", ["services/incidents", "services/appeals", "services/notifications"])
def test_what_follows_its_own_facts_has_the_room_reactions(tree: str) -> None:
    rooms = {
        path.relative_to(tree).parts[0]
        for path in Path(tree).rglob("*.py")
        if "async def prepare(self, page: Sequence[Recorded])" in path.read_text()
    }
    assert rooms == {"reactions"}
