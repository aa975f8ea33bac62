"""How many drafts one caller and one LEA may have open, counted from the list of cases now and then.

A count gives room for some drafts, and the next count is asked for when these are used up: filing asks the
database for one in a hundred drafts, or for each where there is hardly any room left.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from services.incidents.domain.errors import TooManyDrafts
from shared.kernel.actor import STATEWIDE, Actor

AT_ONCE = 100  # drafts of which no new count is asked; by so many several processes together may be over
MOST_KNOWN = 20_000  # callers and LEAs; whoever was quiet longest is counted anew


class DraftCounts(Protocol):
    """Counts the drafts that are open."""

    async def of_caller(self, sub: str, most: int) -> int:
        """Those that somebody began, ``most`` at most."""
        ...

    async def of_lea(self, lea: str, most: int) -> int:
        """Those at the schools of an LEA, ``most`` at most."""
        ...


class DraftRoom:
    """Room for drafts.

    :param per_caller: how many one caller may have open.
    :param per_lea: how many an LEA may; whoever files on its behalf is not held back by it.
    """

    def __init__(self, counts: DraftCounts, *, per_caller: int, per_lea: int) -> None:
        self._counts = counts
        self._per_caller, self._per_lea = per_caller, per_lea
        self._callers: OrderedDict[str, int] = OrderedDict()  # for how many there is room still
        self._leas: OrderedDict[str, int] = OrderedDict()

    async def require(self, actor: Actor, lea: str) -> None:
        """Take room for one draft.

        :raises TooManyDrafts: there is none.
        """
        if not self._taken(self._callers, actor.sub):
            used = await self._counts.of_caller(actor.sub, self._per_caller)
            self._take_of(self._callers, actor.sub, self._per_caller - used)
        if actor.role not in STATEWIDE and not self._taken(self._leas, lea):
            used = await self._counts.of_lea(lea, self._per_lea)
            self._take_of(self._leas, lea, self._per_lea - used)

    @staticmethod
    def _taken(known: OrderedDict[str, int], who: str) -> bool:
        room = known.get(who, 0)
        if room:
            known[who] = room - 1
        return room > 0

    @staticmethod
    def _take_of(known: OrderedDict[str, int], who: str, room: int) -> None:
        if room < 1:
            raise TooManyDrafts
        known[who] = min(room, AT_ONCE) - 1
        known.move_to_end(who)
        if len(known) > MOST_KNOWN:
            known.popitem(last=False)
