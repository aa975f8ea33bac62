"""Whose rows a caller may see, twice: as SQL in every search, and as what the database shows (HR-29).

    async with seen_by(engine, actor) as connection:
        await connection.execute(sa.select(LIST).where(in_scope(actor, lea=…, school=…)))

A search that forgets its condition finds no more than one that has it: ``seen_by`` names the caller to the
database, whose policies keep the lists (``wall``). Where nobody is named, no row is shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.kernel.actor import STATEWIDE, Actor, Role

EVERY_ROW: Mapping[str, str] = MappingProxyType({"stairs.role": Role.SYSTEM.value})
"""For sessions that work for nobody in particular, as a worker's: they see every row."""

_NAME_CALLER = sa.text(
    "SELECT set_config('stairs.role', :role, true), set_config('stairs.lea', :lea, true),"
    " set_config('stairs.school', :school, true), set_config('stairs.sub', :sub, true)"
)


@asynccontextmanager
async def seen_by(engine: AsyncEngine, actor: Actor) -> AsyncIterator[AsyncConnection]:
    """A transaction in which the lists show what this caller sees, whatever is asked; undone at its end."""
    named = {"role": actor.role.value, "lea": actor.lea or "", "school": actor.school or "", "sub": actor.sub}
    async with engine.connect() as connection:
        await connection.execute(_NAME_CALLER, named)
        yield connection


@asynccontextmanager
async def seeing_every_row(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction for a count that concerns more than its caller sees; no row of it is shown to anybody."""
    async with engine.connect() as connection:
        await connection.execute(
            _NAME_CALLER, {"role": Role.SYSTEM.value, "lea": "", "school": "", "sub": ""}
        )
        yield connection


def in_scope(
    actor: Actor, *, lea: sa.ColumnElement[str | None], school: sa.ColumnElement[str | None]
) -> sa.ColumnElement[bool]:
    """``Actor.sees`` as a condition on the columns of LEA and school; a caller without a place sees no rows.

    Whether the role may search at all is judged by the service before.
    """
    if actor.role in STATEWIDE:
        return sa.true()
    column, own = (lea, actor.lea) if actor.role is Role.LEA_COORDINATOR else (school, actor.school)
    return sa.false() if own is None else column == own  # never ``= None``: that would be IS NULL
