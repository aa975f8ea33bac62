"""The conditions of rulebooks: comparisons, joined by all, any and not.

A comparison with a value that is not known never holds, nor does its opposite; ``Known`` tests for that.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

Circumstances = Mapping[str, object]
"""What a condition may ask about: ``test``, ``test_kind``, ``grade``, ``delivery_mode``, ``student_count``,
``students`` (how many are listed) and ``details.<name>``. What nobody said is absent or ``None``."""


class Condition(Protocol):
    """Something that holds, or does not, in the circumstances of a case."""

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether it is so."""
        ...


class Comparison(StrEnum):
    """How a number is compared."""

    ABOVE = "above"
    BELOW = "below"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


ORDERS: Mapping[Comparison, Callable[[int, int], bool]] = {
    Comparison.ABOVE: operator.gt,
    Comparison.BELOW: operator.lt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
}


@dataclass(frozen=True)
class OneOf:
    """Holds if the field has one of these values."""

    field: str
    values: tuple[object, ...]

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether it is so; unknown is none of them."""
        found = circumstances.get(self.field)
        return any(type(found) is type(value) and found == value for value in self.values)


@dataclass(frozen=True)
class Compared:
    """Holds if the field is a number and compares so with the bound."""

    field: str
    order: Comparison
    bound: int

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether it is so; unknown stands in no order."""
        found = circumstances.get(self.field)
        if not isinstance(found, int) or isinstance(found, bool):
            return False
        return ORDERS[self.order](found, self.bound)


@dataclass(frozen=True)
class Known:
    """Holds if the field has a value."""

    field: str

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether it is so."""
        return circumstances.get(self.field) is not None


@dataclass(frozen=True)
class AllOf:
    """Holds if every part holds."""

    parts: tuple[Condition, ...]

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether it is so."""
        return all(part.holds(circumstances) for part in self.parts)


@dataclass(frozen=True)
class AnyOf:
    """Holds if at least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether it is so."""
        return any(part.holds(circumstances) for part in self.parts)


@dataclass(frozen=True)
class Not:
    """Holds if the part does not hold."""

    part: Condition

    def holds(self, circumstances: Circumstances) -> bool:
        """Whether it is so."""
        return not self.part.holds(circumstances)


ALWAYS = AllOf(())
