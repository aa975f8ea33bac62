"""Routes of the rules: the rulebooks as data, and the dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from services.incidents.api.dependencies import IncidentDependencies, dependencies_of
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
    deps, report = dependencies_of(request), body.report()
    command = Classify(report, tuple(body.ssids or ()), caller, deps.clock.now())
    return ok(ClassificationResource.of(report, deps.cases.classify(command)))


@router.get("/rulebooks")
async def rulebooks(request: Request, _caller: Caller) -> Answer[RulebookPage]:
    """The years that have a rulebook."""
    deps = dependencies_of(request)
    items = [_summary(deps, year) for year in deps.shelf.years()]
    return ok(RulebookPage.model_construct(items=items, next_cursor=None))


@router.get("/rulebooks/{year}")
async def rulebook(year: RulebookYear, request: Request, _caller: Caller) -> Answer[RulebookResource]:
    """A year's rules, each entry with its source."""
    deps = dependencies_of(request)
    shown = RulebookResource.of(_summary(deps, year), deps.shelf.document(year))
    return ok(shown, version=deps.shelf.for_year(year).version)


@router.get("/rulebooks/{year}/incident-types")
async def incident_types(year: RulebookYear, request: Request, _caller: Caller) -> Answer[IncidentTypePage]:
    """A year's incident types."""
    types = _types(dependencies_of(request), year)
    items = [IncidentTypeResource.of(code, row) for code, row in types.items()]
    return ok(IncidentTypePage.model_construct(items=items, next_cursor=None))


@router.get("/rulebooks/{year}/incident-types/{code}")
async def incident_type(
    year: RulebookYear, code: TypeCode, request: Request, _caller: Caller
) -> Answer[IncidentTypeResource]:
    """One incident type."""
    deps = dependencies_of(request)
    types = _types(deps, year)
    if code not in types:
        raise RulebookNotFound("There is no such incident type in that year's rulebook.")
    return ok(IncidentTypeResource.of(code, types[code]), version=deps.shelf.for_year(year).version)


def _types(deps: IncidentDependencies, year: str) -> Mapping[str, Mapping[str, Any]]:
    types: Any = deps.shelf.document(year)["incident_types"]
    found: Mapping[str, Mapping[str, Any]] = types
    return found


def _summary(deps: IncidentDependencies, year: str) -> RulebookSummary:
    title: Any = deps.shelf.document(year)["title"]
    version = deps.shelf.for_year(year).version
    return RulebookSummary.model_construct(year=year, title=title, version=version)
