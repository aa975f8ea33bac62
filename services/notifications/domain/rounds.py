"""One round of attempts: from the first try, or from a resend, until everybody is settled or we give up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.notifications.domain.values import Recipient, Verdict

AnswerFact = dict[str, str | int | None]


@dataclass
class Round:
    """The recipients of a round, and which of them are settled."""

    recipients: tuple[Recipient, ...]
    attempts: int = 0
    started_at: datetime | None = None
    settled_for: set[str] = field(default_factory=set)
    refusals: list[AnswerFact] = field(default_factory=list)

    @property
    def outstanding(self) -> tuple[Recipient, ...]:
        """Who has neither got it nor been refused."""
        return tuple(person for person in self.recipients if person.email not in self.settled_for)

    def begin_attempt(self, at: datetime) -> None:
        """Count an attempt; the first one starts the clock of the retries."""
        self.attempts += 1
        self.started_at = self.started_at or at

    def remember(self, answers: Sequence[AnswerFact]) -> None:
        """Note the answers: recipients that were accepted or refused are not tried again in this round."""
        for answer in answers:
            if answer["verdict"] != Verdict.DEFERRED:
                self.settled_for.add(str(answer["email"]))
            if answer["verdict"] == Verdict.REFUSED:
                self.refusals.append(answer)
