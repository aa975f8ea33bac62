"""A year that says ``extends: 2018-19`` says only what is different; the rest is taken over, and marked so.

* A section (``tests``, ``incident_types``) is laid over entry by entry; ``entry: null`` takes an entry away.
* An entry (whatever has a ``source``) is laid over cell by cell, and must name its own source and basis:
  nobody changes a rule on another year's authority. A cell is replaced whole.
* An entry that is taken over unchanged says ``inherited_from``: a reader knows which year's guide speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.rulebooks.layers import Layer, RulebookFault, Step

EXTENDS = "extends"
INHERITED = "inherited_from"
AUTHORITY = ("source", "basis")


def whole(year: str, layers: Mapping[str, Layer], heirs: tuple[str, ...] = ()) -> Layer:
    """Everything that holds in a year: its own words over those of the year that it extends.

    :param heirs: the years that extend this one, on the way here.
    :raises RulebookFault: it extends a year that is not there or itself, or changes what is not there.
    """
    layer = layers[year]
    parent = layer.raw.get(EXTENDS)
    if parent is None:
        return layer
    here, line = layer.place((EXTENDS,)), (*heirs, year)
    if not isinstance(parent, str) or parent not in layers:
        raise RulebookFault(f"{here}: extends {parent}, which has no rulebook")
    if parent in line:
        raise RulebookFault(f"{here}: a cycle: {' extends '.join((*line, parent))}")
    above = whole(parent, layers, line)
    raw = {name: _marked(value, parent) for name, value in above.raw.items()}
    for name, value in layer.raw.items():
        raw[name] = _laid(raw[name], value, layer, (name,)) if name in raw else value
    return Layer(raw, {**above.places, **layer.places})


def _laid(under: object, over: object, layer: Layer, step: Step) -> object:
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    if _is_entry(under):
        return _changed(under, over, layer, step)
    merged = dict(under)
    for name, value in over.items():
        inner = (*step, name)
        if value is None:
            if merged.pop(name, None) is None:
                raise RulebookFault(f"{layer.place(inner)}: takes away {_said(inner)}, which is not there")
        elif name in merged:
            merged[name] = _laid(merged[name], value, layer, inner)
        else:
            merged[name] = value
    return merged


def _changed(under: dict[str, Any], over: dict[str, Any], layer: Layer, step: Step) -> dict[str, Any]:
    if missing := [word for word in AUTHORITY if word not in over]:
        place = layer.place(step)
        raise RulebookFault(f"{place}: {_said(step)}: changes a rule without its own {' and '.join(missing)}")
    return {name: value for name, value in under.items() if name != INHERITED} | over


def _marked(value: object, year: str) -> object:
    if not isinstance(value, dict):
        return value
    if _is_entry(value):
        return {INHERITED: year, **value}
    return {name: _marked(entry, year) for name, entry in value.items()}


def _is_entry(value: dict[str, Any]) -> bool:
    return "source" in value


def _said(step: Step) -> str:
    return ".".join(map(str, step))
