"""Codes that a rulebook mentions and that lead nowhere, or in a circle; each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from services.incidents.domain.conditions import AllOf, AnyOf, Condition, Not, OneOf
from services.incidents.domain.values import DeliveryMode
from services.incidents.rulebooks.entries import RulebookEntry, TypeEntry
from services.incidents.rulebooks.when import read_condition
from shared.rulebooks.judging import Fault
from shared.rulebooks.layers import Step

Codes = Mapping[str, frozenset[object]]
REPORTING, CALL = "K3", "K4"
"""The clock from discovery to submission, and that of a breach's phone call."""
OWNED = (REPORTING, "K3b", CALL, "K8")
"""The clocks that this service runs."""

CELLS = ("severity", "pre_action", "appeals", "recommended_action")


def dangling(book: RulebookEntry) -> Iterator[Fault]:
    """Every mention of an incident type, test, kind of test or choice that the year does not have."""
    known: dict[str, frozenset[object]] = {
        "test": frozenset(book.tests),
        "test_kind": frozenset(test.kind for test in book.tests.values()),
        "delivery_mode": frozenset(mode.value for mode in DeliveryMode),
    }
    for appeal, limit in book.appeal_limits.items():
        yield from _unknown(read_condition(limit.when), known, ("appeal_limits", appeal.value, "when"))
    yield from _clockless(book)
    yield from _days_and_pauses(book, known["test_kind"])
    for code, row in book.incident_types.items():
        step: Step = ("incident_types", code)
        yield from _unknown_types(row, book.incident_types, step)
        for inner, condition in _conditions(row):
            yield from _unknown(condition, {**known, **_choices(row)}, (*step, *inner))
    yield from _circles(book.incident_types)
    yield from _lifeless(book)


def _clockless(book: RulebookEntry) -> Iterator[Fault]:
    if REPORTING not in book.clocks or not book.clocks[REPORTING].hours:
        yield ("clocks", REPORTING), "says in how many hours a case is to be submitted"
    if CALL in book.clocks and not book.clocks[CALL].hours:
        yield ("clocks", CALL), "says in how many hours a call counts as immediate"
    for name in OWNED:
        if name not in book.clocks:
            yield ("clocks",), f"there is no clock {name}"


def _days_and_pauses(book: RulebookEntry, kinds: frozenset[object]) -> Iterator[Fault]:
    for test in book.expirations.keys() - book.tests.keys():
        yield ("expirations", test), "is no test of the year"
    for test in book.tests.keys() - book.expirations.keys():
        yield ("tests", test), "says nothing of how long it can be used (expirations)"
    for kind in sorted(set(book.pause_rule.test_kinds) - kinds):
        yield ("pause_rule", "test_kinds"), f"names the kind of test {kind}, which the year does not have"


def _unknown_types(row: TypeEntry, types: Mapping[str, TypeEntry], step: Step) -> Iterator[Fault]:
    named = {"see_also": row.see_also, "superseded_by": [row.superseded_by] if row.superseded_by else []}
    for cell, codes in named.items():
        for code in codes:
            if code not in types:
                yield (*step, cell), f"names the incident type {code}, which the year does not have"


def _lifeless(book: RulebookEntry) -> Iterator[Fault]:
    for code in book.expirations.keys() - book.tests.keys():
        yield ("expirations", code), f"is no test of {book.year}"
    for code in book.tests.keys() - book.expirations.keys():
        yield ("tests", code), "has no entry in expirations"


def _circles(types: Mapping[str, TypeEntry]) -> Iterator[Fault]:
    for code in types:
        line, then = [code], types[code].superseded_by
        while then is not None and then in types and then not in line:
            line.append(then)
            then = types[then].superseded_by
        if then == code:
            yield ("incident_types", code, "superseded_by"), f"a cycle: {' > '.join((*line, code))}"


def _conditions(row: TypeEntry) -> Iterator[tuple[Step, Condition]]:
    for cell in CELLS:
        for at, ruling in enumerate(getattr(row, cell)):
            if ruling.when is not None:
                yield (cell, at, "when"), read_condition(ruling.when)
    for name, detail in row.details.items():
        if isinstance(detail.required, dict):
            yield ("details", name, "required"), read_condition(detail.required)


def _choices(row: TypeEntry) -> dict[str, frozenset[object]]:
    return {
        f"details.{name}": frozenset(detail.choices) for name, detail in row.details.items() if detail.choices
    }


def _unknown(condition: Condition, known: Codes, step: Step) -> Iterator[Fault]:
    for field, value in _asked(condition):
        if field in known and value not in known[field]:
            yield step, f"asks whether {field} is {value}, which the year does not have"


def _asked(condition: Condition) -> Iterator[tuple[str, object]]:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            yield from _all(parts)
        case Not(part):
            yield from _asked(part)
        case OneOf(field, values):
            yield from ((field, value) for value in values)


def _all(parts: Iterable[Condition]) -> Iterator[tuple[str, object]]:
    for part in parts:
        yield from _asked(part)
