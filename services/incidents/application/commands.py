"""What callers ask for. ``at`` is when they asked; ``expected`` is the version that they decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.incidents.domain.appeals import NotedAppeal
from services.incidents.domain.concern import Observation
from services.incidents.domain.filing_protocol import FilingChoice
from services.incidents.domain.report import Report
from services.incidents.domain.values import BreachCall
from shared.kernel.actor import Actor


@dataclass(frozen=True)
class DraftCase:
    """Begin a case. SSIDs in the report's details are still plain."""

    case_id: UUID
    report: Report
    ssids: tuple[str, ...]
    actor: Actor
    at: datetime


@dataclass(frozen=True)
class ReviseCase:
    """Change some fields of a draft. SSIDs in ``details`` are still plain."""

    case_id: UUID
    changes: Mapping[str, object]  # fields of ``Report``; None clears one
    ssids: tuple[str, ...] | None  # None leaves the list as it is
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class ListStudents:
    """Say which students a draft concerns."""

    case_id: UUID
    ssids: tuple[str, ...]
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class UploadStudents:
    """List the students that a file names."""

    case_id: UUID
    content: bytes
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class RecordBreachCall:
    """Put a phone call on record."""

    case_id: UUID
    call: BreachCall
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class SubmitCase:
    """Submit a draft."""

    case_id: UUID
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class DeleteDraft:
    """Delete a draft."""

    case_id: UUID
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class ReadStudents:
    """See the full SSIDs of a case."""

    case_id: UUID
    actor: Actor
    at: datetime


@dataclass(frozen=True)
class Classify:
    """Ask what the rulebook would say; nothing is stored."""

    report: Report
    ssids: tuple[str, ...]
    actor: Actor
    at: datetime


@dataclass(frozen=True)
class AddNote:
    """Add a note to a submitted case."""

    case_id: UUID
    note_id: UUID
    text: str
    actor: Actor
    at: datetime
    expected: int | None = None  # the case's version


@dataclass(frozen=True)
class DemandAction:
    """Ask for further action; None settles what was asked for."""

    case_id: UUID
    text: str | None
    actor: Actor
    at: datetime
    expected: int | None = None  # the case's version


@dataclass(frozen=True)
class RecordConcern:
    """Report a concern to the coordinators."""

    concern_id: UUID
    seen: Observation
    actor: Actor
    at: datetime


@dataclass(frozen=True)
class ChooseFilingProtocol:
    """Choose who files in an LEA."""

    lea: str
    protocol: FilingChoice
    actor: Actor
    at: datetime
    expected: int | None = None


@dataclass(frozen=True)
class NoteAppeal:
    """Record the state of an appeal of the case."""

    case_id: UUID
    appeal: NotedAppeal
    actor: Actor
    at: datetime


@dataclass(frozen=True)
class ConcludeCase:
    """End a submitted case to which no appeal can follow."""

    case_id: UUID
    actor: Actor
    at: datetime
