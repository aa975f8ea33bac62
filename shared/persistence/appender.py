"""The group-committing appender: one task, one connection, all waiting saves in one transaction.

A save *waits* in a bounded queue, is *sent* with all others that wait, and is *answered*. In between:

    its caller is cancelled      dropped if not yet sent; if sent, it is stored whole or not at all
    a key is violated            the saves of the batch are repeated one by one: only the one that violates
                                 the key is refused
    the server rolls back        (deadlock, lock or statement timeout) the batch is sent again
    the server does not answer   reconnect after a pause and send again; if a key is now violated, look up
                                 whether this very save is stored: then it is answered as committed
    all that takes too long      the save ends in ``StoreUnavailable``

A save is doubtful when it was sent and the server did not answer. Sending it again is safe whatever became
of the first time: of two transactions with the same keys the table accepts only one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog
from eventsourcing.persistence import StoredEvent

from shared.kernel.store import Receipt
from shared.observability.metrics import counter, gauge, histogram
from shared.persistence import append_function
from shared.persistence.engine import connect
from shared.persistence.faults import QueueFull, StoreUnavailable, transient, unanswered

__all__ = ["Appender", "QueueFull", "StoreUnavailable"]

# after this time the server ends the statement; an append waits 5 s at most for the table, then writes
STATEMENT_TIMEOUT = "8s"

# seconds after which a server that does not answer at all counts as away
ANSWER_TIMEOUT = 10.0

PAUSES = (0.02, 0.1, 0.25, 0.5, 1.0)  # seconds between attempts; the last one repeats
MAX_BYTES = 4 * 1024 * 1024  # of one batch, unless a single save is larger

_log = structlog.get_logger(__name__)
_seconds = histogram("append_seconds", "From sending a batch of saves to its commit.")
_saves = histogram(
    "append_batch_saves", "Saves in one transaction.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
_ended = counter("append_saves_ended", "Saves by how they ended.", ("outcome",))
_stored, _refused = _ended.labels("stored"), _ended.labels("refused")
_given_up, _turned_away = _ended.labels("unavailable"), _ended.labels("queue_full")


@dataclass(eq=False, slots=True)
class _Save:
    events: Sequence[StoredEvent]
    receipt: Receipt | None
    done: asyncio.Future[list[int]]
    overdue_at: float  # on the clock of the event loop
    doubtful: bool = False  # it was sent once, and never answered
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = sum(len(event.state) for event in self.events)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def succeed(self, positions: list[int]) -> None:
        if not self.done.done():
            self.done.set_result(positions)


@dataclass(frozen=True, slots=True)
class _Line:
    connection: asyncpg.Connection[asyncpg.Record]
    append: asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]


class Appender:
    """Stores events and receipts; every save is all or nothing, and answered once it is durable."""

    def __init__(
        self,
        url: str,
        table: str,
        *,
        max_waiting: int = 1024,
        max_batch: int = 256,
        patience: float = 15.0,
    ) -> None:
        """Nothing is opened before ``start``.

        :param max_waiting: saves beyond this are refused with ``QueueFull``.
        :param max_batch: saves in one transaction.
        :param patience: seconds after which a save that cannot be stored ends in ``StoreUnavailable``.
        """
        self._url, self._table = url, table
        self._max_waiting, self._max_batch, self._patience = max_waiting, max_batch, patience
        self._answer_timeout = min(ANSWER_TIMEOUT, patience)
        self._queue: deque[_Save] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._line: _Line | None = None
        gauge("append_waiting", "Saves that are not yet sent.").set_function(lambda: len(self._queue))
        gauge("append_waiting_limit", "Saves that may wait; more are refused.").set(max_waiting)

    @property
    def waiting(self) -> int:
        """Saves that are not yet sent."""
        return len(self._queue)

    async def start(self) -> None:
        """Start the task that stores; the database need not be up yet."""
        self._task = asyncio.create_task(self._run(), name=f"appender:{self._table}")

    async def drain(self) -> None:
        """Accept no more saves, answer those that wait, and close; takes ``patience`` seconds at most."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._line is not None:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._line.connection.close(timeout=2)

    async def append(self, events: Sequence[StoredEvent], receipt: Receipt | None = None) -> list[int]:
        """Store the events and the receipt, or nothing; returns the events' positions once they are durable.

        :raises StreamMoved: one of the versions is taken.
        :raises ReceiptExists: this caller used the key before.
        :raises QueueFull: too many saves wait; nothing was stored.
        :raises StoreUnavailable: the database is away; the save may have been stored (or we are closing).
        """
        if not events and receipt is None:
            return []
        if self._closing or self._task is None or self._task.done():
            raise StoreUnavailable("The service is shutting down.")
        if len(self._queue) >= self._max_waiting:
            _turned_away.inc()
            raise QueueFull(retry_after=1)
        loop = asyncio.get_running_loop()
        save = _Save(events, receipt, loop.create_future(), loop.time() + self._patience)
        self._queue.append(save)
        self._wake.set()
        return await save.done

    # --- the task that stores ---

    async def _run(self) -> None:
        batch: list[_Save] = []
        try:
            while not self._closing or self._queue:
                await self._wake.wait()
                self._wake.clear()
                while batch := self._taken():
                    await self._deliver(batch)
        finally:
            # after a cancellation or a bug, no caller may wait for ever
            for save in (*batch, *self._queue):
                save.fail(StoreUnavailable("The appender was stopped."))
            self._queue.clear()

    def _taken(self) -> list[_Save]:
        batch: list[_Save] = []
        size = 0
        while self._queue and len(batch) < self._max_batch:
            if batch and size + self._queue[0].size > MAX_BYTES:
                break
            save = self._queue.popleft()
            # a save that is done already was cancelled by its caller
            if not save.done.done():
                batch.append(save)
                size += save.size
        return batch

    async def _deliver(self, batch: list[_Save]) -> None:
        """Try until every save of the batch is answered."""
        attempts = 0
        while batch := self._unanswered(batch):
            try:
                await self._store(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, the waiters must be told
                if not transient(error):
                    _log.exception("append_failed", table=self._table)
                    for save in batch:
                        save.fail(error)
                    return
                _log.warning("append_delayed", table=self._table, saves=len(batch), reason=repr(error))
                await asyncio.sleep(PAUSES[min(attempts, len(PAUSES) - 1)])
                attempts += 1

    def _unanswered(self, batch: list[_Save]) -> list[_Save]:
        now = asyncio.get_running_loop().time()
        for save in batch:
            if now >= save.overdue_at and not save.done.done():
                _given_up.inc()
                save.fail(StoreUnavailable())
        return [save for save in batch if not save.done.done()]

    async def _store(self, batch: list[_Save]) -> None:
        """One transaction for all; if the database refuses it, one for each."""
        try:
            positions = await self._send(batch)
        except Exception as error:
            if transient(error):
                raise
            if len(batch) > 1:
                for save in batch:
                    await self._store([save])
                return
            await self._refuse(batch[0], error)
            return
        start = 0
        for save in batch:
            save.succeed(positions[start : start + len(save.events)])
            start += len(save.events)
        _stored.inc(len(batch))

    async def _refuse(self, save: _Save, error: Exception) -> None:
        why = append_function.refusal(error, self._table)
        if why is not None and save.doubtful:
            lookup = append_function.Lookup((await self._connected()).connection, self._table)
            positions = await lookup.positions(save.events, save.receipt)
            if positions is not None:
                _log.info("doubtful_append_found", table=self._table, positions=positions)
                save.succeed(positions)
                _stored.inc()
                return
        if why is None:
            _log.error("append_refused", table=self._table, reason=repr(error))
            # the prepared statement may no longer fit the table: prepare it anew on a new connection
            self._hang_up()
        _refused.inc()
        save.fail(why or error)

    async def _send(self, batch: list[_Save]) -> list[int]:
        line = await self._connected()
        events = [event for save in batch for event in save.events]
        receipts = [save.receipt for save in batch if save.receipt is not None]
        _saves.observe(len(batch))
        try:
            with _seconds.time():
                arguments = append_function.columns(events, receipts)
                rows = await line.append.fetch(*arguments, timeout=self._answer_timeout)
        except Exception as error:
            if unanswered(error):
                for save in batch:
                    save.doubtful = True
                self._hang_up()
            raise
        return [row[0] for row in rows]

    async def _connected(self) -> _Line:
        if self._line is None or self._line.connection.is_closed():
            connection = await connect(
                self._url, application_name="stairs appender", statement_timeout=STATEMENT_TIMEOUT
            )
            self._line = _Line(connection, await connection.prepare(append_function.append_sql(self._table)))
        return self._line

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.connection.terminate()
            self._line = None
