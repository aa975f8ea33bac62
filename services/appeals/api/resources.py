"""What this service answers (contract §4): appeals, and results of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.appeals.application.appeals import Result
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.values import (
    PENDING,
    AppealStatus,
    AppealType,
    Decider,
    EventState,
    Part,
    Routing,
)
from shared.http.resources import Cursor, Resource
from shared.kernel.actor import Role
from shared.kernel.ssid import REMOVED, without_ssids

_INSIDE = frozenset({"due", "administration_year", "lea", "school"})  # of a row; not answered

CaseNumber = Annotated[str, Field(description="The number of the case, such as `2018-19-000123`.")]
TestName = Annotated[str, Field(description="The test, by its code in the rulebook of the year.")]
Clock = Annotated[
    str, Field(description="The rule by which the deadline of the decision is computed, such as `K5`.")
]


class PersonResource(Resource):
    """Somebody who acted."""

    sub: Annotated[str, Field(description="The `sub` of the person's token.")]
    name: Annotated[str, Field(description="The person's name, from the token.")]
    email: Annotated[str, Field(description="The person's e-mail address, from the token.")]
    role: Annotated[Role, Field(description="The role in which the person acted.")]

    @classmethod
    def of_fact(cls, actor: Mapping[str, Any]) -> PersonResource:
        """Who, without their place; rows of before may hold a name that is masked today (A-55)."""
        name = without_ssids(actor["name"], REMOVED)
        return cls.model_construct(sub=actor["sub"], name=name, email=actor["email"], role=actor["role"])


class AppealResource(Resource):
    """One appeal as it stands."""

    id: Annotated[UUID, Field(description="The appeal's id.")]
    appeal_number: Annotated[str, Field(description="The appeal's number, for people.")]
    case_number: CaseNumber
    incident_id: Annotated[UUID, Field(description="The id of the case.")]
    appeal_type: Annotated[AppealType, Field(description="What is asked for.")]
    student_ref: Annotated[str, Field(description="The student's reference; it is no SSID.")]
    test: TestName
    incident_type: Annotated[str, Field(description="The case's incident type, by its code in the catalog.")]
    status: Annotated[AppealStatus, Field(description="Where the appeal stands.")]
    decider: Annotated[Decider, Field(description="Who decides it.")]
    routing: Annotated[
        Routing, Field(description="Whether it is filed at once, or when the CDE has approved it.")
    ]
    clock: Clock
    received_at: Annotated[datetime, Field(description="When the request was received.")]
    decide_by: Annotated[
        datetime | None, Field(description="Until when it has to be decided; null where nothing sets a time.")
    ]
    overdue: Annotated[bool, Field(description="Whether it waits for a decision after `decide_by`.")]
    event_state: Annotated[
        EventState | None,
        Field(description="The state of the student's attempt as declared; null: not said."),
    ]
    minutes_paused: Annotated[
        int | None, Field(ge=0, description="For how many whole minutes the test was paused; null: not said.")
    ]
    part: Annotated[Part | None, Field(description="The part of the test that was hit; null: not said.")]
    filed_by: Annotated[PersonResource, Field(description="Who asked for it.")]
    decided_by: Annotated[PersonResource | None, Field(description="Who decided; null until then.")]
    decided_at: Annotated[datetime | None, Field(description="When it was decided; null until then.")]
    reason: Annotated[str | None, Field(description="The reason of the decision; null where none was given.")]
    comments: Annotated[
        str | None, Field(description="What was said with the request; null where nothing was.")
    ]
    decision_comments: Annotated[
        str | None, Field(description="What was said with the decision; null where nothing was.")
    ]
    effect: Annotated[
        str | None,
        Field(description="What the approved appeal does to the student's attempt; null until then."),
    ]
    reopened_until: Annotated[
        date | None,
        Field(
            description="The last day on which the reopened test can be used; null where nothing is reopened."
        ),
    ]
    failure: Annotated[
        str | None,
        Field(description="Why the test delivery system could not execute it; null where it could."),
    ]
    version: Annotated[int, Field(ge=1, description="Grows by one with every change; the `ETag`.")]

    @classmethod
    def of(cls, appeal: Appeal, now: datetime) -> AppealResource:
        """An appeal as its facts make it: whoever wrote it reads what they wrote."""
        about, decision = appeal.identity, appeal.decision
        return cls.model_construct(
            id=appeal.id,
            appeal_number=about.appeal_number,
            case_number=about.case_number,
            incident_id=about.incident_id,
            appeal_type=about.appeal_type,
            student_ref=about.student_ref,
            test=about.test,
            incident_type=about.incident_type,
            status=appeal.status,
            decider=about.decider,
            routing=appeal.routing,
            clock=appeal.clock,
            received_at=appeal.received_at,
            decide_by=appeal.decide_by,
            overdue=is_overdue(appeal.status, appeal.decide_by, now),
            event_state=appeal.declared.get("event_state"),
            minutes_paused=appeal.declared.get("minutes_paused"),
            part=appeal.declared.get("part"),
            filed_by=PersonResource.of_fact(about.filed_by.as_fact()),
            decided_by=PersonResource.of_fact(decision.by) if decision else None,
            decided_at=decision.at if decision else None,
            reason=decision.reason if decision else None,
            comments=appeal.comments,
            decision_comments=decision.comments if decision else None,
            effect=appeal.effect,
            reopened_until=appeal.reopened_until,
            failure=appeal.failure,
            version=appeal.version,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any], now: datetime) -> AppealResource:
        """The same from the list."""
        shown = {name: value for name, value in row.items() if name not in _INSIDE}
        shown["overdue"] = is_overdue(AppealStatus(row["status"]), row["decide_by"], now)
        shown["filed_by"] = PersonResource.of_fact(row["filed_by"])
        shown["decided_by"] = PersonResource.of_fact(row["decided_by"]) if row["decided_by"] else None
        return cls.model_construct(**shown)


def is_overdue(status: AppealStatus, decide_by: datetime | None, now: datetime) -> bool:
    """Whether the decision is late: shown, escalated, and never made by a clock (K5–K7)."""
    return status in PENDING and decide_by is not None and now > decide_by


class AppealPage(Resource):
    """A page of the list of appeals."""

    items: Annotated[list[AppealResource], Field(description="The appeals of this page.")]
    next_cursor: Cursor


class RequestedAppeals(Resource):
    """The appeals that a request opened."""

    appeals: Annotated[
        list[AppealResource], Field(description="In the order of the students in the request.")
    ]

    @classmethod
    def of(cls, appeals: Sequence[Appeal], now: datetime) -> RequestedAppeals:
        """The appeals, one per student."""
        return cls.model_construct(appeals=[AppealResource.of(appeal, now) for appeal in appeals])


class DecisionResult(Resource):
    """What became of one of many appeals."""

    id: Annotated[UUID, Field(description="The appeal's id, as it was named.")]
    decided: Annotated[bool, Field(description="Whether the decision was taken on this appeal.")]
    appeal: Annotated[
        AppealResource | None,
        Field(description="The appeal after the decision; null where it was not decided."),
    ]
    code: Annotated[
        str | None, Field(description="The code of the refusal, as of a problem; null where it was decided.")
    ]
    detail: Annotated[str | None, Field(description="The refusal in words; null where it was decided.")]

    @classmethod
    def of(cls, result: Result, now: datetime) -> DecisionResult:
        """The appeal as decided, or the refusal."""
        refusal = result.refusal
        return cls.model_construct(
            id=result.appeal_id,
            decided=result.appeal is not None,
            appeal=AppealResource.of(result.appeal, now) if result.appeal else None,
            code=refusal.code if refusal else None,
            detail=refusal.detail if refusal else None,
        )


class DecisionResults(Resource):
    """A result per appeal."""

    results: Annotated[
        list[DecisionResult], Field(description="In the order in which the appeals were named first.")
    ]

    @classmethod
    def of(cls, results: Sequence[Result], now: datetime) -> DecisionResults:
        """The results."""
        return cls.model_construct(results=[DecisionResult.of(result, now) for result in results])
