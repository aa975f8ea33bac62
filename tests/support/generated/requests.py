"""Requests made from an OpenAPI document: valid ones and wrong ones, about what is there and what is not.

What is made from the document alone names things that nobody has, and ends at the first 404. So a case goes
out in one of three ways: as it was made; about a thing of the world in which it is asked; or laid over a
request that the world understands.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case as SchemathesisCase
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from tests.support.authorisation.worlds import Asked

BASE = "http://service"
WAYS = ("made", "there", "understood")
Operation = APIOperation[Any, Any, Any, Any]
Case = SchemathesisCase[Any]


@dataclass(frozen=True)
class Made:
    """One request as it goes out, and whether it is one that the document does not allow."""

    method: str
    url: str
    headers: Sequence[tuple[bytes, bytes]]
    content: bytes
    is_wrong: bool = False


def operations(document: dict[str, Any]) -> dict[str, Operation]:
    """The operations of a document by their ids; tokens are left to who asks."""
    plain = {**document, "paths": {at: _without_security(item) for at, item in document["paths"].items()}}
    loaded = schemathesis.openapi.from_dict(plain)
    found = (result.ok() for result in loaded.get_all_operations() if isinstance(result, Ok))
    return {operation.definition.raw["operationId"]: operation for operation in found}


def _without_security(item: Mapping[str, Any]) -> dict[str, Any]:
    return {method: {**operation, "security": []} for method, operation in item.items()}


def cases(operation: Operation, count: int, of: int) -> list[Case]:
    """So many cases of an operation, or as many as there are; half of them wrong where that can be."""
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    raw = operation.definition.raw
    takes_something = bool(raw.get("parameters") or raw.get("requestBody"))
    return [
        case
        for mode in (modes if takes_something else modes[:1])
        for case in _cases(operation, mode, count // 2, of)
    ]


def _cases(operation: Operation, mode: GenerationMode, count: int, of: int) -> list[Case]:
    found: list[Case] = []

    @seed(of)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def take(case: Case) -> None:
        found.append(case)

    with suppress(Unsatisfiable):  # nothing that could be sent would be wrong
        take()
    return found


def sent(case: Case, asked: Asked | None, chance: random.Random) -> Made:
    """The case as it was made, about a thing that is there, or laid over a request that is understood."""
    way = "made" if asked is None else chance.choice(WAYS)
    if asked is None or way == "made":
        return _made(case, is_wrong=case.meta is not None and case.meta.generation.mode.is_negative)
    if way == "understood" and asked.json is not None and isinstance(case.body, dict):
        kept = {name: value for name, value in case.body.items() if chance.random() < 0.3}
        case.body = {**asked.json, **kept}
    return _made(case, asked.path)


def _made(case: Case, path: str | None = None, *, is_wrong: bool = False) -> Made:
    told = case.as_transport_kwargs(base_url=BASE)
    if path is not None:
        told["url"] = BASE + path
    ready = requests.Request(**told).prepare()
    body = ready.body or b""
    assert isinstance(body, str | bytes)
    headers = [(_octets(name), _octets(value)) for name, value in ready.headers.items()]
    content = body.encode() if isinstance(body, str) else body
    return Made(str(ready.method), str(ready.url), headers, content, is_wrong)


def _octets(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
