"""The cases that were submitted elsewhere, as this service learned of them from published events."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.appeals.domain.values import KnownCase
from services.appeals.read_model.filing_protocols import lea_files_for_case
from services.appeals.read_model.tables import known_cases
from services.appeals.read_model.testing_windows import closes_on_for_case


class KnownCaseTable:
    """Answers the application's ``KnownCases``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, case_number: str) -> KnownCase | None:
        """The case with this number, if it was heard of; its window and who files as known now."""
        statement = sa.select(
            known_cases,
            closes_on_for_case().label("window_closes_on"),
            lea_files_for_case().label("lea_files"),
        ).where(known_cases.c.case_number == case_number)
        async with self._engine.connect() as connection:
            row = (await connection.execute(statement)).mappings().one_or_none()
        return None if row is None else case_of(row)


async def remember(connection: AsyncConnection, case: KnownCase) -> None:
    """Know a case from now on; the same case again changes nothing."""
    row = {
        "case_number": case.case_number,
        "incident_id": case.incident_id,
        "administration_year": case.administration_year,
        "incident_type": case.incident_type,
        "appeal_types": list(case.appeal_types),
        "lea": case.lea,
        "school": case.school,
        "test": case.test,
        "delivery_mode": case.delivery_mode,
        "student_refs": sorted(case.student_refs),
        "submitted_by": case.submitted_by,
        "disruption_cause": case.disruption_cause,
    }
    await connection.execute(insert(known_cases).values(row).on_conflict_do_nothing())


def case_of(row: sa.RowMapping) -> KnownCase:
    """The case that a row of ``known_cases`` with its window describes."""
    values: dict[str, Any] = {name: value for name, value in row.items() if name != "appealed_at"}
    return KnownCase(
        **{
            **values,
            "appeal_types": tuple(row["appeal_types"]),
            "student_refs": frozenset(row["student_refs"]),
        }
    )
