"""Trouble that passes, and trouble that does not."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from shared.persistence.faults import QueueFull, StoreUnavailable, transient, translated, unanswered

PASSING = [
    ConnectionRefusedError(),
    TimeoutError(),
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.AdminShutdownError("stopped"),
    asyncpg.CannotConnectNowError("starting"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.LockNotAvailableError("busy"),
    asyncpg.QueryCanceledError("slow"),
    asyncpg.TooManyConnectionsError("full"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.IdleInTransactionSessionTimeoutError("stood still"),
]
LASTING = [
    asyncpg.UniqueViolationError("taken"),
    asyncpg.UndefinedTableError("not migrated"),
    asyncpg.InvalidPasswordError("wrong"),
    asyncpg.exceptions._base.DataError("does not fit"),
    ValueError("a bug"),
]


def wrapped(error: Exception) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, error)


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_this_passes(error: Exception) -> None:
    assert transient(error)
    assert transient(wrapped(error))


def test_our_own_words_for_it_pass_too() -> None:
    assert transient(StoreUnavailable())
    assert transient(QueueFull(1))


@pytest.mark.parametrize("error", LASTING, ids=lambda error: type(error).__name__)
def test_this_does_not_pass_by_itself(error: Exception) -> None:
    assert not transient(error)
    assert not transient(wrapped(error))


def test_a_rollback_is_an_answer_and_a_lost_connection_is_none() -> None:
    assert not unanswered(asyncpg.DeadlockDetectedError("deadlock"))
    assert unanswered(asyncpg.ConnectionDoesNotExistError("gone"))
    assert unanswered(DBAPIError("SELECT 1", {}, ValueError(), connection_invalidated=True))


def test_a_database_that_is_away_is_told_by_one_name() -> None:
    with pytest.raises(StoreUnavailable), translated():
        raise ConnectionRefusedError
    with pytest.raises(StoreUnavailable), translated(network=False):
        raise asyncpg.ConnectionDoesNotExistError("gone")


def test_other_trouble_keeps_its_name() -> None:
    with pytest.raises(ConnectionRefusedError), translated(network=False):
        raise ConnectionRefusedError
    with pytest.raises(asyncpg.UndefinedTableError), translated():
        raise asyncpg.UndefinedTableError("not migrated")
