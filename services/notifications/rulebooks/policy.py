"""The wording of one administration year as frozen data, validated when it is loaded (ADR 0010)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from services.notifications.domain.values import Kind

FOLDER = Path(__file__).parent
DEFAULT_YEAR = "2018-19"
Text = Annotated[str, Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Text
    basis: Literal["stated", "derived", "ruling"]


class Sender(_Entry):
    """From whom the mails come; users put this address on their allow-list (M p44)."""

    name: Text
    address: Text


class Phone(_Entry):
    """A number to call (dossier §1.1)."""

    name: Text
    number: Text


class Sentence(_Entry):
    """One sentence that every mail of the year carries."""

    text: Text


class Label(_Entry):
    """The words for a code."""

    title: Text


class Steps(_Entry):
    """What to do next."""

    steps: tuple[Text, ...]


class Action(Steps):
    """An action by its title, and what it means in steps."""

    title: Text


class AppealWords(_Entry):
    """An appeal type by its title, what its review and what its approval ask for."""

    title: Text
    requested: tuple[Text, ...]
    approved: tuple[Text, ...]


class Letter(_Entry):
    """Which template says it, for one kind of mail about one exact state."""

    kind: Kind
    state: Text
    template: Text
    subject: Text


class Policy(BaseModel):
    """Everything that the mails of one administration year say beside the facts of a case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: Text
    sender: Sender
    phones: dict[str, Phone]
    keep: Sentence
    contact: Sentence
    privacy: Sentence
    severities: dict[str, Label]
    tests: dict[str, Label]
    roles: dict[str, Label]
    deciders: dict[str, Label]
    pre_actions: dict[str, Action]
    recommended_actions: dict[str, Action]
    appeal_types: dict[str, AppealWords]
    outcomes: dict[str, Steps]
    letters: tuple[Letter, ...]

    def letter(self, kind: Kind, state: str) -> Letter:
        """The letter of this kind about this state.

        :raises LookupError: no letter is bound to this pair.
        """
        for letter in self.letters:
            if (letter.kind, letter.state) == (kind, state):
                return letter
        raise LookupError(f"no letter for {kind.value} in state {state}")


@cache
def policy_of(year: str) -> Policy:
    """The year's policy, or that of 2018-19 where the year has none of its own."""
    path = FOLDER / f"{year}.yaml" if year in known_years() else FOLDER / f"{DEFAULT_YEAR}.yaml"
    return Policy.model_validate(yaml.safe_load(path.read_text("utf-8")))


@cache
def known_years() -> frozenset[str]:
    """The years that have a policy of their own."""
    return frozenset(path.stem for path in FOLDER.glob("*.yaml"))
