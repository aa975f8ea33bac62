"""Three databases are backed up as of one moment: no consumer is ahead of its producer's backup."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from deploy.console.backup import snapshot
from deploy.console.backup.snapshot import consistent_snapshots
from deploy.console.errors import CommandError
from tests.support.logbooks.event_store import lay_plumbing
from tests.support.servers.postgres import new_database

ROUNDS = 20
NAMES = ("incidents", "appeals", "notifications")
APPEND = """
    INSERT INTO {0}_events (originator_id, originator_version, topic, state)
    VALUES (gen_random_uuid(), 1, 't', '') RETURNING notification_id
"""
SEEN = """
    INSERT INTO positions VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET position = excluded.position
"""


@pytest.fixture
def urls(postgres_server: str) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        made = {name: stack.enter_context(new_database(postgres_server)) for name in NAMES}
        for name, url in made.items():
            lay_plumbing(url, f"{name}_events")
        yield made


@contextmanager
def everybody_reads_everybody(urls: dict[str, str]) -> Iterator[None]:
    """Each appends, and the other two record at once how far they have read it."""
    stop = threading.Event()

    def play(producer: str) -> None:
        with ExitStack() as stack:
            to = {
                name: stack.enter_context(psycopg.connect(url, autocommit=True)) for name, url in urls.items()
            }
            while not stop.is_set():
                ((position,),) = to[producer].execute(APPEND.format(producer).encode()).fetchall()
                for reader in set(NAMES) - {producer}:
                    to[reader].execute(SEEN, [producer, position])

    players = [threading.Thread(target=play, args=[name]) for name in NAMES]
    for player in players:
        player.start()
    try:
        yield
    finally:
        stop.set()
        for player in players:
            player.join(60)


def seen_in(url: str, snapshot: str) -> dict[str, int]:
    """How far a database has read the others, as its backup would say."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
        return dict(connection.execute("TABLE positions").fetchall())


def test_no_database_has_read_what_anothers_backup_does_not_hold(urls: dict[str, str]) -> None:
    newest = 0
    with everybody_reads_everybody(urls):
        for _ in range(ROUNDS):
            with consistent_snapshots(urls) as snapshots:
                read = {name: seen_in(url, snapshots[name].name) for name, url in urls.items()}
                held = {name: snapshot.position for name, snapshot in snapshots.items()}
            for name, positions in read.items():
                ahead = {of: at for of, at in positions.items() if at > held[of]}
                assert not ahead, f"{name} has read {ahead} and the backups hold {held}"
            newest = max(held.values())
    assert newest > ROUNDS


def test_while_a_moment_is_held_others_go_on_writing(urls: dict[str, str]) -> None:
    with (
        consistent_snapshots(urls) as snapshots,
        psycopg.connect(urls["incidents"], autocommit=True) as writer,
    ):
        ((position,),) = writer.execute(APPEND.format("incidents").encode()).fetchall()
    assert position > snapshots["incidents"].position


def test_a_table_that_somebody_holds_is_said_to_be_busy(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "PATIENCE", 0.0)
    monkeypatch.setattr(snapshot, "LOCK_TIMEOUT", "100ms")
    with psycopg.connect(urls["appeals"]) as holder:
        holder.execute("LOCK TABLE appeals_events IN EXCLUSIVE MODE")
        with pytest.raises(CommandError, match="busy"), consistent_snapshots(urls):
            pass


def test_a_database_without_tables_is_nothing_to_back_up(urls: dict[str, str], database: str) -> None:
    with (
        pytest.raises(CommandError, match="no tables yet"),
        consistent_snapshots({**urls, "appeals": database}),
    ):
        pass
