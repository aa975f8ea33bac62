"""JSON of strangers, read without ever running out of stack: how deep it may be nested is a number."""

from __future__ import annotations

import orjson

DEEPEST = 16  # objects and lists within each other; what identity providers send has three or four


def bounded_object(content: bytes, *, deepest: int = DEEPEST) -> dict[str, object]:
    """The object that this text is.

    :raises ValueError: no JSON (RFC 8259: no NaN, no half of a surrogate pair), no object, or nested deeper.
    """
    # orjson itself gives up at 1,024 levels, with an error that is a ValueError
    found = orjson.loads(content)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for one kind of junk
    level: list[object] = [found]
    for _ in range(deepest):
        level = [inner for outer in level if isinstance(outer, (dict, list)) for inner in _within(outer)]
        if not level:
            return found
    raise ValueError(f"nested deeper than {deepest} levels")


def _within(outer: dict[str, object] | list[object]) -> list[object]:
    return list(outer.values()) if isinstance(outer, dict) else outer
