"""The sender: takes up messages that are due, hands them to the mail server, and records its answer.

Taking up, handing over and recording are three steps, and the process may die between any two:

* after taking up: the lease runs out and the message is taken up again; nothing was sent;
* after handing over: the same, and the mail goes out a second time under the same Message-ID, so that mail
  programs can tell; a third time needs a second crash at the same point;
* after recording: nothing is left to do.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from uuid import UUID

import structlog

from services.notifications.application.commands import RecordReturn, ReportAttempt, Resend
from services.notifications.application.messages import Messages
from services.notifications.application.ports import Mail, Mailer
from services.notifications.domain.errors import NotBeingSent
from services.notifications.domain.message import Message
from services.notifications.domain.values import Returned, ServerAnswer
from shared.kernel.clock import Clock
from shared.kernel.store import ReceiptFor
from shared.observability.correlation import following
from shared.observability.metrics import counter

OpenMessages = Callable[[], AbstractAsyncContextManager[Messages]]
"""One transaction over messages and queue; committed when the block ends well."""


_answers = counter("mail_answers", "What mail servers said of a recipient.", ("verdict",))

log = structlog.get_logger(__name__)


class Resending:
    """What a caller of the API may ask of messages: one transaction each."""

    def __init__(self, open_messages: OpenMessages) -> None:
        self._open = open_messages

    async def resend(self, command: Resend, receipt: ReceiptFor | None = None) -> Message:
        """Send a settled message anew; see ``Messages.resend``."""
        async with self._open() as messages:
            return await messages.resend(command, receipt)

    async def report(self, command: ReportAttempt, receipt: ReceiptFor | None = None) -> Message:
        """Record what became of an attempt made outside; see ``Messages.report``."""
        async with self._open() as messages:
            return await messages.report(command, receipt)


class Returns:
    """What mail servers further on send back: one transaction for each report."""

    def __init__(self, open_messages: OpenMessages, clock: Clock) -> None:
        self._open, self._clock = open_messages, clock

    async def record(
        self, notification_id: UUID, resend: int, reports: Sequence[tuple[Sequence[str], str]]
    ) -> None:
        """Record whom a mail did not reach (by which addresses) and why; see ``Messages.record_return``."""
        returned = tuple(Returned(tuple(addresses), text) for addresses, text in reports)
        async with self._open() as messages:
            await messages.record_return(RecordReturn(notification_id, resend, returned, self._clock.now()))


class MessageSender:
    """A sender; several may run, and each takes messages that no other has taken."""

    def __init__(
        self, open_messages: OpenMessages, mailer: Mailer, clock: Clock, *, burst: int, lease: timedelta
    ) -> None:
        self._open = open_messages
        self._mailer = mailer
        self._clock = clock
        self._burst = burst
        self._lease = lease

    async def send_what_is_due(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send messages that are due over one connection; returns how many were taken up.

        Messages that are not begun in the first half of the lease, or before ``stopping``, are given back:
        otherwise the lease could end while a mail is under way, and another sender would repeat it. After the
        lease has ended nothing is given back: another sender may have taken the messages, or delivered them.
        """
        began, lease = time.monotonic(), self._lease.total_seconds()
        last_start = began + lease / 2
        async with self._open() as messages:
            mails = await messages.claim(self._clock.now(), self._burst, self._lease)
        waiting = deque(mails)
        try:
            while waiting and not stopping() and time.monotonic() < last_start:
                mail = waiting.popleft()
                with following(mail.trail):
                    await self._send(mail)
            if time.monotonic() < began + lease:
                await self._give_back(waiting)
        finally:
            if waiting or len(mails) < self._burst:
                await self._mailer.rest()
        return len(mails)

    async def overdue(self) -> tuple[int, timedelta]:
        """How many messages wait, and for how long the oldest has."""
        return await overdue(self._open, self._clock)

    async def _give_back(self, mails: Collection[Mail]) -> None:
        if mails:
            async with self._open() as messages:
                await messages.give_back([mail.notification_id for mail in mails], self._clock.now())

    async def _send(self, mail: Mail) -> None:
        answers = await self._mailer.deliver(mail)
        log.info("mail_tried", notification_id=str(mail.notification_id), verdicts=_counted(answers))
        try:
            async with self._open() as messages:
                await messages.record(mail.notification_id, answers, self._clock.now())
        except NotBeingSent:
            # our lease ran out, and another sender's answer is on record already
            return


async def overdue(open_messages: OpenMessages, clock: Clock) -> tuple[int, timedelta]:
    """How many messages wait, and for how long the oldest has."""
    async with open_messages() as messages:
        backlog = await messages.backlog()
    since = backlog.since
    # what waits for its turn is due later than now
    return backlog.count, max(clock.now() - since, timedelta()) if since else timedelta()


def _counted(answers: Iterable[ServerAnswer]) -> dict[str, int]:
    verdicts = Counter(answer.verdict.value for answer in answers)
    for verdict, recipients in verdicts.items():
        _answers.labels(verdict).inc(recipients)
    return dict(verdicts)
