"""The rulebooks of all years, loaded once at the start and held in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from services.incidents.domain.errors import RulebookNotFound
from services.incidents.domain.rulebook import Rulebook
from services.incidents.rulebooks.loader import Loaded, load_year
from shared.rulebooks.inheritance import whole
from shared.rulebooks.layers import RulebookFault, read_layers

HERE = Path(__file__).parent
DEFAULT_YEAR = "2018-19"


class Library:
    """Rules by administration year; a year without a rulebook is decided by the default year's (ADR 0010)."""

    def __init__(self, loaded: Mapping[str, Loaded]) -> None:
        self._loaded = dict(loaded)

    @classmethod
    def from_folder(cls, folder: Path = HERE) -> Library:
        """Every year that has files there (``<year>.yaml``, ``<year>.<part>.yaml``), over what it extends.

        :raises RulebookFault: one of them is at fault, or the default year is missing.
        """
        layers = read_layers(folder)
        years = {year: load_year(whole(year, layers)) for year in layers}
        if DEFAULT_YEAR not in years:
            raise RulebookFault(f"{folder}: there is no rulebook for the default year {DEFAULT_YEAR}")
        return cls(years)

    def for_year(self, year: str | None) -> Rulebook:
        """The rules that decide a case of this year (or of a year that nobody stated yet)."""
        return self._loaded.get(year or DEFAULT_YEAR, self._loaded[DEFAULT_YEAR]).rules

    def years(self) -> Sequence[str]:
        """The years that have a rulebook of their own, oldest first."""
        return sorted(self._loaded)

    def document(self, year: str) -> Mapping[str, object]:
        """The rulebook as data, with the source of each entry.

        :raises RulebookNotFound: that year has none.
        """
        if year not in self._loaded:
            raise RulebookNotFound("There is no rulebook for that year.")
        return self._loaded[year].document

    def version(self, year: str) -> str:
        """The hash of the rulebook's content.

        :raises RulebookNotFound: that year has none.
        """
        self.document(year)
        return self._loaded[year].rules.version
