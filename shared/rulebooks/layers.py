"""What the files of each year say, word by word, with the place of every word; no word of it is judged here.

A year is ``<year>.yaml`` and any ``<year>.<part>.yaml`` beside it, which are read as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

Step = tuple[str | int, ...]
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, where PyYAML was built with it
YEAR = re.compile(r"\d{4}-\d{2}")


class RulebookFault(Exception):  # noqa: N818 - the word for it
    """A rulebook is not as it must be; the message has one line per fault, each with file and line."""


@dataclass(frozen=True)
class Layer:
    """One year's words, and where each stands."""

    raw: Mapping[str, Any]  # YAML is any shape until a model has judged it
    places: Mapping[Step, str]

    def place(self, step: Step) -> str:
        """``file:line`` of the word, or of the nearest word around it."""
        while step and step not in self.places:
            step = step[:-1]
        return self.places.get(step, "rulebook")


def read_layers(folder: Path) -> dict[str, Layer]:
    """What each year's files say by themselves.

    :raises RulebookFault: a file is no YAML, says something twice, or names another year than its own.
    """
    files = sorted(folder.glob("*.yaml"), key=lambda file: file.name)
    layers = {
        year: read_layer(group) for year, group in groupby(files, key=lambda file: file.name.split(".")[0])
    }
    for year, layer in layers.items():
        if not YEAR.fullmatch(year):
            raise RulebookFault(f"{year}.yaml: the name of a rulebook begins with its year")
        if layer.raw.get("year") != year:
            raise RulebookFault(f"{year}.yaml: year is {layer.raw.get('year')}, not {year}")
    return layers


def read_layer(files: Iterable[Path]) -> Layer:
    """The files of one year, read as one.

    :raises RulebookFault: see ``read_layers``.
    """
    raw: dict[str, Any] = {}
    places: dict[Step, str] = {}
    for file in files:
        node = _composed(file)
        places.update({step: f"{file.name}:{line}" for step, line in _lines(node, (), file)})
        _merge(raw, yaml.SafeLoader("").construct_document(node), file)
    return Layer(raw, places)


def _composed(file: Path) -> yaml.Node:
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), PARSER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise RulebookFault(f"{file.name}{line}: {getattr(error, 'problem', 'not YAML')}") from None
    if not isinstance(node, yaml.MappingNode):
        raise RulebookFault(f"{file.name}:1: a rulebook is a mapping")
    return node


def _lines(node: yaml.Node, step: Step, file: Path) -> Iterator[tuple[Step, int]]:
    """Where each entry stands; a key that is said twice is a fault, which YAML itself would hide."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise RulebookFault(f"{file.name}:{key.start_mark.line + 1}: {key.value} is said twice")
            seen.add(key.value)
            yield (*step, key.value), key.start_mark.line + 1
            yield from _lines(value, (*step, key.value), file)
    elif isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            yield (*step, at), value.start_mark.line + 1
            yield from _lines(value, (*step, at), file)


def _merge(whole: dict[str, Any], part: dict[str, Any], file: Path) -> None:
    for name, value in part.items():
        if name not in whole:
            whole[name] = value
        elif (
            isinstance(value, dict)
            and isinstance(whole[name], dict)
            and not value.keys() & whole[name].keys()
        ):
            whole[name] |= value
        else:
            raise RulebookFault(f"{file.name}: {name} is said in another file of the year as well")
