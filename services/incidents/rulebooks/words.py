"""Conditions of a rulebook as a person would say them."""

from __future__ import annotations

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

ORDERS = {
    Comparison.ABOVE: "more than",
    Comparison.BELOW: "fewer than",
    Comparison.AT_LEAST: "at least",
    Comparison.AT_MOST: "at most",
}
AN_APPEAL_APPLIES = Compared("appeals", Comparison.AT_LEAST, 1)


def in_words(condition: Condition) -> str:
    """``minutes paused: more than 20, and not (affected part is pt)``."""
    match _bare(condition):
        case AllOf(parts):
            return ", and ".join(map(in_words, parts))
        case AnyOf(parts):
            return f"({', or '.join(map(in_words, parts))})"
        case Not(part):
            return _denied(_bare(part))
        case plain:
            return _plain(plain)


def _bare(condition: Condition) -> Condition:
    while isinstance(condition, AllOf) and len(condition.parts) == 1:
        condition = condition.parts[0]
    return condition


def _denied(part: Condition) -> str:
    if isinstance(part, OneOf) and part.values in ((True,), (False,)):
        return f"{_name(part.field)} is not said to be {'so' if part.values[0] else 'untrue'}"
    return f"not {in_words(part)}"


def _plain(condition: Condition) -> str:
    match condition:
        case OneOf(field, (bool(so),)):
            return f"{_name(field)} is {'so' if so else 'untrue'}"
        case OneOf(field, values):
            return f"{_name(field)} is {' or '.join(_name(str(value)) for value in values)}"
        case Compared() if condition == AN_APPEAL_APPLIES:
            return "an appeal applies"
        case Compared(field, order, bound):
            return f"{_name(field)}: {ORDERS[order]} {bound}"
        case Known(field):
            return f"{_name(field)} is known"
    raise TypeError(f"no words for {type(condition).__name__}")


def _name(field: str) -> str:
    return field.removeprefix("details.").replace("_", " ")
