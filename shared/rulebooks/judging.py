"""From words to a rulebook: a model judges them, and every fault is told with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from shared.rulebooks.layers import Layer, RulebookFault, Step

Fault = tuple[Step, str]
"""What is wrong, and the step at which it stands."""

M = TypeVar("M", bound=BaseModel)


def judged(model: type[M], layer: Layer) -> M:
    """The words of a layer as the model understands them.

    :raises RulebookFault: it does not; one line per fault, each with file and line.
    """
    try:
        return model.model_validate(layer.raw)
    except ValidationError as error:
        raise RulebookFault("\n".join(_sentences(error, layer))) from None


def refuse(layer: Layer, faults: Iterable[Fault]) -> None:
    """End the reading where what was understood does not hang together.

    :raises RulebookFault: there are faults; one line each, with file and line.
    """
    if found := [_sentence(layer, step, said) for step, said in faults]:
        raise RulebookFault("\n".join(found))


def document_of(book: BaseModel) -> dict[str, object]:
    """The rulebook as JSON-like data, whole, as it is published."""
    return book.model_dump(mode="json", by_alias=True, exclude_none=True)


def version_of(document: object) -> str:
    """The hash of the content: kept with each decision that the rulebook made."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def schema_of(model: type[BaseModel], title: str) -> dict[str, object]:
    """The JSON Schema of a whole rulebook (a file that extends another year says a part of it)."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": title,
        "description": "A whole rulebook; a file with `extends` says only what differs from that year.",
    }


def _sentences(error: ValidationError, layer: Layer) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        yield _sentence(layer, tuple(fault["loc"]), fault["msg"])


def _sentence(layer: Layer, step: Step, said: str) -> str:
    return f"{layer.place(step)}: {'.'.join(map(str, step))}: {said}"
