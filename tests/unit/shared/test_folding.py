"""Folding a page in memory: what is written, what is deleted, what is left alone."""

from __future__ import annotations

from uuid import UUID

import pytest
from eventsourcing.domain import DomainEvent

from shared.persistence.codec import Recorded
from shared.persistence.folding import ColumnUnknown, Row, fold
from tests.support.logbooks.logbook import NOON, Logbook, Shelf, a_logbook
from tests.support.logbooks.shelf_list import ShelfList


def page_of(*books: Logbook | Shelf) -> list[Recorded]:
    facts = [fact for book in books for fact in book.collect_events()]
    return [Recorded(n, fact) for n, fact in enumerate(facts, start=1) if isinstance(fact, DomainEvent)]


def a_row(logbook: Logbook, *lines: str) -> dict[UUID, Row]:
    row: Row = {"id": logbook.id, "title": "Deck", "lines": list(lines), "opened_at": NOON, "version": 1}
    return {logbook.id: row}


def test_a_page_makes_one_row_per_aggregate() -> None:
    deck, engine = a_logbook("Deck", "calm", "storm"), a_logbook("Engine")
    changes = fold(ShelfList(), {}, page_of(deck, engine))
    assert [(row["id"], row["lines"], row["version"]) for row in changes.written] == [
        (deck.id, ["calm", "storm"], 3),
        (engine.id, [], 1),
    ]
    assert changes.deleted == []


def test_a_row_that_was_there_is_folded_further() -> None:
    deck = a_logbook("Deck")
    deck.collect_events()
    deck.write("storm")
    changes = fold(ShelfList(), a_row(deck, "calm"), page_of(deck))
    assert changes.written[0]["lines"] == ["calm", "storm"]


def test_a_row_that_ends_is_deleted() -> None:
    deck = a_logbook("Deck")
    deck.collect_events()
    deck.burn()
    changes = fold(ShelfList(), a_row(deck), page_of(deck))
    assert (changes.written, changes.deleted) == ([], [deck.id])


def test_what_begins_and_ends_in_one_page_leaves_no_trace() -> None:
    deck = a_logbook("Deck")
    deck.burn()
    changes = fold(ShelfList(), {}, page_of(deck))
    assert (changes.written, changes.deleted) == ([], [])


def test_facts_of_other_aggregates_make_no_rows() -> None:
    changes = fold(ShelfList(), {}, page_of(Shelf()))
    assert (changes.written, changes.deleted) == ([], [])


class Misspelled(ShelfList):
    def fold(self, row: Row | None, fact: DomainEvent) -> Row | None:
        return {"titel": f"{fact.timestamp} {row}"}


def test_a_column_that_does_not_exist_is_told() -> None:
    with pytest.raises(ColumnUnknown, match="titel"):
        fold(Misspelled(), {}, page_of(a_logbook()))
