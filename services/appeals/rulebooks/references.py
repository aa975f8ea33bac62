"""Names that a rulebook uses and does not define, or defines and does not use; each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from services.appeals.domain.errors import OFFER_REFUSALS
from services.appeals.domain.offers import CASE_LEADS_NOWHERE, WINDOW_CLOSED
from services.appeals.domain.values import AppealType
from services.appeals.rulebooks.schema import RulebookFile
from shared.rulebooks.judging import Fault

ALWAYS_NEEDED = {CASE_LEADS_NOWHERE, WINDOW_CLOSED, "restore_through_caltac"}
"""Reasons that the engine itself gives."""


NAMED = ("K9", "K20")
"""Clocks that the engine runs whatever the routes say: appeal filing, and the re-opened test."""


def dangling(book: RulebookFile) -> Iterator[Fault]:
    """Every clock, reason, refusal code and appeal type that leads nowhere."""
    for kind in set(AppealType) - set(book.types):
        yield ("types",), f"appeal types without a rule: {kind.value}"
    for name in NAMED:
        if name not in book.clocks:
            yield ("clocks",), f"there is no clock {name}"
    for name, route in book.routes.items():
        if route.clock not in book.clocks:
            yield ("routes", name, "clock"), f"there is no clock {route.clock}"
        for reason in sorted(route.reasons() - set(book.reasons)):
            yield ("routes", name), f"gives the reason {reason}, which has no text"
    yield from _reasons(book)


def _reasons(book: RulebookFile) -> Iterator[Fault]:
    given = ALWAYS_NEEDED.union(*(route.reasons() for route in book.routes.values()))
    for name in sorted(ALWAYS_NEEDED - set(book.reasons)):
        yield ("reasons",), f"the reason {name} has no text"
    for name, reason in book.reasons.items():
        if name not in given:
            yield ("reasons", name), "a reason that nothing gives"
        if (reason.refusal or name) not in OFFER_REFUSALS:
            yield ("reasons", name), f"nobody knows the refusal code {reason.refusal or name}"
