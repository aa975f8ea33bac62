"""Calls the append function of the database: its arguments for many saves, and the meaning of its errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg
import orjson
from eventsourcing.persistence import StoredEvent

from shared.kernel.store import Receipt, ReceiptExists, StreamMoved

# names and types of the function's arguments, in their order
ARGUMENTS = (
    ("ids", "uuid"),
    ("versions", "bigint"),
    ("topics", "text"),
    ("states", "bytea"),
    ("callers", "text"),
    ("keys", "text"),
    ("fingerprints", "bytea"),
    ("statuses", "integer"),
    ("headers", "text"),
    ("bodies", "bytea"),
)

Columns = tuple[Sequence[object], ...]


def append_sql(table: str) -> str:
    """The SQL of the call, with the driver's placeholders."""
    places = ", ".join(f"${n}::{kind}[]" for n, (_, kind) in enumerate(ARGUMENTS, start=1))
    return f"SELECT {table}_append({places})"


def columns(events: Sequence[StoredEvent], receipts: Sequence[Receipt]) -> Columns:
    """The arguments: the saves of a batch, one array per column."""
    return (
        [event.originator_id for event in events],
        [event.originator_version for event in events],
        [event.topic for event in events],
        [event.state for event in events],
        [receipt.caller for receipt in receipts],
        [receipt.key for receipt in receipts],
        [receipt.fingerprint for receipt in receipts],
        [receipt.status for receipt in receipts],
        [orjson.dumps(receipt.headers).decode() for receipt in receipts],
        [receipt.body for receipt in receipts],
    )


def refusal(error: BaseException, table: str) -> StreamMoved | ReceiptExists | None:
    """The error to raise for a violated key; None if the database refused for another reason."""
    if not isinstance(error, asyncpg.UniqueViolationError):
        return None
    if error.constraint_name == f"{table}_pkey":
        return StreamMoved(error.detail or str(error))
    if error.constraint_name == "receipts_pkey":
        return ReceiptExists("This Idempotency-Key was used before.")
    return None


@dataclass(frozen=True)
class Lookup:
    """Looks up whether a save is stored whose commit the database never confirmed."""

    connection: asyncpg.Connection[asyncpg.Record]
    table: str

    async def positions(self, events: Sequence[StoredEvent], receipt: Receipt | None) -> list[int] | None:
        """The positions of the events, if exactly these events and this receipt are stored; else None."""
        if receipt is not None and receipt != await find_receipt(
            self.connection, receipt.caller, receipt.key
        ):
            return None
        found = await self.connection.fetch(
            f"SELECT originator_id, originator_version, topic, state, notification_id FROM {self.table}"  # noqa: S608 - our table's name, checked when it was made
            " WHERE (originator_id, originator_version) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))",
            [event.originator_id for event in events],
            [event.originator_version for event in events],
        )
        return _matched(events, found)


def _matched(events: Sequence[StoredEvent], rows: Iterable[asyncpg.Record]) -> list[int] | None:
    stored = {tuple(row[:4]): int(row["notification_id"]) for row in rows}
    keys = [(e.originator_id, e.originator_version, e.topic, e.state) for e in events]
    positions = [stored.get(key) for key in keys]
    return None if None in positions else [p for p in positions if p is not None]


async def find_receipt(
    connection: asyncpg.Connection[asyncpg.Record] | asyncpg.Pool[asyncpg.Record], caller: str, key: str
) -> Receipt | None:
    """The answer that this caller was given under this key."""
    row = await connection.fetchrow(
        "SELECT caller, key, fingerprint, status, headers, body FROM receipts WHERE caller = $1 AND key = $2",
        caller,
        key,
    )
    if row is None:
        return None
    return Receipt(**{**dict(row), "headers": orjson.loads(row["headers"])})
