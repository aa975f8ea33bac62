"""The documents are written for strangers: no marks of docstrings, no references that only we follow."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from deploy.console.ports import SERVICES
from shared.http.openapi.wording import plain
from tests.support.contracts.openapi_documents import document

FORBIDDEN = re.compile(r"``|:(?:raises|param|returns)\b|\b(?:HR|ADR)[- ]\d|\bA-\d|§")


@pytest.mark.parametrize("service", SERVICES)
def test_no_text_has_marks_or_references_of_ours(service: str) -> None:
    assert [text for text in _texts(document(service)) if FORBIDDEN.search(text)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_a_method_name_a_summary_and_a_description(service: str) -> None:
    operations = [one for item in document(service)["paths"].values() for one in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name)] == []
    assert [one["operationId"] for one in operations if not one["description"].endswith(".")] == []
    assert [one["operationId"] for one in operations if one["summary"].endswith(".")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_tag_is_described_and_every_refusal_has_a_meaning(service: str) -> None:
    made = document(service)
    operations = [one for item in made["paths"].values() for one in item.values()]
    assert {tag for one in operations for tag in one["tags"]} == {tag["name"] for tag in made["tags"]}
    meanings = [
        meaning
        for one in operations
        for answer in one["responses"].values()
        for meaning in answer.get("x-problem-codes", {}).values()
    ]
    assert meanings
    assert [meaning for meaning in meanings if not meaning.endswith((".", "!", "?"))] == []


@pytest.mark.parametrize(
    ("docstring", "told"),
    [
        ("An SSID is exactly ten digits (HR-07, A-16).", "An SSID is exactly ten digits."),
        ("HR-15: the types on offer, ``why`` not.", "The types on offer, `why` not."),
        ("Late (K5–K7) or not.\n\n:raises Refusal: no.", "Late or not."),
        ("the last day on which cases are taken; A-2", "the last day on which cases are taken"),
    ],
)
def test_docstrings_become_plain_words(docstring: str, told: str) -> None:
    assert plain(docstring) == told


def _texts(value: object) -> Iterator[str]:
    """Every description, summary, title and meaning; examples are data."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("description", "summary", "title") and isinstance(inner, str):
                yield inner
            elif name == "x-problem-codes":
                yield from inner.values()
            elif name not in ("example", "examples"):
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
