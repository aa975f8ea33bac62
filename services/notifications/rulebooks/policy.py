"""The wording of one administration year as frozen data, validated when it is loaded (ADR 0010)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.notifications.domain.addresses import is_usable_address
from services.notifications.domain.values import MessageKind
from shared.kernel.names import no_name_because
from shared.rulebooks.inheritance import whole
from shared.rulebooks.judging import judged
from shared.rulebooks.layers import RulebookFault, read_layers

FOLDER = Path(__file__).parent
DEFAULT_YEAR = "2018-19"
Text = Annotated[str, Field(min_length=1)]


def _name(text: str) -> str:
    if because := no_name_because(text):
        raise ValueError(f"a name {because}")
    return text


def _address(text: str) -> str:
    if not is_usable_address(text):
        raise ValueError("not an e-mail address")
    return text


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Text
    basis: Literal["stated", "derived", "ruling"]
    inherited_from: str | None = None  # the year whose entry this is, unchanged


class SenderEntry(_Entry):
    """From whom the mails come; users put this address on their allow-list (M p44)."""

    name: Annotated[Text, AfterValidator(_name)]
    address: Annotated[Text, AfterValidator(_address)]


class Phone(_Entry):
    """A number to call (domain §1.1)."""

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


class DeadlineWords(_Entry):
    """What to do while a clock of domain §8 still runs, and when it has run out."""

    at_risk: tuple[Text, ...]
    missed: tuple[Text, ...]


class DeliveryDeadline(_Entry):
    """Within how many elapsed hours of its trigger a mail has to be delivered (K21)."""

    title: Text
    hours: Annotated[int, Field(ge=1)]


class MailEntry(_Entry):
    """Which template says it, for one kind of mail about one exact state."""

    kind: MessageKind
    state: Text
    template: Text
    subject: Text


class MailPolicy(BaseModel):
    """Everything that the mails of one administration year say beside the facts of a case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: Text
    extends: str | None = None  # the year that holds wherever this one says nothing else
    sender: SenderEntry
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
    announcements: dict[MessageKind, Steps]
    clock_words: dict[str, DeadlineWords]  # by id (domain §8); ``other`` for those without words of their own
    letters: tuple[MailEntry, ...]
    clocks: dict[Literal["K21"], DeliveryDeadline]

    def words_of_clock(self, name: str) -> DeadlineWords:
        """The words of a clock."""
        return self.clock_words.get(name, self.clock_words["other"])

    def letter(self, kind: MessageKind, state: str) -> MailEntry:
        """The letter of this kind about this state.

        :raises LookupError: no letter is bound to this pair.
        """
        for letter in self.letters:
            if (letter.kind, letter.state) == (kind, state):
                return letter
        raise LookupError(f"no letter for {kind.value} in state {state}")


@cache
def policies() -> Mapping[str, MailPolicy]:
    """The policies of all years, read and checked.

    :raises RulebookFault: one of them is at fault, or the default year is missing; it says where.
    """
    layers = read_layers(FOLDER)
    if DEFAULT_YEAR not in layers:
        raise RulebookFault(f"{FOLDER}: there is no policy for the default year {DEFAULT_YEAR}")
    return {year: judged(MailPolicy, whole(year, layers)) for year in layers}


def policy_of(year: str) -> MailPolicy:
    """The year's policy, or that of 2018-19 where the year has none of its own."""
    return policies().get(year, policies()[DEFAULT_YEAR])


def known_years() -> frozenset[str]:
    """The years that have a policy of their own."""
    return frozenset(policies())
