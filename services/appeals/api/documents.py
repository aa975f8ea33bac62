"""What this service answers (contract §4), for the OpenAPI document; answers are made in ``resources``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.appeals.domain.values import AppealStatus, AppealType, Decider, EventState, Part, Routing


class PersonResource(BaseModel):
    """Somebody who acted."""

    sub: str
    name: str
    email: str
    role: str


class AppealResource(BaseModel):
    """One appeal as it stands."""

    id: UUID
    appeal_number: str
    case_number: str
    incident_id: UUID
    appeal_type: AppealType
    student_ref: str
    test: str
    incident_type: str
    status: AppealStatus
    decider: Decider
    routing: Routing
    clock: str
    received_at: datetime
    decide_by: datetime | None
    overdue: bool
    event_state: EventState | None
    minutes_paused: int | None
    part: Part | None
    filed_by: PersonResource
    decided_by: PersonResource | None
    decided_at: datetime | None
    reason: str | None
    comments: str | None
    decision_comments: str | None
    effect: str | None
    reopened_until: date | None
    failure: str | None
    version: int


class AppealList(BaseModel):
    """A page of appeals."""

    items: list[AppealResource]
    next_cursor: str | None


class RequestedAppeals(BaseModel):
    """The appeals that a request opened, in the order of its students."""

    appeals: list[AppealResource]


class ReasonDocument(BaseModel):
    """Why something is not on offer, and what to do instead."""

    reason_code: str | None
    text: str | None
    source: str | None


class WithheldResource(ReasonDocument):
    """An appeal type that is not on offer."""

    appeal_type: AppealType


class OfferResource(BaseModel):
    """An appeal type on offer: who decides it, and by when."""

    appeal_type: AppealType
    decider: Decider
    routing: Routing
    clock: str
    business_days: int | None
    clock_published: bool
    rule: str
    source: str
    warning: ReasonDocument | None  # the window may end before a decision and a day to test


class OffersResource(ReasonDocument):
    """What may be asked for; ``reason_code`` and ``text`` say why where it is nothing."""

    case_number: str
    student_ref: str | None
    test: str
    appeal_types: list[AppealType]
    offers: list[OfferResource]
    not_offered: list[WithheldResource]


class ResultResource(BaseModel):
    """What became of one of many."""

    id: UUID
    decided: bool
    appeal: AppealResource | None
    code: str | None
    detail: str | None


class ResultsResource(BaseModel):
    """A result per appeal, in the order in which they were named."""

    results: list[ResultResource]


class WhoResource(BaseModel):
    """Who caused a fact."""

    sub: str
    name: str
    role: str


class FactResource(BaseModel):
    """One thing that happened: what, who, when in the world, and when it was recorded."""

    what: str
    who: WhoResource
    occurred_at: datetime
    recorded_at: datetime
    version: int
    data: dict[str, Any]


class HistoryResource(BaseModel):
    """Every fact of an appeal, oldest first."""

    items: list[FactResource]
