"""An appeal: one student, one test, one type, under one case (domain §5.2.7, §5.5).

    requested ─► pending_cde ──withdraw──► withdrawn          invalidate, grace period extension (HR-19)
              └► pending_caltac
    pending_* ─► denied                                       with a reason; a new appeal may follow (HR-26)
    pending_* ─► approved ─► processed
                          └► processing_failed ─resubmit─► approved

Read top to bottom: what can have happened, what may be asked, what changes.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from eventsourcing.domain import Aggregate, event

from services.appeals.domain import facts
from services.appeals.domain.errors import (
    AlreadyDecided,
    NotApproved,
    NotWithdrawable,
    ProcessingNotFailed,
    ReasonRequired,
)
from services.appeals.domain.identity import Identity
from services.appeals.domain.policy import AppealPolicy, Route
from services.appeals.domain.values import Act, AppealStatus, Decision, KnownCase, Request, Routing
from shared.kernel.actor import Actor


class Appeal(Aggregate):
    """A request to change the state of one student's test, and what became of it."""

    TOPIC = "appeals.appeal"

    # --- What can have happened: ``facts`` says what each one means. ---

    Event = facts.Event
    Created = facts.Created
    Requested = facts.Requested
    Approved = facts.Approved
    Denied = facts.Denied
    Withdrawn = facts.Withdrawn
    Processed = facts.Processed
    ProcessingFailed = facts.ProcessingFailed
    Resubmitted = facts.Resubmitted
    DecideByMoved = facts.DecideByMoved

    # --- What may be asked: every rule lives here, and runs once. ---

    @classmethod
    def request(cls, asked: Request, case: KnownCase, route: Route, policy: AppealPolicy) -> Appeal:
        """Open an appeal by a row of the routing table; ``offers`` has judged that the row applies."""
        return cls._create(
            cls.Requested,
            id=asked.appeal_id,  # it comes in with the command
            about=Identity.of(asked, case, route).as_fact(),
            declared=asked.event.as_fact(),
            terms=policy.terms(route),
            received_at=asked.at,
            decide_by=policy.decide_by(route.clock, asked.at),
            comments=asked.comments,
            actor=asked.actor.as_fact(),
            occurred_at=asked.at,
        )

    def approve(self, act: Act, policy: AppealPolicy, window_closes_on: date | None) -> None:
        """Approve it.

        :param window_closes_on: the last day of the selected testing window, when it is known.
        :raises AlreadyDecided: it does not wait for a decision.
        """
        kind = self.identity.appeal_type
        self._require_undecided()
        until = policy.reopened_until(kind, act.at, window_closes_on)
        self.trigger_event(
            self.Approved,
            reason=act.stated_reason,
            comments=act.comments,
            effect=policy.types[kind].effect,
            reopened_until=until.isoformat() if until else None,
            **self._by(act),
        )

    def deny(self, act: Act) -> None:
        """Deny it, with a reason.

        :raises AlreadyDecided: it does not wait for a decision.
        :raises ReasonRequired: no reason, or a blank one.
        """
        self._require_undecided()
        if act.stated_reason is None:
            raise ReasonRequired("Say why the appeal is denied, so that the coordinator knows what to do.")
        self.trigger_event(self.Denied, reason=act.stated_reason, comments=act.comments, **self._by(act))

    def withdraw(self, act: Act) -> None:
        """Take the request back while nobody has decided, where the year's rules let it (HR-19, A-12).

        :raises NotWithdrawable: of another type, or no longer pending.
        """
        if not self.withdrawable:
            raise NotWithdrawable("An appeal of this type cannot be withdrawn; the rules of its year say so.")
        if not self.status.is_pending:
            raise NotWithdrawable(f"The appeal is {self.status.value}; only a pending one can be withdrawn.")
        self.trigger_event(self.Withdrawn, reason=act.stated_reason, comments=act.comments, **self._by(act))

    def process(self, act: Act) -> None:
        """Record that the test delivery system executed it (A-31).

        :raises NotApproved: it is not approved, or failed and was not resubmitted.
        """
        self._require_approved()
        self.trigger_event(self.Processed, effect=self.effect, comments=act.comments, **self._by(act))

    def fail(self, act: Act) -> None:
        """Record that the test delivery system could not execute it, and why.

        :raises NotApproved: it is not approved.
        :raises ReasonRequired: no reason, or a blank one.
        """
        self._require_approved()
        if act.stated_reason is None:
            raise ReasonRequired("Say why the test delivery system could not execute the appeal.")
        self.trigger_event(
            self.ProcessingFailed, reason=act.stated_reason, comments=act.comments, **self._by(act)
        )

    def resubmit(self, act: Act) -> None:
        """Have it executed once more (A-27).

        :raises ProcessingNotFailed: its execution did not fail.
        """
        if self.status is not AppealStatus.PROCESSING_FAILED:
            raise ProcessingNotFailed(f"The appeal is {self.status.value}; there is nothing to resubmit.")
        self.trigger_event(self.Resubmitted, reason=act.stated_reason, comments=act.comments, **self._by(act))

    def adopt_calendar(self, policy: AppealPolicy, actor: Actor, at: datetime) -> None:
        """Move the deadline of the decision to the present calendar.

        Nothing changes if it is decided, has no deadline, or was computed by this calendar.
        """
        due = self.due_by(policy)
        if due is None or self.decide_by is None:
            return
        self.trigger_event(
            self.DecideByMoved,
            old_decide_by=self.decide_by,
            decide_by=due,
            old_calendar_version=self.calendar_version,
            calendar_version=policy.calendar.version,
            rulebook_version=policy.version,
            clock=self.clock,
            received_at=self.received_at,
            **self._by(Act(actor, at)),
        )

    def due_by(self, policy: AppealPolicy) -> datetime | None:
        """When the decision would be due by the present calendar and rule; None if nothing is to be moved."""
        if not self.status.is_pending or self.decide_by is None or self.clock not in policy.clocks:
            return None
        due = policy.decide_by(policy.clocks[self.clock], self.received_at)
        same = due == self.decide_by and policy.calendar.version == self.calendar_version
        return None if same else due

    def _require_undecided(self) -> None:
        if not self.status.is_pending:
            raise AlreadyDecided(f"The appeal is {self.status.value}; a decision is final.")

    def _require_approved(self) -> None:
        if self.status is not AppealStatus.APPROVED:
            raise NotApproved(f"The appeal is {self.status.value}; only an approved one is executed.")

    def _by(self, act: Act) -> dict[str, Any]:
        return {"actor": act.actor.as_fact(), "occurred_at": act.at, "about": self.identity.as_fact()}

    # --- What changes: no rule, no clock, no choice; runs again on every replay. ---

    @event(Requested)
    def __init__(
        self,
        about: dict[str, Any],
        declared: dict[str, Any],
        terms: dict[str, Any],
        received_at: datetime,
        decide_by: datetime | None,
        comments: str | None,
    ) -> None:
        """The state of a new appeal."""
        self.identity = Identity.from_fact(about)
        self.declared = declared
        self.routing = Routing(terms["routing"])
        self.clock: str = terms["clock"]
        self.withdrawable: bool = terms["withdrawable"]
        self.calendar_version: str = terms["calendar_version"]
        self.received_at = received_at
        self.decide_by = decide_by
        self.comments = comments
        self.status = AppealStatus.pending_for(self.identity.decider)
        self.decision: Decision | None = None
        self.effect: str | None = None
        self.reopened_until: date | None = None
        self.failure: str | None = None

    @event(Approved)
    def _apply_approved(
        self,
        actor: dict[str, str | None],
        occurred_at: datetime,
        reason: str | None,
        comments: str | None,
        effect: str,
        reopened_until: str | None,
    ) -> None:
        self.status = AppealStatus.APPROVED
        self.decision = Decision(actor, occurred_at, reason, comments)
        self.effect = effect
        self.reopened_until = date.fromisoformat(reopened_until) if reopened_until else None

    @event(Denied)
    def _apply_denied(
        self, actor: dict[str, str | None], occurred_at: datetime, reason: str, comments: str | None
    ) -> None:
        self.status = AppealStatus.DENIED
        self.decision = Decision(actor, occurred_at, reason, comments)

    @event(Withdrawn)
    def _apply_withdrawn(self) -> None:
        self.status = AppealStatus.WITHDRAWN

    @event(Processed)
    def _apply_processed(self) -> None:
        self.status = AppealStatus.PROCESSED

    @event(ProcessingFailed)
    def _apply_processing_failed(self, reason: str) -> None:
        self.status = AppealStatus.PROCESSING_FAILED
        self.failure = reason

    @event(Resubmitted)
    def _apply_resubmitted(self) -> None:
        self.status = AppealStatus.APPROVED
        self.failure = None

    @event(DecideByMoved)
    def _apply_decide_by_moved(self, decide_by: datetime, calendar_version: str) -> None:
        self.decide_by, self.calendar_version = decide_by, calendar_version
