"""What a student can still change after a pause, in CAT portions and CAST discrete blocks (§2.5).

It tells whether a grace period extension would help at all (K13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.incidents.domain.errors import InvalidSitting
from shared.kernel.errors import Issue


@dataclass(frozen=True)
class PauseRule:
    """After how many minutes of pause the pages with all items answered are locked."""

    over_minutes: int
    test_kinds: frozenset[str]
    source: str

    def locks(self, test_kind: str, minutes_paused: int) -> bool:
        """Whether such a pause locks anything; a pause of exactly the rule's minutes does not."""
        return test_kind in self.test_kinds and minutes_paused > self.over_minutes


@dataclass(frozen=True)
class ItemPage:
    """The items that are shown together, by their numbers."""

    first: int
    last: int

    @property
    def items(self) -> range:
        """Every item of the page."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class Sitting:
    """Where a student stood when the test was paused: the pages seen so far, and which items have an answer.

    An item whose answer was taken out again has none; marking one for review changes nothing.
    """

    pages: tuple[ItemPage, ...]
    answered: frozenset[int]

    def require_order(self) -> None:
        """Require that the pages follow each other.

        :raises InvalidSitting: they do not.
        """
        follows = [page.first for page in self.pages] == [1, *(page.last + 1 for page in self.pages[:-1])]
        if not follows or any(page.last < page.first for page in self.pages):
            issue = Issue("/pages", "pages_do_not_follow", "Pages begin at item 1 and follow each other.")
            raise InvalidSitting("These cannot be the pages that a student has seen.", issues=[issue])


@dataclass(frozen=True)
class Return:
    """What the student finds on coming back."""

    starts_at: int  # the first item of the page on which the test goes on
    locked: tuple[int, ...]  # items whose answers cannot be changed any more


def after_pause(sitting: Sitting, *, locks: bool) -> Return:
    """The first page with an item that is not answered, or the next page; what is answered whole is locked.

    :param locks: whether the pause was long enough to lock; if not, the test goes on where it was.
    """
    if not locks:
        return Return(sitting.pages[-1].first, ())
    whole = [page for page in sitting.pages if sitting.answered.issuperset(page.items)]
    unfinished = [page for page in sitting.pages if page not in whole]
    starts_at = unfinished[0].first if unfinished else sitting.pages[-1].last + 1
    return Return(starts_at, tuple(item for page in whole for item in page.items))


def next_unanswered(pages: Sequence[ItemPage], answered: frozenset[int]) -> int:
    """Where *Next* leads after a pause that locked: past what is answered, to the next item that is not."""
    seen = [item for page in pages for item in page.items if item not in answered]
    return seen[0] if seen else pages[-1].last + 1
