"""Searching the list of cases; the caller's scope is part of every question (HR-29)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.incidents.read_model.tables import CASE_LIST
from shared.kernel.actor import Actor
from shared.kernel.yielding import piecewise
from shared.persistence.faults import translated
from shared.persistence.scope import in_scope, seen_by

C = CASE_LIST.c
LastSeen = tuple[datetime, UUID]
"""Where a row stands in the list: newest draft first, the id decides between equals."""

CaseRow = dict[str, Any]  # a row of ``case_list`` by column

EQUALS = ("case_number", "status", "severity", "incident_type", "school", "lea", "late", "corrects")


@dataclass(frozen=True)
class CaseCriteria:
    """What is looked for; None asks for nothing."""

    case_number: str | None = None
    status: str | None = None
    severity: str | None = None
    incident_type: str | None = None
    school: str | None = None
    lea: str | None = None
    late: bool | None = None
    corrects: str | None = None
    student_ref: str | None = None
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None  # excluded

    def of_student(self, student_ref: str) -> CaseCriteria:
        """The same, and this student."""
        return replace(self, student_ref=student_ref)


class CaseSearch:
    """Answers from ``case_list``, which follows the facts by moments."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(
        self, criteria: CaseCriteria, actor: Actor, *, after: LastSeen | None, limit: int
    ) -> Sequence[CaseRow]:
        """Up to ``limit`` rows in the caller's scope behind a place, newest draft first.

        :raises StoreUnavailable: the database is away.
        """
        query = sa.select(CASE_LIST).where(in_scope(actor, lea=C.lea, school=C.school), *_asked(criteria))
        if after is not None:
            query = query.where(sa.tuple_(C.drafted_at, C.id) < after)
        query = query.order_by(C.drafted_at.desc(), C.id.desc()).limit(limit)
        with translated():
            async with seen_by(self._engine, actor) as connection:
                found = (await connection.execute(query)).mappings()
                return [dict(row) async for row in piecewise(found)]

    async def is_known(self, case_number: str, actor: Actor) -> bool:
        """Whether a case of this number is in the caller's scope.

        :raises StoreUnavailable: the database is away.
        """
        return bool(await self.find(CaseCriteria(case_number=case_number), actor, after=None, limit=1))


def _asked(criteria: CaseCriteria) -> Iterator[sa.ColumnElement[bool]]:
    for name in EQUALS:
        wanted = getattr(criteria, name)
        if wanted is not None:
            yield C[name] == wanted
    if criteria.student_ref is not None:
        # by a function that has the index: behind a policy the operator of arrays may not go first
        yield C.id.in_(sa.select(sa.func.cases_of_student(criteria.student_ref)))
    if criteria.submitted_from is not None:
        yield C.submitted_at >= criteria.submitted_from
    if criteria.submitted_before is not None:
        yield C.submitted_at < criteria.submitted_before
