"""Every event type of the published language: its model, who publishes it, and on which topic."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from shared.contracts import appeals_v1, incidents_v1, notifications_v1
from shared.contracts.envelope import AboutCase, Published

LANGUAGE = (incidents_v1, appeals_v1, notifications_v1)

_MAJOR = re.compile(r"(?P<stem>.+)\.v(?P<major>[1-9]\d{0,3})")


@dataclass(frozen=True)
class EventType:
    """One type of event, in one major version."""

    name: str  # the ``ce_type``
    model: type[Published]
    topic: str
    source: str  # the ``ce_source``

    @property
    def about_a_case(self) -> bool:
        """Whether its key is the case's id."""
        return issubclass(self.model, AboutCase)

    @property
    def meaning(self) -> str:
        """What happened: the first paragraph of the model's docstring."""
        return inspect.cleandoc(self.model.__doc__ or "").partition("\n\n")[0]


@cache
def event_types() -> Mapping[str, EventType]:
    """All event types by ``ce_type``, in the order of topics and of the contract's modules."""
    found = [EventType(model.TYPE, model, module.TOPIC, module.SOURCE) for module, model in _models()]
    return {each.name: each for each in found}


def major_version(event_type: str) -> tuple[str, int] | None:
    """Split a type into its name without the major version, and that version; None if it has none."""
    found = _MAJOR.fullmatch(event_type)
    return (found["stem"], int(found["major"])) if found else None


def _models() -> list[tuple[ModuleType, type[Published]]]:
    return [
        (module, model)
        for module in LANGUAGE
        for model in vars(module).values()
        if inspect.isclass(model) and issubclass(model, Published) and "TYPE" in vars(model)
        if model.__module__ == module.__name__
    ]
