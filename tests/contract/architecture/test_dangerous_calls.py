"""What turns data into code, a command or an object of any kind is called nowhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVED = sorted(path for folder in ("shared", "services") for path in (ROOT / folder).rglob("*.py"))
SOURCES = [*SERVED, *sorted((ROOT / "deploy").rglob("*.py")), *sorted((ROOT / "tools").rglob("*.py"))]

CODE = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
OBJECTS = {"pickle", "marshal", "shelve", "dill", "jsonpickle"}
ENTITIES = {"xml.etree", "xml.dom", "xml.sax", "lxml"}
"""Parsers of XML that resolve entities unless they are told not to; expat is told, and tested."""

STARTS = "services/incidents/providers/sheets.py"
"""The only place of the services that starts a program: our own reader of files, by fixed words."""


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def found(text: str, path: Path) -> list[str]:
    """The calls of a text that make code of data, and the words of a shell."""
    path.write_text(text, "utf-8")
    return list(dangerous(path))


def dangerous(path: Path) -> Iterator[str]:
    for call in calls(path):
        said = ast.unparse(call.func)
        shell = any(each.arg == "shell" and ast.unparse(each.value) != "False" for each in call.keywords)
        if said in CODE or shell:
            yield f"{path.name}:{call.lineno}: {said}"


def test_no_data_become_code_or_a_command() -> None:
    assert [each for path in SOURCES for each in dangerous(path)] == []


def test_no_data_become_objects_of_any_kind_and_no_xml_resolves_entities() -> None:
    refused = OBJECTS | ENTITIES
    named = {
        path.name: name
        for path in SERVED
        for name in imported(path)
        if any(f"{name}.".startswith(f"{each}.") for each in refused)
    }
    assert named == {}


def test_one_place_of_the_services_starts_a_program() -> None:
    starting = {
        path.relative_to(ROOT).as_posix()
        for path in SERVED
        for name in imported(path)
        if name.partition(".")[0] == "subprocess"
    }
    assert starting == {STARTS}


@pytest.mark.parametrize(
    "text", ["eval('1')", "subprocess.run(words, shell=True)", "yaml.load(text)", "os.system(said)"]
)
def test_such_a_call_is_found(text: str, tmp_path: Path) -> None:
    assert len(found(text, tmp_path / "some.py")) == 1
