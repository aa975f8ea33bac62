"""Notes, concerns and the filing protocol, as they are answered (contract §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.incidents.api.resources import Lea, PersonResource, School, Version
from services.incidents.domain.concern import Concern
from services.incidents.domain.discussion import Note
from services.incidents.domain.filing_protocol import DEFAULT, FilingChoice, FilingProtocol
from services.incidents.domain.values import CDS_OF_LEA, Severity
from shared.http.paging import Cursors
from shared.http.resources import Cursor, Resource
from shared.kernel.yielding import piecewise


class NoteResource(Resource):
    """A note on a case."""

    id: Annotated[UUID, Field(description="The note's id.")]
    text: Annotated[str, Field(description="What it says.")]
    author: Annotated[PersonResource, Field(description="Who wrote it.")]
    added_at: Annotated[datetime, Field(description="When it was added.")]

    @classmethod
    def of(cls, note: Note) -> NoteResource:
        """The note."""
        return cls.model_construct(
            id=note.note_id,
            text=note.text,
            author=PersonResource.of(note.author),
            added_at=note.added_at,
        )


class NotePage(Resource):
    """All notes of a case."""

    items: Annotated[list[NoteResource], Field(description="The notes, oldest first.")]
    next_cursor: Cursor

    @classmethod
    def of(cls, notes: Sequence[Note]) -> NotePage:
        """The notes; all of them are one page."""
        return cls.model_construct(items=[NoteResource.of(note) for note in notes], next_cursor=None)


class ConcernResource(Resource):
    """What somebody told the coordinators."""

    id: Annotated[UUID, Field(description="The concern's id.")]
    version: Version
    school: School
    lea: Lea
    text: Annotated[str, Field(description="What was seen.")]
    severity_guess: Annotated[
        Severity | None, Field(description="How severe it seemed to who told it; null: not said.")
    ]
    observed_at: Annotated[datetime | None, Field(description="When it was seen; null: not said.")]
    recorded_at: Annotated[datetime, Field(description="When it was told.")]
    recorded_by: Annotated[PersonResource, Field(description="Who told it.")]

    @classmethod
    def of(cls, concern: Concern) -> ConcernResource:
        """The concern as it was told."""
        seen = concern.seen
        return cls.model_construct(
            id=concern.id,
            version=concern.version,
            school=seen.school,
            lea=seen.school[:CDS_OF_LEA],
            text=seen.text,
            severity_guess=seen.severity_guess,
            observed_at=seen.observed_at,
            recorded_at=concern.recorded_at,
            recorded_by=PersonResource.of(concern.recorded_by),
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> ConcernResource:
        """A concern as the list has it."""
        by = PersonResource.of_row(row["recorded_by"])
        return cls.model_construct(**{**row, "recorded_by": by})


class ConcernPage(Resource):
    """A page of concerns, newest first."""

    items: Annotated[list[ConcernResource], Field(description="The concerns of this page.")]
    next_cursor: Cursor

    @classmethod
    async def of(cls, rows: Sequence[Mapping[str, Any]], limit: int, cursors: Cursors) -> ConcernPage:
        """A page of up to ``limit`` rows."""
        found, following = cursors.page(
            rows, limit, lambda row: (row["recorded_at"].isoformat(), str(row["id"]))
        )
        items = [ConcernResource.of_row(row) async for row in piecewise(found)]
        return cls.model_construct(items=items, next_cursor=following)


class FilingProtocolResource(Resource):
    """Who files in an LEA."""

    lea: Lea
    filing_protocol: Annotated[
        FilingChoice, Field(description="Whether sites may file, or the LEA files alone.")
    ]
    chosen_by: Annotated[
        PersonResource | None,
        Field(description="Who chose it; null while nobody has, and the default holds."),
    ]
    chosen_at: Annotated[datetime | None, Field(description="When it was chosen; null while nobody has.")]
    version: Annotated[
        int, Field(ge=0, description="Grows by one with every choice, 0 before the first; the `ETag`.")
    ]

    @classmethod
    def of(cls, lea: str, chosen: FilingProtocol | None) -> FilingProtocolResource:
        """An LEA's choice, or the default that holds until it chooses."""
        if chosen is None:
            return cls.model_construct(
                lea=lea, filing_protocol=DEFAULT, chosen_by=None, chosen_at=None, version=0
            )
        return cls.model_construct(
            lea=lea,
            filing_protocol=chosen.protocol,
            chosen_by=PersonResource.of(chosen.chosen_by) if chosen.chosen_by else None,
            chosen_at=chosen.chosen_at,
            version=chosen.version,
        )
