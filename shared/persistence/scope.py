"""Whose rows a caller may see, as SQL: part of every search (HR-29)."""

from __future__ import annotations

import sqlalchemy as sa

from shared.kernel.actor import STATEWIDE, Actor, Role


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
