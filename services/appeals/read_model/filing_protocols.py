"""Whether LEAs let their sites file, as this service learned of their choices (§3.3 note 1)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.appeals.read_model.tables import filing_protocols, known_cases

LEA_ONLY = "lea_only"


async def remember(connection: AsyncConnection, lea: str, filing_protocol: str, version: int) -> None:
    """Know an LEA's choice from now on; an older word than the one that is known changes nothing."""
    statement = insert(filing_protocols).values(lea=lea, filing_protocol=filing_protocol, version=version)
    newer = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["lea"],
            set_={"filing_protocol": newer.filing_protocol, "version": newer.version},
            where=filing_protocols.c.version < newer.version,
        )
    )


def lea_files_for_case() -> sa.Exists:
    """Whether the LEA of a known case files alone; no, as long as nothing else was heard."""
    return (
        sa.exists()
        .where(
            filing_protocols.c.lea == known_cases.c.lea,
            filing_protocols.c.filing_protocol == LEA_ONLY,
        )
        .correlate(known_cases)
    )
