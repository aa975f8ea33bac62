"""Routes of the rules: the rulebooks as data, and the dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from services.incidents.api.desk import Desk, desk_of
from services.incidents.api.rulings import (
    ClassificationResource,
    IncidentTypePage,
    IncidentTypeResource,
    RulebookPage,
    RulebookResource,
    RulebookSummary,
)
from services.incidents.api.schemas import CaseBody
from services.incidents.application.commands import Classify
from services.incidents.domain.errors import RulebookNotFound
from shared.http.answers import Answer, ok
from shared.http.auth import Caller

router = APIRouter(prefix="/v1", tags=["rules"])

# any text is taken and looked up, so that no rulebook is told apart from none
RulebookYear = Annotated[str, Path(description="The administration year, such as `2018-19`.")]
TypeCode = Annotated[str, Path(description="The code of the incident type in that year's catalog.")]


@router.post("/classify")
async def classify(body: CaseBody, request: Request, caller: Caller) -> Answer[ClassificationResource]:
    """What the rulebook would say; nothing is stored."""
    desk, report = desk_of(request), body.report()
    command = Classify(report, tuple(body.ssids or ()), caller, desk.clock.now())
    return ok(ClassificationResource.of(report, desk.cases.classify(command)))


@router.get("/rulebooks")
async def rulebooks(request: Request, _caller: Caller) -> Answer[RulebookPage]:
    """The years that have a rulebook."""
    desk = desk_of(request)
    items = [_summary(desk, year) for year in desk.shelf.years()]
    return ok(RulebookPage.model_construct(items=items, next_cursor=None))


@router.get("/rulebooks/{year}")
async def rulebook(year: RulebookYear, request: Request, _caller: Caller) -> Answer[RulebookResource]:
    """A year's rules, each entry with its source."""
    desk = desk_of(request)
    shown = RulebookResource.of(_summary(desk, year), desk.shelf.document(year))
    return ok(shown, version=desk.shelf.for_year(year).version)


@router.get("/rulebooks/{year}/incident-types")
async def incident_types(year: RulebookYear, request: Request, _caller: Caller) -> Answer[IncidentTypePage]:
    """A year's incident types."""
    types = _types(desk_of(request), year)
    items = [IncidentTypeResource.of(code, row) for code, row in types.items()]
    return ok(IncidentTypePage.model_construct(items=items, next_cursor=None))


@router.get("/rulebooks/{year}/incident-types/{code}")
async def incident_type(
    year: RulebookYear, code: TypeCode, request: Request, _caller: Caller
) -> Answer[IncidentTypeResource]:
    """One incident type."""
    desk = desk_of(request)
    types = _types(desk, year)
    if code not in types:
        raise RulebookNotFound("There is no such incident type in that year's rulebook.")
    return ok(IncidentTypeResource.of(code, types[code]), version=desk.shelf.for_year(year).version)


def _types(desk: Desk, year: str) -> Mapping[str, Mapping[str, Any]]:
    types: Any = desk.shelf.document(year)["incident_types"]
    found: Mapping[str, Mapping[str, Any]] = types
    return found


def _summary(desk: Desk, year: str) -> RulebookSummary:
    title: Any = desk.shelf.document(year)["title"]
    version = desk.shelf.for_year(year).version
    return RulebookSummary.model_construct(year=year, title=title, version=version)
