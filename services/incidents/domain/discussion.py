"""What is said about a submitted case: notes, and what CalTAC or the CDE still ask for (§3.3, §6.2; N6, N11).

The discussion is a stream of its own beside the case, so that a note does not change the version of a
submitted case. Its free text stays in this service: each fact says enough about the case to be published
without the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.incidents.domain.case import Case
from services.incidents.domain.errors import NotSubmitted
from services.incidents.domain.facts import Person
from services.incidents.domain.values import RecommendedAction
from shared.kernel.actor import Actor, Role

NAMES = UUID("2c0f7f86-8d0e-5a5b-9a61-5f3f0c6f9b11")
COORDINATORS = frozenset({Role.LEA_COORDINATOR, Role.SITE_COORDINATOR})
# the desks, by the names that appeals give to their deciders
CDE, CALTAC = "cde", "caltac"
# the roles that may demand action, and their desks
DESKS = {Role.CDE_REVIEWER: CDE, Role.CALTAC_AGENT: CALTAC}


def discussion_of(case_id: UUID) -> UUID:
    """The stream that belongs to a case."""
    return uuid5(NAMES, str(case_id))


@dataclass(frozen=True)
class Note:
    """What somebody added to a case."""

    note_id: UUID
    text: str
    author: Actor
    added_at: datetime


class Discussion(Aggregate):
    """What is said about one submitted case."""

    TOPIC = "incidents.discussion"

    # --- What can have happened. ---

    class Event(Aggregate.Event):
        """Every fact says who spoke, when, and about which case."""

        actor: Person
        occurred_at: datetime
        case_id: UUID
        case_number: str
        school: str
        case_submitted_by: Person

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered."""

        TOPIC = "incidents.discussion.created"

    class Opened(Created):
        """The discussion began; the first note or demand is the next fact."""

        TOPIC = "incidents.discussion.opened"

    class NoteAdded(Event):
        """Somebody added a note (N6)."""

        TOPIC = "incidents.discussion.note_added"
        note_id: UUID
        text: str
        for_desks: list[str] | None = None  # absent in the oldest facts
        administration_year: str | None = None  # absent in them, too

    class AdditionalActionRequired(Event):
        """CalTAC or the CDE ask for more (M p44; N11); the newest demand stands."""

        TOPIC = "incidents.discussion.additional_action_required"
        text: str
        administration_year: str | None = None  # absent in the oldest facts

    class AdditionalActionSettled(Event):
        """Nothing more is asked for."""

        TOPIC = "incidents.discussion.additional_action_settled"

    # --- What may be asked. ---

    @classmethod
    def open(cls, case: Case, actor: Actor, at: datetime) -> Discussion:
        """Begin the discussion of a case.

        :raises NotSubmitted: it is a draft, which is edited instead.
        """
        return cls._create(cls.Opened, id=discussion_of(case.id), **_about(case, actor, at))

    def add_note(self, note_id: UUID, text: str, case: Case, actor: Actor, at: datetime) -> None:
        """Add a note; corrections after submission are made this way (§6.2).

        :raises NotSubmitted: the case is a draft.
        """
        about = {**_about(case, actor, at), "administration_year": case.report.year}
        desks = self._desks_for(case) if actor.role in COORDINATORS else []
        self.trigger_event(self.NoteAdded, note_id=note_id, text=text, for_desks=desks, **about)

    def demand_action(self, text: str, case: Case, actor: Actor, at: datetime) -> None:
        """Ask for further action; the same again changes nothing.

        :raises NotSubmitted: the case is a draft.
        """
        if text != self.additional_action:
            about = {**_about(case, actor, at), "administration_year": case.report.year}
            self.trigger_event(self.AdditionalActionRequired, text=text, **about)

    def settle_action(self, case: Case, actor: Actor, at: datetime) -> None:
        """Say that nothing more is asked for.

        :raises NotSubmitted: the case is a draft.
        """
        if self.additional_action is not None:
            self.trigger_event(self.AdditionalActionSettled, **_about(case, actor, at))

    def _desks_for(self, case: Case) -> list[str]:
        """The other party of a coordinator's note (N6): whoever decides, asked for more, or is waited for."""
        desks = {appeal.decider for appeal in case.appeals.values()}
        if self.demanded_by is not None:
            desks.add(DESKS[self.demanded_by.role])
        if case.assessment.recommended_action is RecommendedAction.WAIT_FOR_CDE_RESPONSE:
            desks.add(CDE)
        return sorted(desks) or [CALTAC]

    # --- What changes. ---

    @event(Opened)
    def __init__(self, *, case_id: UUID) -> None:
        self.case_id = case_id
        self.notes: list[Note] = []
        self.additional_action: str | None = None
        self.demanded_by: Actor | None = None

    @event(NoteAdded)
    def _apply_note_added(self, note_id: UUID, text: str, actor: Person, occurred_at: datetime) -> None:
        self.notes.append(Note(note_id, text, Actor.from_fact(actor), occurred_at))

    @event(AdditionalActionRequired)
    def _apply_additional_action_required(self, text: str, actor: Person) -> None:
        self.additional_action, self.demanded_by = text, Actor.from_fact(actor)

    @event(AdditionalActionSettled)
    def _apply_additional_action_settled(self) -> None:
        self.additional_action, self.demanded_by = None, None


def _about(case: Case, actor: Actor, at: datetime) -> dict[str, object]:
    if case.case_number is None or case.submitted_by is None:
        raise NotSubmitted
    return {
        "case_id": case.id,
        "case_number": case.case_number,
        "school": case.report.school,
        "case_submitted_by": case.submitted_by.as_fact(),
        "actor": actor.as_fact(),
        "occurred_at": at,
    }
