"""The route of the pause rule: what a student can still change, and whether an extension would help."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.resources import Resource
from services.incidents.api.schemas import Code, Year
from services.incidents.domain.errors import UnknownTest
from services.incidents.domain.pauses import ItemPage, Sitting, after_pause, next_unanswered
from shared.http.answers import ok, respond
from shared.http.auth import Caller
from shared.http.requests import RequestModel

router = APIRouter(prefix="/v1", tags=["rules"])

RANGES = r"^([1-9][0-9]{0,2}(-[1-9][0-9]{0,2})?)(,[1-9][0-9]{0,2}(-[1-9][0-9]{0,2})?){0,99}$"
Ranges = Annotated[str, Field(pattern=RANGES, description="item numbers, such as 1-3,4-10")]


class PauseQuery(RequestModel):
    """For how long a test was paused, and where the student stood."""

    minutes_paused: Annotated[int, Field(ge=0, le=100_000)]
    pages: Ranges
    answered: Ranges | None = None
    administration_year: Year | None = None


class PauseResource(Resource):
    """What the student finds on coming back, and who says so."""

    test: str
    locks: Annotated[bool, Field(description="whether a pause of this length locks answers in this test")]
    starts_at: Annotated[int, Field(description="the first item of the page on which the test goes on")]
    next_unanswered: int
    locked: Annotated[list[int], Field(description="items whose answers cannot be changed any more")]
    extension_may_help: Annotated[bool, Field(description="if the cause was beyond control; HR-21")]
    source: str


@router.get("/tests/{test}/pause", response_model=PauseResource)
async def pause(
    test: Code, asked: Annotated[PauseQuery, Query()], request: Request, _caller: Caller
) -> Response:
    """What can still be changed after a pause."""
    rules = dependencies_of(request).shelf.for_year(asked.administration_year)
    if test not in rules.tests:
        raise UnknownTest("There is no such test in that year.")
    sitting = Sitting(tuple(_pages(asked.pages)), _items(asked.answered))
    sitting.check()
    locks = rules.pause_rule.locks(rules.tests[test].kind, asked.minutes_paused)
    found = after_pause(sitting, locks=locks)
    answer = PauseResource(
        test=test,
        locks=locks,
        starts_at=found.starts_at,
        next_unanswered=next_unanswered(sitting.pages, sitting.answered),
        locked=list(found.locked),
        extension_may_help=bool(found.locked),
        source=rules.pause_rule.source,
    )
    return respond(ok(answer.model_dump()))


def _pages(ranges: str) -> list[ItemPage]:
    ends = [each.partition("-") for each in ranges.split(",")]
    return [ItemPage(int(first), int(last or first)) for first, _, last in ends]


def _items(ranges: str | None) -> frozenset[int]:
    return frozenset(item for page in _pages(ranges) for item in page.items) if ranges else frozenset()
