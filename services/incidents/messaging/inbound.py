"""Their events, and our own, as commands; each runs in one transaction with its inbox row."""

from __future__ import annotations

from collections.abc import Mapping

from services.incidents.application.commands import ConcludeCase, NoteAppeal
from services.incidents.application.outcomes import Outcomes
from services.incidents.domain.appeals import NotedAppeal
from shared.contracts.appeals_v1 import (
    SOURCE,
    TOPIC,
    AppealApproved,
    AppealDenied,
    AppealFact,
    AppealProcessed,
    AppealProcessingFailed,
    AppealRequested,
    AppealWithdrawn,
)
from shared.contracts.envelope import CloudEvent, Person
from shared.contracts.incidents_v1 import IncidentSubmitted
from shared.kernel.actor import Actor, Role
from shared.messaging.consuming.consumer import Handler
from shared.persistence.unit_of_work import UnitOfWork

APPEALS_SOURCE, APPEALS_TOPIC = SOURCE, TOPIC

OURSELVES = Actor(sub="incidents", name="STAIRS", email="", role=Role.SYSTEM)

APPEAL_EVENTS: Mapping[str, type[AppealFact]] = {
    kind.TYPE: kind
    for kind in (
        AppealRequested,
        AppealApproved,
        AppealDenied,
        AppealWithdrawn,
        AppealProcessed,
        AppealProcessingFailed,
    )
}


def of_appeals() -> Mapping[str, Handler]:
    """What the appeals service's events cause here."""
    return dict.fromkeys(APPEAL_EVENTS, when_an_appeal_changed_note_how_it_stands)


def of_ourselves() -> Mapping[str, Handler]:
    """What our own events cause here."""
    return {IncidentSubmitted.TYPE: when_incident_submitted_conclude_unless_an_appeal_can_follow}


async def when_an_appeal_changed_note_how_it_stands(event: CloudEvent, unit: UnitOfWork) -> None:
    """The case follows its appeals: requested, it waits; all ended, it is processed (HR-25)."""
    told = APPEAL_EVENTS[event.type].model_validate(event.data)
    appeal = NotedAppeal(
        appeal_id=str(told.appeal_id),
        appeal_number=told.appeal_number,
        appeal_type=told.appeal_type,
        student_ref=told.student_ref,
        status=told.status,
        decider=told.decider,
    )
    command = NoteAppeal(told.incident_id, appeal, _who_acted(told), event.time)
    await Outcomes(unit.store).note_appeal(command)


async def when_incident_submitted_conclude_unless_an_appeal_can_follow(
    event: CloudEvent, unit: UnitOfWork
) -> None:
    """Nothing is left to do where no appeal can follow."""
    told = IncidentSubmitted.model_validate(event.data)
    await Outcomes(unit.store).conclude(ConcludeCase(told.incident_id, OURSELVES, event.time))


def _who_acted(told: AppealFact) -> Actor:
    match told:
        case AppealRequested():
            return _actor(told.filed_by)
        case AppealApproved() | AppealDenied():
            return _actor(told.decided_by)
        case AppealWithdrawn():
            return _actor(told.withdrawn_by)
        case AppealProcessed():
            return _actor(told.processed_by)
        case _:
            return OURSELVES


def _actor(person: Person) -> Actor:
    return Actor(sub=person.sub, name=person.name, email=person.email, role=Role(person.role))
