"""Testing windows: setting one, finding the one in force, and how long a started test lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.incidents.application.ports import Rulebooks
from services.incidents.domain.errors import StartedAfterWindow, UnknownTest, WindowNotFound
from services.incidents.domain.permissions import require_window_setter, require_window_visible
from services.incidents.domain.testing_window import TestingWindow, id_of_window
from services.incidents.domain.values import CDS_OF_LEA, year_beginning
from services.incidents.domain.windows import Expiry, Lifetime, Window, expiry
from shared.kernel.actor import Actor
from shared.kernel.errors import Stale
from shared.kernel.store import Store, StreamUnknown, until_first


@dataclass(frozen=True)
class SetWindow:
    """Say when a place tests; ``expected`` is the version that the caller decided on."""

    window: Window
    year: str
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class Life:
    """How long a started test lives, and by which window and rule."""

    year: str
    expiry: Expiry
    window: Window | None
    lifetime: Lifetime


class Windows:
    """What is asked of testing windows; cheap to make, holds nothing but its ports."""

    def __init__(self, store: Store, rulebooks: Rulebooks) -> None:
        self._store = store
        self._rulebooks = rulebooks

    async def set(self, command: SetWindow) -> TestingWindow:
        """Set a window, for the first time or anew.

        :raises Refusal: the caller may not, or these cannot be its dates.
        :raises Stale: the caller decided on an older version.
        """
        require_window_setter(command.actor)
        require_window_visible(command.actor, command.window.cds)
        rules = self._rulebooks.for_year(command.year)

        async def changed() -> TestingWindow:
            found = await self._find(command.window.cds, command.year)
            version = found.version if found else 0
            if command.expected not in (None, version):
                raise Stale(f"The present version is {version}.")
            if found is None:
                found = TestingWindow.first(command.window, command.year, rules, command.actor, command.at)
            else:
                found.set(command.window, rules, command.actor, command.at)
            await self._store.save(found)
            return found

        return await until_first(changed)

    async def get(self, cds: str, year: str, actor: Actor) -> TestingWindow:
        """The window that was set for this very place.

        :raises WindowNotFound: none was, or the place is not the caller's.
        """
        require_window_visible(actor, cds)
        found = await self._find(cds, year)
        if found is None:
            raise WindowNotFound
        return found

    async def in_force(self, cds: str, year: str) -> Window | None:
        """The window that applies to a place: a school's own, else its LEA's; None if neither was set."""
        for place in dict.fromkeys((cds, cds[:CDS_OF_LEA])):
            found = await self._find(place, year)
            if found is not None:
                return found.window
        return None

    async def life_of(self, test: str, started_on: date, cds: str | None, actor: Actor) -> Life:
        """How long a test that was started on this day can be continued.

        :param cds: the school (or LEA) whose window counts; None for no window.
        :raises Refusal: no such test in that year, not the caller's place, or started when nobody tested.
        """
        if cds is not None:
            require_window_visible(actor, cds)
        year = self._year_of_test(started_on)
        rules = self._rulebooks.for_year(year)
        lifetime = rules.lifetimes.get(test)
        if lifetime is None:
            raise UnknownTest("There is no such test in that year.")
        window = await self.in_force(cds, year) if cds is not None else None
        if window is not None and started_on > window.closes_on:
            raise StartedAfterWindow(window.closes_on)
        found = expiry(started_on, lifetime, window, rules.testing_window.latest.of(year))
        return Life(year, found, window, lifetime)

    def _year_of_test(self, day: date) -> str:
        """The year whose windows may still be open: until July 15 the one that ends, then the next."""
        before = year_beginning(day.year - 1)
        latest = self._rulebooks.for_year(before).testing_window.latest
        return before if day <= latest.of(before) else year_beginning(day.year)

    async def _find(self, cds: str, year: str) -> TestingWindow | None:
        try:
            return await self._store.load(TestingWindow, id_of_window(cds, year))
        except StreamUnknown:
            return None
