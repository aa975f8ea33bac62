"""One round of attempts: from the first try, or from a resend, until everybody is settled or we give up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.notifications.domain.values import Recipient, Returned, ServerAnswer, Verdict

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

    def refused_later(self, returned: Sequence[Returned]) -> list[AnswerFact]:
        """The answers that reports of delivery amount to: one for each recipient not refused before.

        A mail to one recipient only came back for that one, whatever the address: it had been forwarded.
        """
        names = {person.email.casefold(): person.email for person in self.recipients}
        refused = {str(answer["email"]) for answer in self.refusals}
        found: dict[str, AnswerFact] = {}
        for report in returned:
            known = [names[each.casefold()] for each in report.addresses if each.casefold() in names]
            email = known[0] if known else next(iter(names.values())) if len(names) == 1 else None
            if email is not None and email not in refused:
                answer = ServerAnswer(email, Verdict.REFUSED, None, report.text)
                found.setdefault(email, answer.as_fact())
        return list(found.values())
