"""Who is told when something happens elsewhere (domain §7, N1-N11).

A message may come again, and in any order: a notification's identity follows from the event that caused it,
so a repeated event finds its notification already there, inbox or no inbox. Nothing is looked up elsewhere:
each event carries all that its mail says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.notifications.application.commands import Notify
from services.notifications.application.messages import Messages
from services.notifications.domain.occasions import Occasion
from services.notifications.domain.values import Cause, MessageKind
from services.notifications.messaging.occasions import (
    additional_action_required,
    appeal_approved,
    appeal_denied,
    appeal_requested,
    appeal_withdrawn,
    breach_identified,
    case_submitted,
    concern_recorded,
    decision_at_risk,
    decision_overdue,
    draft_reminder,
    note_added,
    note_for_a_desk,
    report_at_risk,
    report_overdue,
)
from shared.contracts import appeals_v1, incidents_v1
from shared.contracts.envelope import CloudEvent
from shared.kernel.clock import Clock
from shared.messaging.consuming.consumer import Handler
from shared.persistence.unit_of_work import UnitOfWork

CONSUMER = "notifications"
TOPICS = (incidents_v1.TOPIC, appeals_v1.TOPIC)
INCIDENTS, APPEALS = incidents_v1.SOURCE, appeals_v1.SOURCE
CDE, LEA_COORDINATOR = "cde", "lea_coordinator"

MessagesIn = Callable[[UnitOfWork], Messages]
"""The use cases within the transaction of one inbound message."""


class Reactions:
    """What this service does about what others say."""

    def __init__(self, messages_in: MessagesIn, clock: Clock) -> None:
        self._messages_in = messages_in
        self._clock = clock

    async def when_incident_submitted_confirm_to_the_submitter(
        self, event: CloudEvent, unit: UnitOfWork
    ) -> None:
        """N1: the submitter, and the LEA coordinators unless one of them submitted (HR-09)."""
        submitted = incidents_v1.IncidentSubmitted.model_validate(event.data)
        await self._tell(MessageKind.CASE_SUBMITTED, case_submitted(submitted), event, unit)

    async def when_incident_submitted_copy_to_the_cde(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N2: always, and for exactly the types that the rulebook marks (A-9, HR-10)."""
        submitted = incidents_v1.IncidentSubmitted.model_validate(event.data)
        if submitted.cde_copy:
            await self._tell(MessageKind.CDE_COPY, case_submitted(submitted), event, unit)

    async def when_appeal_requested_ask_the_cde_for_review(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N3: what waits for the CDE; CalTAC works from its own list of appeals (HR-16, HR-17)."""
        requested = appeals_v1.AppealRequested.model_validate(event.data)
        if requested.decider == CDE:
            await self._tell(MessageKind.APPEAL_REVIEW_REQUESTED, appeal_requested(requested), event, unit)

    async def when_appeal_approved_tell_the_submitter(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N4: the decision, and what to do next."""
        approved = appeals_v1.AppealApproved.model_validate(event.data)
        await self._tell(MessageKind.APPEAL_DECIDED, appeal_approved(approved), event, unit)

    async def when_appeal_denied_tell_the_submitter(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N4: the decision, its reason, and what to do next."""
        denied = appeals_v1.AppealDenied.model_validate(event.data)
        await self._tell(MessageKind.APPEAL_DECIDED, appeal_denied(denied), event, unit)

    async def when_appeal_withdrawn_confirm_to_the_submitter(
        self, event: CloudEvent, unit: UnitOfWork
    ) -> None:
        """N5: the withdrawal is on record."""
        withdrawn = appeals_v1.AppealWithdrawn.model_validate(event.data)
        await self._tell(MessageKind.APPEAL_WITHDRAWN, appeal_withdrawn(withdrawn), event, unit)

    async def when_note_added_tell_the_others(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N6: submitter, LEA and desks; an LEA coordinator's note on their own case concerns desks alone."""
        added = incidents_v1.NoteAdded.model_validate(event.data)
        submitter = added.case_submitted_by
        if added.added_by.sub != submitter.sub or submitter.role != LEA_COORDINATOR:
            await self._tell(MessageKind.NOTE_ADDED, note_added(added), event, unit)
        for desk in added.for_desks:
            await self._tell(MessageKind.NOTE_ADDED, note_for_a_desk(added, desk), event, unit)

    async def when_concern_recorded_tell_the_coordinators(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N7: those of the school and of its LEA, immediately."""
        recorded = incidents_v1.ConcernRecorded.model_validate(event.data)
        await self._tell(MessageKind.CONCERN_RECORDED, concern_recorded(recorded), event, unit)

    async def when_breach_identified_ask_the_lea_to_phone(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N8: the LEA coordinators phone now, whoever found it (HR-11, E32)."""
        identified = incidents_v1.BreachIdentified.model_validate(event.data)
        await self._tell(MessageKind.BREACH_CALL_NOW, breach_identified(identified), event, unit)

    async def when_a_draft_waits_remind_its_author_and_the_lea(
        self, event: CloudEvent, unit: UnitOfWork
    ) -> None:
        """N9: while it can still be submitted."""
        reminder = incidents_v1.DraftReminder.model_validate(event.data)
        await self._tell(MessageKind.DRAFT_REMINDER, draft_reminder(reminder), event, unit)

    async def when_a_deadline_is_at_risk_warn_filer_and_lea(
        self, event: CloudEvent, unit: UnitOfWork
    ) -> None:
        """N10: one message per warning; each is an event of its own."""
        warning = incidents_v1.DeadlineAtRisk.model_validate(event.data)
        await self._tell(MessageKind.DEADLINE_AT_RISK, report_at_risk(warning), event, unit)

    async def when_a_deadline_is_missed_tell_filer_and_lea(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N10, A-3: late is accepted, and the LEA is told."""
        missed = incidents_v1.DeadlineMissed.model_validate(event.data)
        await self._tell(MessageKind.DEADLINE_MISSED, report_overdue(missed), event, unit)

    async def when_a_decision_is_at_risk_warn_the_desk(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N10: whoever decides, the CDE or CalTAC (K5, K6, K7)."""
        warning = appeals_v1.DecisionAtRisk.model_validate(event.data)
        await self._tell(MessageKind.DEADLINE_AT_RISK, decision_at_risk(warning), event, unit)

    async def when_a_decision_is_overdue_tell_the_desk(self, event: CloudEvent, unit: UnitOfWork) -> None:
        """N10: nothing is decided by itself (K5)."""
        overdue = appeals_v1.DecisionOverdue.model_validate(event.data)
        await self._tell(MessageKind.DEADLINE_MISSED, decision_overdue(overdue), event, unit)

    async def when_additional_action_required_tell_the_submitter(
        self, event: CloudEvent, unit: UnitOfWork
    ) -> None:
        """N11: more is asked for; what it is stands on the case."""
        required = incidents_v1.AdditionalActionRequired.model_validate(event.data)
        occasion = additional_action_required(required)
        await self._tell(MessageKind.ADDITIONAL_ACTION_REQUIRED, occasion, event, unit)

    async def _tell(self, kind: MessageKind, occasion: Occasion, event: CloudEvent, unit: UnitOfWork) -> None:
        command = Notify(kind, occasion, Cause(event.source, event.id), self._clock.now())
        await self._messages_in(unit).notify(command)


def handlers(messages_in: MessagesIn, clock: Clock) -> Mapping[str, Handler]:
    """Which event leads to what."""
    react = Reactions(messages_in, clock)
    return {
        incidents_v1.IncidentSubmitted.TYPE: _in_turn(
            react.when_incident_submitted_confirm_to_the_submitter,
            react.when_incident_submitted_copy_to_the_cde,
        ),
        incidents_v1.NoteAdded.TYPE: react.when_note_added_tell_the_others,
        incidents_v1.ConcernRecorded.TYPE: react.when_concern_recorded_tell_the_coordinators,
        incidents_v1.BreachIdentified.TYPE: react.when_breach_identified_ask_the_lea_to_phone,
        incidents_v1.AdditionalActionRequired.TYPE: react.when_additional_action_required_tell_the_submitter,
        incidents_v1.DraftReminder.TYPE: react.when_a_draft_waits_remind_its_author_and_the_lea,
        incidents_v1.DeadlineAtRisk.TYPE: react.when_a_deadline_is_at_risk_warn_filer_and_lea,
        incidents_v1.DeadlineMissed.TYPE: react.when_a_deadline_is_missed_tell_filer_and_lea,
        appeals_v1.DecisionAtRisk.TYPE: react.when_a_decision_is_at_risk_warn_the_desk,
        appeals_v1.DecisionOverdue.TYPE: react.when_a_decision_is_overdue_tell_the_desk,
        appeals_v1.AppealRequested.TYPE: react.when_appeal_requested_ask_the_cde_for_review,
        appeals_v1.AppealApproved.TYPE: react.when_appeal_approved_tell_the_submitter,
        appeals_v1.AppealDenied.TYPE: react.when_appeal_denied_tell_the_submitter,
        appeals_v1.AppealWithdrawn.TYPE: react.when_appeal_withdrawn_confirm_to_the_submitter,
    }


def _in_turn(*reactions: Handler) -> Handler:
    async def all_of_them(event: CloudEvent, unit: UnitOfWork) -> None:
        for reaction in reactions:
            await reaction(event, unit)

    return all_of_them
