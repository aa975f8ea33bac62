"""From the words of a year to its rulebook: values for the engine, and a document for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.incidents.domain.rulebook import Rulebook
from services.incidents.rulebooks.entries import RulebookEntry
from services.incidents.rulebooks.reading import rulebook_from
from services.incidents.rulebooks.references import dangling
from shared.rulebooks.judging import document_of, judged, refuse, version_of
from shared.rulebooks.layers import Layer


@dataclass(frozen=True)
class Loaded:
    """One year's rules for the engine, and the same as a document for whoever wants to read them."""

    rules: Rulebook
    document: Mapping[str, object]


def load_year(layer: Layer) -> Loaded:
    """One administration year, whole.

    :raises RulebookFault: it says what a rulebook cannot say, or mentions what it does not have.
    """
    entry = judged(RulebookEntry, layer)
    refuse(layer, dangling(entry))
    document = document_of(entry)
    return Loaded(rulebook_from(entry, version_of(document)), document)
