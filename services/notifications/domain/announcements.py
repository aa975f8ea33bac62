"""Occasions that say little and send the reader to STAIRS: the words stay in the incidents service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain.occasions import Occasion, Somebody


@dataclass(frozen=True, kw_only=True)
class Announcement(Occasion):
    """What every announcement says: who did it, and when."""

    by: Somebody
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AboutSubmittedCase(Announcement):
    """Something new on a submitted case."""

    case_number: str
    case_submitted_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """The submitter."""
        return (self.case_submitted_by,)

    @property
    def author(self) -> Somebody | None:
        """Nobody is told of their own words."""
        return self.by


@dataclass(frozen=True, kw_only=True)
class NoteAdded(AboutSubmittedCase):
    """Somebody added a note (N6)."""

    state = "added"


@dataclass(frozen=True, kw_only=True)
class NoteForADesk(NoteAdded):
    """A coordinator's note, for whoever decides or asked: a message apart, so that no side sees addresses."""

    desk: str  # "cde" or "caltac"

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Nobody but the desk."""
        return ()

    @property
    def beside(self) -> str:
        """The desk's message stands beside the coordinators'."""
        return self.desk


@dataclass(frozen=True, kw_only=True)
class AdditionalActionRequired(AboutSubmittedCase):
    """CalTAC or the CDE ask for more (N11)."""

    state = "required"


@dataclass(frozen=True, kw_only=True)
class ConcernRecorded(Announcement):
    """Somebody told what was seen (N7); there is no case yet, so its own id stands for one."""

    state = "recorded"

    severity_guess: str | None

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Nobody but the coordinators: who gives tests is never mailed."""
        return ()

    @property
    def author(self) -> Somebody | None:
        """A coordinator who told it knows it."""
        return self.by


@dataclass(frozen=True, kw_only=True)
class BreachIdentified(Announcement):
    """A draft turned out to be a breach (N8): the LEA coordinators phone now, whoever found it."""

    state = "identified"

    incident_title: str
    call: str  # a code of the policy's ``pre_actions``

    @property
    def told(self) -> tuple[Somebody, ...]:
        """The LEA's coordinators alone."""
        return ()
