"""A year's catalog as a table that a coordinator can read, with the source of every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from services.incidents.domain.conditions import ALWAYS
from services.incidents.domain.rulebook import IncidentType, Reporting, Ruling
from services.incidents.rulebooks.entries import RulebookEntry, TypeEntry
from services.incidents.rulebooks.library import Library
from services.incidents.rulebooks.words import in_words

T = TypeVar("T")
COLUMNS = ("#", "What happened", "Severity", "Call first", "Appeals", "What to do", "CDE copy", "Source")
NOT_TAKEN = {
    Reporting.CALTAC_ONLY: "CalTAC files it",
    Reporting.UNLISTED: "not submitted",
    Reporting.NOT_REPORTABLE: "not reported",
}


def show_catalog(library: Library, year: str, console: Console) -> None:
    """Print the year's incident types, and what is no incident at all.

    :raises RulebookNotFound: the year has no rulebook.
    """
    book = RulebookEntry.model_validate(library.document(year))
    rules = library.for_year(year)
    table = Table(title=f"{book.title} ({len(rules.incident_types)} incident types)", show_lines=True)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for code, entry in sorted(book.incident_types.items(), key=lambda row: row[1].number):
        table.add_row(*_row(rules.incident_types[code], entry))
    console.print(table)
    console.print(f"rulebook {year}, version {rules.version}")
    console.print("\nNot reported in STAIRS:", style="bold")
    for one in book.not_incidents.values():
        console.print(f"  · {one.what}: {one.instead} [dim]({one.source})[/]", soft_wrap=True)


def _row(row: IncidentType, entry: TypeEntry) -> Iterator[str]:
    yield str(entry.number)
    yield f"[bold]{row.title}[/]\n[dim]{row.code}[/]"
    yield NOT_TAKEN.get(row.reporting, _said(row.severity))
    yield _said(row.pre_action)
    yield _said(row.appeals, between="\n")
    yield row.advice or _said(row.recommended_action, between="; else ")
    yield "yes" if row.cde_copy else ""
    yield f"{entry.source}\n[dim]{_standing(entry)}[/]"


def _standing(entry: TypeEntry) -> str:
    taken_over = f", as in {entry.inherited_from}" if entry.inherited_from else ""
    return f"{entry.basis.value}{taken_over}"


def _said(rulings: Sequence[Ruling[T]], between: str = "; ") -> str:
    return between.join(_ruling(ruling) for ruling in rulings)


def _ruling(ruling: Ruling[T]) -> str:
    value = str(ruling.value).replace("_", " ")
    return value if ruling.when == ALWAYS else f"{value} [dim]if {in_words(ruling.when)}[/]"
