"""The projection: one row per appeal, the same as the aggregate, whatever the page breaks."""

from __future__ import annotations

import pytest
from eventsourcing.domain import Aggregate, DomainEvent

from services.appeals.api.resources import AppealResource
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.student_test_record import StudentTestRecord
from services.appeals.domain.values import Act
from services.appeals.read_model.appeal_list import AppealList, AppealRow
from tests.support.appeals.states import (
    CALTAC,
    CDE,
    SITE_COORDINATOR,
    TUESDAY,
    a_re_open,
    an_extension,
    an_invalidation,
    approved,
    denied,
    failed,
    processed,
    resubmitted,
    withdrawn,
)


def folded(aggregate: Aggregate) -> AppealRow | None:
    row: AppealRow | None = None
    for fact in aggregate.collect_events():
        assert isinstance(fact, DomainEvent)
        row = AppealList().fold(row, fact)
    return row


@pytest.mark.parametrize(
    "appeal",
    [
        an_invalidation(),
        approved(a_re_open(), by=CALTAC),
        denied(an_invalidation(), by=CDE),
        withdrawn(an_extension()),
        processed(an_extension(), by=CDE),
        failed(a_re_open(), by=CALTAC),
        resubmitted(a_re_open(), by=CALTAC),
    ],
    ids=["requested", "approved", "denied", "withdrawn", "processed", "failed", "resubmitted"],
)
def test_a_row_says_the_same_as_the_aggregate(appeal: Appeal) -> None:
    row = folded(appeal)
    assert row is not None
    assert AppealResource.of_row(row, TUESDAY) == AppealResource.of(appeal, TUESDAY)


def test_a_row_has_exactly_the_columns_of_its_table() -> None:
    row = folded(approved(a_re_open(), by=CALTAC))
    assert row is not None
    assert set(row) == set(AppealList.table.columns.keys())


def test_a_record_leaves_no_row() -> None:
    record = StudentTestRecord.open(an_invalidation().identity, Act(SITE_COORDINATOR, TUESDAY))
    assert folded(record) is None
