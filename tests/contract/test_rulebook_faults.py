"""Whatever is written in place of any word of a rulebook: it is taken or refused; nothing breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.appeals.rulebooks.library import policy_of
from services.incidents.rulebooks.loader import load_year
from services.notifications.rulebooks.policy import MailPolicy
from shared.rulebooks.inheritance import whole
from shared.rulebooks.judging import judged
from shared.rulebooks.layers import Layer, RulebookFault, Step, read_layers
from tests.support.contracts.rulebook_schemas import frozen

LOADERS: dict[str, Callable[[Layer], object]] = {
    "incidents": load_year,
    "appeals": policy_of,
    "notifications": lambda layer: judged(MailPolicy, layer),
}
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=3,
)


def steps(words: object, so_far: Step = ()) -> Iterator[Step]:
    parts: Iterator[tuple[Any, object]] = iter(())
    if isinstance(words, dict):
        parts = iter(words.items())
    elif isinstance(words, list):
        parts = enumerate(words)
    for name, value in parts:
        yield (*so_far, name)
        yield from steps(value, (*so_far, name))


def with_another_word(layer: Layer, step: Step, word: object) -> Layer:
    raw: Any = copy.deepcopy(dict(layer.raw))
    at = raw
    for name in step[:-1]:
        at = at[name]
    at[step[-1]] = word
    return Layer(raw, layer.places)


@pytest.mark.parametrize("year", ["2015-16", "2018-19", "2020-21"])
@pytest.mark.parametrize("service", LOADERS)
def test_any_word_is_taken_or_refused_with_its_place(service: str, year: str) -> None:
    folder: Path = frozen(service).parent
    layers = read_layers(folder)
    places = list(steps(dict(layers[year].raw)))

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
    )
    @given(step=st.sampled_from(places), word=ANYTHING)
    def attempt(step: Step, word: object) -> None:
        spoiled = with_another_word(layers[year], step, word)
        try:
            LOADERS[service](whole(year, {**layers, year: spoiled}))
        except RulebookFault as fault:
            assert str(fault)  # noqa: PT017 - a word may be right

    attempt()
