"""Reads the ``when`` of a rulebook into a condition of the domain.

    when: {test_kind: [cat, cast], details.minutes_paused: {above: 20}, not: {details.affected_part: pt}}

All parts of a mapping must hold. A plain value or a list asks for equality; ``above``, ``below``,
``at_least`` and ``at_most`` compare numbers; ``known: true`` asks whether anybody said it; ``any: [...]`` and
``not: {...}`` combine.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.incidents.domain.conditions import (
    AllOf,
    AnyOf,
    Compared,
    Comparison,
    Condition,
    Known,
    Not,
    OneOf,
)

FIELDS = frozenset({"test", "test_kind", "grade", "delivery_mode", "students", "student_count", "appeals"})
"""What may be asked besides ``details.<name>``; ``appeals``: how many types the case may lead to."""


def read_condition(raw: object) -> Condition:
    """The condition that this mapping spells.

    :raises ValueError: it spells none.
    """
    if not isinstance(raw, dict) or not raw:
        raise ValueError("a condition is a mapping of what must hold")
    return AllOf(tuple(_part(str(name), asked) for name, asked in raw.items()))


def fields_of(condition: Condition) -> Iterator[str]:
    """Every field that the condition asks about."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from fields_of(part)
        case Not(part):
            yield from fields_of(part)
        case OneOf(field=field) | Compared(field=field) | Known(field=field):
            yield field


def _part(name: str, asked: object) -> Condition:
    if name == "not":
        return Not(read_condition(asked))
    if name == "any":
        if not isinstance(asked, list):
            raise ValueError("any: takes a list of conditions")
        return AnyOf(tuple(read_condition(part) for part in asked))
    if name not in FIELDS and not name.startswith("details."):
        raise ValueError(f"nobody can ask about {name!r}")
    if isinstance(asked, dict):
        return AllOf(tuple(_comparison(name, str(word), bound) for word, bound in asked.items()))
    values = tuple(asked) if isinstance(asked, list) else (asked,)
    if not values or not all(isinstance(value, str | int) for value in values):
        raise ValueError(f"{name}: is compared with plain values")
    return OneOf(name, values)


def _comparison(name: str, word: str, bound: object) -> Condition:
    if word == "known" and isinstance(bound, bool):
        return Known(name) if bound else Not(Known(name))
    if not isinstance(bound, int) or isinstance(bound, bool):
        raise ValueError(f"{name} {word}: compares with a whole number")  # noqa: TRY004 - pydantic reads these
    return Compared(name, Comparison(word), bound)
