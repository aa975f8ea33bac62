"""The library's own recorder test cases, over our appender.

What is written goes through the appender, what is read through the library's recorder. None is skipped, and
the optional one for subscriptions is asked for, too.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from threading import Thread

import eventsourcing.cryptography
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from shared.kernel.store import StreamMoved
from shared.persistence.appender import Appender
from tests.support.logbooks.event_store import TABLE, EventStore

# The test cases import a cipher over a package that we do not have; its twin of the same name will do.
sys.modules.setdefault("eventsourcing.cipher", eventsourcing.cryptography)
from eventsourcing.tests import persistence as the_librarys  # noqa: E402 - after the line above


class RunningAppender:
    """An appender for callers without an event loop."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self._appender = asyncio.run_coroutine_threadsafe(self._started(url), self._loop).result(10)

    @staticmethod
    async def _started(url: str) -> Appender:
        appender = Appender(url, TABLE)
        await appender.start()
        return appender

    def append(self, events: Sequence[StoredEvent]) -> list[int]:
        return asyncio.run_coroutine_threadsafe(self._appender.append(events), self._loop).result(30)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._appender.drain(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class AppendingRecorder(PostgresApplicationRecorder):
    """The library's recorder, whose inserts go through our appender."""

    appender: RunningAppender

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int] | None:
        try:
            return self.appender.append(stored_events) or None
        except StreamMoved as error:
            raise IntegrityError(str(error)) from error


class PositionlessRecorder(AppendingRecorder):
    """As an aggregate recorder, which answers an insert with nothing."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> None:
        super().insert_events(stored_events)


class OnAnEventStore:
    """Gives each test case a new event store and an appender that runs."""

    recorder: type[AppendingRecorder]

    @pytest.fixture(autouse=True)
    def _event_store(self, event_store: EventStore) -> Iterator[None]:
        self._datastore = event_store.recorder(pool_size=12).datastore
        self._appender = RunningAppender(event_store.url)
        yield
        self._appender.stop()
        self._datastore.close()

    def create_recorder(self) -> AppendingRecorder:
        recorder = self.recorder(self._datastore, events_table_name=TABLE)
        recorder.appender = self._appender
        return recorder


class TestAggregateRecorder(OnAnEventStore, the_librarys.AggregateRecorderTestCase):
    recorder = PositionlessRecorder


class TestApplicationRecorder(
    OnAnEventStore, the_librarys.ApplicationRecorderTestCase[PostgresApplicationRecorder]
):
    recorder = AppendingRecorder

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()
