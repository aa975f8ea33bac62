"""The three kinds of database errors, and who has to act.

    QueueFull           more saves wait than are stored in time       the caller comes back later   (503)
    StoreUnavailable    the database is away longer than we wait      the caller comes back later   (503)
    anything else       a bug of ours, or a refusal of the schema     a person reads the log

``transient`` tells every loop that retries which errors pass by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# the server did not answer: what was sent may or may not have been stored
_GONE = (
    "08",  # connection exceptions
    "57P",  # shut down, crashed, not yet up
    "25P03",  # the session was ended because it was idle in a transaction
)
# the server answered that it rolled back; the same statement may succeed a moment later
_UNDONE = (
    "40",  # deadlock, serialization failure
    "53",  # too many connections, out of memory, disk full
    "55P03",  # lock not available in time
    "57014",  # statement timeout
    "25006",  # read only: the primary has become a standby
)


class QueueFull(Exception):  # noqa: N818 - says what is so
    """More saves are waiting than can be stored in good time; nothing of this one was stored."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many saves are waiting; come back in {retry_after} s.")
        self.retry_after = retry_after  # seconds


class StoreUnavailable(Exception):  # noqa: N818 - says what is so
    """The database is away. A save that ends so may have been stored: repeat it under its Idempotency-Key."""

    def __init__(self, detail: str = "The event store cannot be reached.", retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after  # seconds


def unanswered(error: BaseException) -> bool:
    """Whether the server did not answer (lost, gone, too slow); what was sent may have been stored."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    error = _driver_error(error)
    if isinstance(error, asyncpg.PostgresError | psycopg.Error) and error.sqlstate is not None:
        return error.sqlstate.startswith(_GONE)
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # a ValueError: our parameters did not fit, nothing was sent
    return isinstance(
        error, OSError | TimeoutError | EOFError | asyncpg.InternalClientError | psycopg.OperationalError
    )


def transient(error: BaseException) -> bool:
    """Whether the same may succeed later without anybody's help."""
    if isinstance(error, StoreUnavailable | QueueFull | PoolTimeout) or unanswered(error):
        return True
    state = getattr(_driver_error(error), "sqlstate", None)
    return isinstance(state, str) and state.startswith(_UNDONE)


@contextmanager
def translated(*, network: bool = True) -> Iterator[None]:
    """Inside the block, raise ``StoreUnavailable`` for a database that is away; other errors pass unchanged.

    :param network: whether any ``OSError`` inside can only be the database's.
    """
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, DBAPIError) as error:
        if transient(error):
            raise StoreUnavailable from error
        raise
    except PoolTimeout as error:
        raise StoreUnavailable from error
    except OSError as error:  # of which TimeoutError is one
        if network:
            raise StoreUnavailable from error
        raise


def _driver_error(error: BaseException) -> BaseException:
    """What the driver said, when SQLAlchemy has wrapped it."""
    if not isinstance(error, DBAPIError):
        return error
    try:
        return error.driver_exception
    except ValueError:  # an error of the adapter's own, with no driver behind it
        return error.orig or error
