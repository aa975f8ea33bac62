"""From files to rulebooks. A fault stops the start and says where it stands; none is half good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml
from pydantic import ValidationError

from services.incidents.domain.rulebook import Rulebook
from services.incidents.rulebooks.entries import RulebookEntry
from services.incidents.rulebooks.reading import rulebook_from

Step = tuple[str | int, ...]


class RulebookFault(Exception):  # noqa: N818 - the word for it
    """A rulebook is not as it must be; the message has one line per fault, each with file and line."""


@dataclass(frozen=True)
class Loaded:
    """One year's rules for the engine, and the same as a document for whoever wants to read them."""

    rules: Rulebook
    document: Mapping[str, object]


def load_year(files: list[Path]) -> Loaded:
    """One administration year from its files, which are read as one.

    :raises RulebookFault: a file is no YAML, says something twice, or says what a rulebook cannot say.
    """
    raw: dict[str, Any] = {}
    places: dict[Step, str] = {}
    for file in files:
        node = _composed(file)
        places.update({step: f"{file.name}:{line}" for step, line in _lines(node, (), file)})
        _merge(raw, yaml.SafeLoader("").construct_document(node), file)
    try:
        entry = RulebookEntry.model_validate(raw)
    except ValidationError as error:
        raise RulebookFault("\n".join(_sentences(error, places))) from None
    document = entry.model_dump(mode="json", by_alias=True, exclude_none=True)
    content = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return Loaded(rulebook_from(entry, hashlib.sha256(content).hexdigest()[:16]), document)


def _composed(file: Path) -> yaml.Node:
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), yaml.SafeLoader)
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


def _sentences(error: ValidationError, places: Mapping[Step, str]) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        step = tuple(fault["loc"])
        yield f"{_place(step, places)}: {'.'.join(map(str, step))}: {fault['msg']}"


def _place(step: Step, places: Mapping[Step, str]) -> str:
    while step and step not in places:
        step = step[:-1]
    return places.get(step, "rulebook")
