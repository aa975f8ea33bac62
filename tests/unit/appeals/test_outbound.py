"""What is published of each fact: complete from the fact alone, and without an SSID."""

from __future__ import annotations

from typing import Any

import pytest
from eventsourcing.domain import DomainEvent

from services.appeals.domain.appeal import Appeal
from services.appeals.messaging.outbound import publish
from shared.contracts.appeals_v1 import (
    AppealApproved,
    AppealDenied,
    AppealFact,
    AppealProcessed,
    AppealProcessingFailed,
    AppealRequested,
    AppealWithdrawn,
)
from shared.persistence.codec import Codec
from tests.support.appeals.states import (
    CALTAC,
    CDE,
    ILLNESS,
    SITE_COORDINATOR,
    STUDENT,
    a_re_open,
    an_invalidation,
    approved,
    denied,
    failed,
    processed,
    resubmitted,
    withdrawn,
)


def last_fact(appeal: Appeal) -> DomainEvent:
    """As the store gives it back."""
    codec = Codec()
    stored = codec.encode(appeal.collect_events()[-1])
    return codec.decode(stored.topic, stored.state, appeal.id, stored.originator_version)


@pytest.mark.parametrize(
    ("appeal", "kind", "some"),
    [
        (a_re_open(), AppealRequested, {"status": "pending_caltac", "routing": "file_now"}),
        (an_invalidation(), AppealRequested, {"status": "pending_cde", "routing": "defer_for_cde"}),
        (
            approved(a_re_open(), by=CALTAC),
            AppealApproved,
            {"status": "approved", "decided_at": "2019-04-16T17:00:00Z", "reopened_until": "2019-04-26"},
        ),
        (
            denied(a_re_open(), by=CALTAC),
            AppealDenied,
            {"status": "denied", "reason": "The wrong type was chosen."},
        ),
        (
            withdrawn(an_invalidation()),
            AppealWithdrawn,
            {"status": "withdrawn", "withdrawn_at": "2019-04-16T17:00:00Z"},
        ),
        (processed(an_invalidation(), by=CDE), AppealProcessed, {"status": "processed"}),
        (
            failed(a_re_open(), by=CALTAC),
            AppealProcessingFailed,
            {"status": "processing_failed", "reason": "No opportunity matches."},
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_fact_is_published(appeal: Appeal, kind: type[AppealFact], some: dict[str, Any]) -> None:
    published = publish(last_fact(appeal))
    assert type(published) is kind
    data = published.model_dump(mode="json")
    assert {name: data[name] for name in some} == some


def test_every_published_event_names_appeal_case_student_and_people() -> None:
    published = publish(last_fact(approved(a_re_open(), by=CALTAC)))
    assert isinstance(published, AppealApproved)
    assert (published.incident_id, published.key) == (ILLNESS.incident_id, str(ILLNESS.incident_id))
    assert (published.case_number, published.student_ref) == (ILLNESS.case_number, STUDENT)
    assert (published.filed_by.email, published.decided_by.role) == (SITE_COORDINATOR.email, "caltac_agent")
    assert published.case_submitted_by.sub == SITE_COORDINATOR.sub
    assert published.administration_year == ILLNESS.administration_year


def test_free_text_of_the_request_is_not_published() -> None:
    published = publish(last_fact(a_re_open()))
    assert published is not None
    assert "comments" not in published.model_dump()


def test_a_resubmission_is_nobody_elses_business() -> None:
    assert publish(last_fact(resubmitted(a_re_open(), by=CALTAC))) is None
