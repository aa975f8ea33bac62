"""A message, from its writing until the mail server has accepted it.

    CREATED --start_sending--> SENDING --record_attempt--> DELIVERED
       ^                          |  ^ '------------------> PERMANENT_FAILURE, TECHNICAL_FAILURE
       |                          v  |
       |                 TEMPORARY_FAILURE     (again after ``retries.next_attempt``)
       '--send_again-- from each of the three ends;  DELIVERED --record_return--> PERMANENT_FAILURE

Its identity follows from the event that caused it and its kind: the same trigger cannot make two messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.notifications.domain import errors, facts
from services.notifications.domain.facts import ActorFact
from services.notifications.domain.retries import next_attempt
from services.notifications.domain.rounds import AnswerFact, Round
from services.notifications.domain.values import (
    SETTLED,
    Because,
    Cause,
    Content,
    Matter,
    MessageDraft,
    MessageKind,
    MessageStatus,
    Recipient,
    Returned,
    Sender,
    ServerAnswer,
    Verdict,
)

MESSAGES = UUID("0c1d7c58-42e6-5c0e-8f0e-3a1f6a5f7b02")
# bytes; the event of such a message, fully escaped, is still below the broker's limit
LARGEST = 150_000
NOBODY = "no recipient with a usable address is known"


def notification_id_of(cause: Cause, kind: MessageKind, beside: str = "") -> UUID:
    """The identity of the one message of this kind that this event triggers.

    :param beside: which one, where the same event triggers several of this kind.
    """
    return uuid5(MESSAGES, " ".join(filter(None, (cause.source, cause.id, kind, beside))))


class Message(Aggregate):
    """One logical mail to one or several people, and what became of it."""

    TOPIC = "notifications.message"

    # --- What can have happened: ``facts`` says what each one means. ---

    Event = facts.Event
    Created = facts.Created
    Composed = facts.Composed
    SendingStarted = facts.SendingStarted
    AttemptFailed = facts.AttemptFailed
    Delivered = facts.Delivered
    Failed = facts.Failed
    ResendRequested = facts.ResendRequested

    # --- What may be asked. ---

    @staticmethod
    def create_id(notification_id: UUID) -> UUID:
        """The id comes in with the command: it is derived from the cause."""
        return notification_id

    @event(Composed)
    def __init__(  # noqa: PLR0913 - a complete fact has many parts; ``compose`` gathers them
        self,
        *,
        kind: str,
        incident_id: UUID,
        case_number: str | None,
        message_id: str,
        notification_id: UUID,  # noqa: ARG002 - is the stream's id
        cause: dict[str, str],
        lea: str,
        school: str,
        recipients: list[dict[str, str]],
        lea_copied: bool,
        content: dict[str, str],
        actor: ActorFact,
        occurred_at: datetime,
        sender: dict[str, str] | None = None,  # noqa: ARG002 - for mailers outside
        desk: str | None = None,
        fits_until: datetime | None = None,
    ) -> None:
        self.kind = MessageKind(kind)
        self.cause = Cause(**cause)
        self.matter = Matter(incident_id, case_number, lea, school)
        self.message_id = message_id
        self.content = Content(**content)
        self.lea_copied = lea_copied
        self.desk = Because(desk) if desk else None
        self.fits_until = fits_until
        self.created_by, self.created_at = actor, occurred_at
        self.attempts = 0
        self.resends = 0
        self.delivered_at: datetime | None = None
        self.resent_at: datetime | None = None
        self.reason: str | None = None
        self.retry_at: datetime | None = None
        self._begin_round(recipients)

    @classmethod
    def compose(cls, draft: MessageDraft, *, mail_domain: str, actor: ActorFact, at: datetime) -> Message:
        """Write a message; one without recipients, or one that comes too late, fails at once, visibly.

        :raises MailTooLong: see ``errors``.
        """
        if draft.size > LARGEST:
            raise errors.MailTooLong(f"It would have {draft.size} bytes; the longest mail has {LARGEST}.")
        notification_id = notification_id_of(draft.cause, draft.kind, draft.beside)
        message = cls(
            **draft.as_fact(),
            message_id=f"<{notification_id}@{mail_domain}>",
            notification_id=notification_id,
            actor=actor,
            occurred_at=at,
        )
        if not draft.recipients:
            message._fail(MessageStatus.TECHNICAL_FAILURE, [], NOBODY, actor, at)
        elif not message.fits(at):
            message._expire(actor, at)
        return message

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """To whom it goes, as of the newest round."""
        return self.round.recipients

    @property
    def waiting(self) -> bool:
        """Whether a sender may take it up; also in ``sending``, since the sender may have crashed."""
        return self.status not in SETTLED

    def fits(self, at: datetime) -> bool:
        """Whether what it says is still true; a warning is not, once its deadline has passed."""
        return self.fits_until is None or at < self.fits_until

    def start_sending(self, *, actor: ActorFact, at: datetime) -> None:
        """Note that a sender takes it up; a message that is not true any more fails instead.

        :raises NotBeingSent: it has come to its end already.
        """
        self._require_waiting()
        if not self.fits(at):
            self._expire(actor, at)
            return
        self._trigger(self.SendingStarted, actor, at, attempt=self.attempts + 1)

    def record_attempt(self, answers: Sequence[ServerAnswer], *, actor: ActorFact, at: datetime) -> None:
        """Record the mail server's answers to one attempt, one per recipient.

        :raises NotBeingSent: nobody is sending it (a late answer to an attempt that was repeated).
        """
        if self.status is not MessageStatus.SENDING:
            raise errors.NotBeingSent(f"The message is {self.status.value}.")
        answered = [answer.as_fact() for answer in answers]
        refused = [*self.round.refusals, *(each for each in answered if each["verdict"] == Verdict.REFUSED)]
        deferred = [answer.text for answer in answers if answer.verdict is Verdict.DEFERRED]
        if deferred:
            self._defer(answered, deferred[0], actor, at)
        elif refused:
            reason = "; ".join(f"{fact['email']}: {fact['text']}" for fact in refused)
            self._fail(MessageStatus.PERMANENT_FAILURE, answered, reason, actor, at)
        else:
            self._trigger(self.Delivered, actor, at, attempts=self.attempts, answers=answered)

    def record_outside_attempt(
        self, verdict: Verdict, detail: str, *, actor: ActorFact, at: datetime
    ) -> None:
        """Record an attempt of an outside mailer, which does its own retries (ADR 0016).

        :raises NotBeingSent: it has come to its end already.
        """
        self._require_waiting()
        self._trigger(self.SendingStarted, actor, at, attempt=self.attempts + 1)
        answers = [ServerAnswer(person.email, verdict, None, detail) for person in self.round.outstanding]
        if verdict is Verdict.DEFERRED:
            self._put_off([answer.as_fact() for answer in answers], detail, None, actor, at)
        else:
            self.record_attempt(answers, actor=actor, at=at)

    def record_return(
        self, returned: Sequence[Returned], *, resend: int, actor: ActorFact, at: datetime
    ) -> None:
        """Record that a mail came back from further on (RFC 3464); what is known already changes nothing.

        :param resend: of which sending: 0 for the first. What comes back of an earlier one changes nothing.
        :raises AlreadyOnItsWay: it is in the hands of a sender, whose answer comes first.
        """
        if resend != self.resends:
            return
        if self.status in (MessageStatus.CREATED, MessageStatus.SENDING):
            raise errors.AlreadyOnItsWay(f"The message is {self.status.value}; report it again later.")
        answers = self.round.refused_later(returned)
        if not answers:
            return
        if self.waiting:
            self._put_off(answers, self.reason or "", self.retry_at, actor, at)
            return
        gone = self.status is MessageStatus.TECHNICAL_FAILURE
        status = MessageStatus.TECHNICAL_FAILURE if gone else MessageStatus.PERMANENT_FAILURE
        said = [f"{answer['email']}: {answer['text']}" for answer in answers]
        self._fail(status, answers, "; ".join(filter(None, (self.reason, *said))), actor, at)

    def give_up(self, reason: str, *, actor: ActorFact, at: datetime) -> None:
        """Do not send it, visibly.

        :raises NotBeingSent: it has come to its end already.
        """
        self._require_waiting()
        self._fail(MessageStatus.TECHNICAL_FAILURE, [], reason, actor, at)

    def send_again(
        self,
        recipients: Sequence[Recipient],
        *,
        actor: ActorFact,
        at: datetime,
        sender: Sender | None = None,
        pause: timedelta = timedelta(),
    ) -> None:
        """Send it once more, from the first attempt on, to the recipients as they are known now.

        :param sender: from whom it comes now.
        :param pause: how long after one resend another is refused.
        :raises AlreadyOnItsWay: it is still being sent or retried.
        :raises NoLongerTrue: the deadline that it warns of has passed.
        :raises NobodyToSendTo: no recipient is known.
        :raises ResendTooSoon: within the pause.
        """
        self._require_pause(pause, at)
        if self.waiting:
            raise errors.AlreadyOnItsWay(f"The message is {self.status.value}; wait for the outcome.")
        if not self.fits(at):
            raise errors.NoLongerTrue("What it warns of has come; a message about that is in the list.")
        if not recipients:
            raise errors.NobodyToSendTo("No recipient is known; name one in the directory first.")
        body = {
            "recipients": [recipient.as_fact() for recipient in recipients],
            "content": asdict(self.content),
            "sender": asdict(sender) if sender else None,
            "fits_until": self.fits_until,
        }
        self._trigger(self.ResendRequested, actor, at, **body)

    def _require_pause(self, pause: timedelta, at: datetime) -> None:
        # a resend of later than now is of a clock that was wrong
        if self.resent_at is not None and self.resent_at <= at < self.resent_at + pause:
            wait = -((at - self.resent_at - pause) // timedelta(seconds=1))  # rounded up
            raise errors.ResendTooSoon(
                f"It was sent anew a moment ago; it can be again in {wait} seconds.", retry_after=wait
            )

    def _require_waiting(self) -> None:
        if not self.waiting:
            raise errors.NotBeingSent(f"The message is {self.status.value}.")

    def _expire(self, actor: ActorFact, at: datetime) -> None:
        reason = f"not sent: it was so until {self.fits_until:%Y-%m-%dT%H:%M:%SZ}"
        self._fail(MessageStatus.TECHNICAL_FAILURE, [], reason, actor, at)

    def _defer(self, answers: list[AnswerFact], reason: str, actor: ActorFact, at: datetime) -> None:
        retry_at = next_attempt(self.round.attempts, self.round.started_at or at, at)
        if retry_at is None:
            reason = f"given up after {self.round.attempts} attempts; last: {reason}"
            self._fail(MessageStatus.TECHNICAL_FAILURE, answers, reason, actor, at)
            return
        self._put_off(answers, reason, retry_at, actor, at)

    def _put_off(
        self,
        answers: list[AnswerFact],
        reason: str,
        retry_at: datetime | None,
        actor: ActorFact,
        at: datetime,
    ) -> None:
        body = {"attempt": self.attempts, "answers": answers, "reason": reason, "retry_at": retry_at}
        self._trigger(self.AttemptFailed, actor, at, **body)

    def _fail(
        self, status: MessageStatus, answers: list[AnswerFact], reason: str, actor: ActorFact, at: datetime
    ) -> None:
        body = {"status": status.value, "attempts": self.attempts, "answers": answers, "reason": reason}
        self._trigger(self.Failed, actor, at, **body)

    def _trigger(self, fact: type[facts.Event], actor: ActorFact, at: datetime, **body: object) -> None:
        self.trigger_event(
            fact,
            actor=actor,
            occurred_at=at,
            kind=self.kind.value,
            incident_id=self.matter.incident_id,
            case_number=self.matter.case_number,
            message_id=self.message_id,
            **body,
        )

    # --- What changes. ---

    @event(SendingStarted)
    def _apply_sending_started(self, attempt: int, occurred_at: datetime) -> None:
        self.status = MessageStatus.SENDING
        self.attempts = attempt
        self.round.begin_attempt(occurred_at)

    @event(AttemptFailed)
    def _apply_attempt_failed(
        self, answers: list[AnswerFact], reason: str, retry_at: datetime | None
    ) -> None:
        self._settle(MessageStatus.TEMPORARY_FAILURE, answers, reason)
        self.retry_at = retry_at

    @event(Delivered)
    def _apply_delivered(self, answers: list[AnswerFact], occurred_at: datetime) -> None:
        self._settle(MessageStatus.DELIVERED, answers, None)
        self.delivered_at = occurred_at

    @event(Failed)
    def _apply_failed(self, status: str, answers: list[AnswerFact], reason: str) -> None:
        self._settle(MessageStatus(status), answers, reason)

    @event(ResendRequested)
    def _apply_resend_requested(self, recipients: list[dict[str, str]], occurred_at: datetime) -> None:
        self.resends += 1
        self.resent_at = occurred_at
        self._begin_round(recipients)

    def _begin_round(self, recipients: list[dict[str, str]]) -> None:
        self.status = MessageStatus.CREATED
        self.round = Round(tuple(Recipient.from_fact(recipient) for recipient in recipients))
        self.reason, self.retry_at = None, None

    def _settle(self, status: MessageStatus, answers: list[AnswerFact], reason: str | None) -> None:
        self.status, self.reason, self.retry_at = status, reason, None
        self.round.remember(answers)
