"""What events of others, and our own, cause here; each of them may come twice."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.incidents.domain.case import Case
from services.incidents.domain.errors import NotSubmitted
from services.incidents.domain.values import CaseStatus, SubStatus
from services.incidents.messaging.inbound import OURSELVES, of_appeals, of_ourselves
from services.incidents.messaging.outbound import SOURCE, publish
from shared.contracts import appeals_v1
from shared.contracts.appeals_v1 import AppealProcessed, AppealProcessingFailed
from shared.contracts.envelope import CloudEvent
from shared.kernel.store import StreamUnknown
from shared.messaging.publishing.outgoing import published_event
from shared.persistence.unit_of_work import UnitOfWork
from tests.support.contracts.published import (
    NOON,
    SITE_PERSON,
    appeal_approved,
    appeal_denied,
    appeal_requested,
    appeal_withdrawn,
    case_number,
)
from tests.support.incidents.bodies import Body, charts_on_walls, cheating
from tests.support.incidents.states import CASE_ID, a_draft, a_submitted_case
from tests.support.logbooks.memory_store import MemoryStore

HANDLERS = {**of_appeals(), **of_ourselves()}


async def handled(store: MemoryStore, *events: CloudEvent) -> Case:
    unit = UnitOfWork(cast(AsyncConnection, None), store)  # our handlers touch the store only
    for event in events:
        await HANDLERS[event.type](event, unit)
    return await store.load(Case, CASE_ID)


async def a_store(body: Body) -> MemoryStore:
    store = MemoryStore()
    await store.save(a_submitted_case(body))
    return store


def own_events(store: MemoryStore) -> list[CloudEvent]:
    told = [published_event(recorded, publish, SOURCE) for recorded in store.all_facts()]
    return [event for event in told if event is not None]


def executed(kind: type[AppealProcessed] | type[AppealProcessingFailed]) -> CloudEvent:
    """The same appeal, carried out by CalTAC or not."""
    outcome = {
        "status": kind.TYPE.split(".")[2],
        "processed_at": NOON,
        "processed_by": SITE_PERSON,
        "effect": "done",
        "failed_at": NOON,
        "reason": "no opportunity matches",
    }
    approved = appeal_approved(incident_id=CASE_ID)
    data = kind.model_validate({**approved.data, **outcome})
    return CloudEvent(
        id="appeal.3",
        source=appeals_v1.SOURCE,
        type=kind.TYPE,
        time=NOON,
        subject=approved.subject,
        key=approved.key,
        sequence=3,
        data=data.model_dump(mode="json"),
    )


async def test_a_requested_appeal_is_waited_for() -> None:
    case = await handled(await a_store(cheating()), appeal_requested(incident_id=CASE_ID))
    assert (case.status, case.sub_status) == (CaseStatus.SUBMITTED, SubStatus.PENDING_CDE)
    (noted,) = case.appeals.values()
    assert noted.appeal_number == f"{case_number(1)}-A001"


@pytest.mark.parametrize("end", [appeal_denied, appeal_withdrawn], ids=["denied", "withdrawn"])
async def test_the_end_of_the_only_appeal_ends_the_case(end: object) -> None:
    store = await a_store(cheating())
    event: CloudEvent = end(incident_id=CASE_ID)  # type: ignore[operator]  # one of two functions of one form
    case = await handled(store, appeal_requested(incident_id=CASE_ID), event)
    assert case.status is CaseStatus.PROCESSED


async def test_an_approved_appeal_ends_the_case_when_it_is_carried_out() -> None:
    store = await a_store(cheating())
    waiting = await handled(
        store,
        appeal_requested(incident_id=CASE_ID),
        appeal_approved(incident_id=CASE_ID),
        executed(AppealProcessingFailed),
    )
    assert (waiting.status, waiting.sub_status) == (CaseStatus.SUBMITTED, SubStatus.PENDING_CALTAC)
    ended = await handled(store, executed(AppealProcessed))
    assert ended.status is CaseStatus.PROCESSED


async def test_news_that_come_twice_are_taken_once() -> None:
    store = await a_store(cheating())
    events = [appeal_requested(incident_id=CASE_ID), appeal_denied(incident_id=CASE_ID)]
    await handled(store, *events, *events)
    told = [type(recorded.fact).__name__ for recorded in store.all_facts()]
    assert told == ["Drafted", "Submitted", "AppealNoted", "AppealNoted", "Processed"]


async def test_who_decided_is_who_caused_the_fact() -> None:
    store = await a_store(cheating())
    await handled(
        store,
        appeal_requested(incident_id=CASE_ID),
        appeal_denied(incident_id=CASE_ID),
        executed(AppealProcessingFailed),
    )
    actors = [recorded.fact.actor["sub"] for recorded in store.all_facts()]  # type: ignore[attr-defined]  # every fact of ours has one
    assert actors == ["lea-1", "lea-1", "site-1", "cde-1", "cde-1"]


async def test_e38_our_own_submission_without_an_appeal_concludes_the_case() -> None:
    store = await a_store(charts_on_walls())
    case = await handled(store, *own_events(store))
    assert case.status is CaseStatus.PROCESSED
    assert store.all_facts()[-1].fact.actor == OURSELVES.as_fact()  # type: ignore[attr-defined]  # as above
    again = [event for event in own_events(store) if event.type in HANDLERS]
    assert (await handled(store, *again)).version == case.version


async def test_a_submission_that_may_lead_to_an_appeal_does_not() -> None:
    store = await a_store(cheating())
    assert (await handled(store, *own_events(store))).status is CaseStatus.SUBMITTED


async def test_an_appeal_of_a_draft_or_of_no_case_is_a_poisonous_message() -> None:
    store = MemoryStore()
    await store.save(a_draft(cheating()))
    with pytest.raises(NotSubmitted):
        await handled(store, appeal_requested(incident_id=CASE_ID))
    with pytest.raises(StreamUnknown):
        await handled(store, appeal_requested(incident_id=UUID(int=9)))


async def test_a_message_that_is_not_what_the_contract_says_is_refused() -> None:
    event = appeal_requested(incident_id=CASE_ID)
    del event.data["status"]
    with pytest.raises(ValidationError):
        await handled(await a_store(cheating()), event)
