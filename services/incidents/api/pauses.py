"""The route of the pause rule: what a student can still change, and whether an extension would help."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.schemas import TestCode, Year
from services.incidents.application.pauses import judge_pause
from services.incidents.domain.pauses import ItemPage, Sitting
from shared.http.answers import Answer, ok
from shared.http.auth import Caller
from shared.http.requests import RequestModel
from shared.http.resources import Resource

router = APIRouter(prefix="/v1", tags=["rules"])

RANGES = r"^([1-9][0-9]{0,2}(-[1-9][0-9]{0,2})?)(,[1-9][0-9]{0,2}(-[1-9][0-9]{0,2})?){0,99}$"
Ranges = Annotated[str, Field(pattern=RANGES)]


class PauseQuery(RequestModel):
    """For how long a test was paused, and where the student stood."""

    minutes_paused: Annotated[
        int, Field(ge=0, le=100_000, description="For how many whole minutes the test was paused.")
    ]
    pages: Annotated[
        Ranges, Field(description="The items of each page that the student saw, page by page: `1-3,4-10`.")
    ]
    answered: Annotated[
        Ranges | None,
        Field(description="The items that the student answered, such as `1-3,5`; none if left out."),
    ] = None
    administration_year: Annotated[
        Year | None, Field(description="Whose rules count, such as `2018-19`; left out: the present year's.")
    ] = None


class PauseResource(Resource):
    """What the student finds on coming back, and who says so."""

    test: Annotated[str, Field(description="The test, by its code in the rulebook.")]
    locks: Annotated[bool, Field(description="Whether a pause of this length locks answers in this test.")]
    starts_at: Annotated[int, Field(description="The first item of the page on which the test goes on.")]
    next_unanswered: Annotated[int, Field(description="The first item that the student has not answered.")]
    locked: Annotated[list[int], Field(description="The items whose answers cannot be changed any more.")]
    extension_may_help: Annotated[
        bool,
        Field(description="Whether a grace period extension would help, if the cause was beyond control."),
    ]
    source: Annotated[str, Field(description="Where the guides say so.")]


@router.get("/tests/{test}/pause")
async def pause(
    test: TestCode, asked: Annotated[PauseQuery, Query()], request: Request, _caller: Caller
) -> Answer[PauseResource]:
    """What can still be changed after a pause."""
    shelf, year = dependencies_of(request).shelf, asked.administration_year
    sitting = Sitting(tuple(_pages(asked.pages)), _items(asked.answered))
    paused = judge_pause(shelf, test, year, asked.minutes_paused, sitting)
    answer = PauseResource.model_construct(
        test=test,
        locks=paused.locks,
        starts_at=paused.found.starts_at,
        next_unanswered=paused.next_unanswered,
        locked=list(paused.found.locked),
        extension_may_help=bool(paused.found.locked),
        source=paused.source,
    )
    return ok(answer)


def _pages(ranges: str) -> list[ItemPage]:
    ends = [each.partition("-") for each in ranges.split(",")]
    return [ItemPage(int(first), int(last or first)) for first, _, last in ends]


def _items(ranges: str | None) -> frozenset[int]:
    return frozenset(item for page in _pages(ranges) for item in page.items) if ranges else frozenset()
