"""What is answered about notes, concerns and the filing protocol, as the OpenAPI document describes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.incidents.api.resources import Cursor, PersonResource, Resource
from services.incidents.domain.filing_protocol import FilingChoice
from services.incidents.domain.values import Severity


class NoteResource(Resource):
    """A note on a case."""

    id: UUID
    text: str
    author: PersonResource
    added_at: datetime


class NotePage(Resource):
    """All notes of a case, oldest first."""

    items: list[NoteResource]
    next_cursor: Cursor


class ConcernResource(Resource):
    """What was told upward."""

    id: UUID
    version: int
    school: str
    lea: str
    text: str
    severity_guess: Severity | None
    observed_at: datetime | None
    recorded_at: datetime
    recorded_by: PersonResource


class ConcernPage(Resource):
    """A page of concerns, newest first."""

    items: list[ConcernResource]
    next_cursor: Cursor


class FilingProtocolResource(Resource):
    """Who files in an LEA; nobody has chosen in version 0."""

    lea: str
    filing_protocol: FilingChoice
    chosen_by: PersonResource | None
    chosen_at: datetime | None
    version: int
