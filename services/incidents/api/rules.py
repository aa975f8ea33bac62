"""Routes of the rules: the rulebooks as data, and the dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from services.incidents.api.dependencies import IncidentDependencies, dependencies_of
from services.incidents.api.rendering import classification
from services.incidents.api.resources import (
    ClassificationResource,
    IncidentTypePage,
    IncidentTypeResource,
    RulebookPage,
)
from services.incidents.api.schemas import CaseBody
from services.incidents.application.commands import Classify
from services.incidents.domain.errors import RulebookNotFound
from shared.http.answers import ok, respond
from shared.http.auth import Caller

router = APIRouter(prefix="/v1", tags=["rules"])


@router.post("/classify", response_model=ClassificationResource)
async def classify(body: CaseBody, request: Request, caller: Caller) -> Response:
    """What the rulebook would say; nothing is stored."""
    deps, report = dependencies_of(request), body.report()
    command = Classify(report, tuple(body.ssids or ()), caller, deps.clock.now())
    return respond(ok(classification(report, deps.cases.classify(command))))


@router.get("/rulebooks", response_model=RulebookPage)
async def rulebooks(request: Request, _caller: Caller) -> Response:
    """The years that have a rulebook."""
    deps = dependencies_of(request)
    items = [_summary(deps, year) for year in deps.shelf.years()]
    return respond(ok({"items": items, "next_cursor": None}))


@router.get("/rulebooks/{year}")
async def rulebook(year: str, request: Request, _caller: Caller) -> Response:
    """A year's rules, each entry with its source."""
    deps = dependencies_of(request)
    shown = {**_summary(deps, year), **deps.shelf.document(year)}
    return respond(ok(shown, version=deps.shelf.for_year(year).version))


@router.get("/rulebooks/{year}/incident-types", response_model=IncidentTypePage)
async def incident_types(year: str, request: Request, _caller: Caller) -> Response:
    """A year's incident types."""
    types = _types(dependencies_of(request), year)
    items = [{"code": code, **types[code]} for code in types]
    return respond(ok({"items": items, "next_cursor": None}))


@router.get("/rulebooks/{year}/incident-types/{code}", response_model=IncidentTypeResource)
async def incident_type(year: str, code: str, request: Request, _caller: Caller) -> Response:
    """One incident type."""
    deps = dependencies_of(request)
    types = _types(deps, year)
    if code not in types:
        raise RulebookNotFound("There is no such incident type in that year's rulebook.")
    return respond(ok({"code": code, **types[code]}, version=deps.shelf.for_year(year).version))


def _types(deps: IncidentDependencies, year: str) -> Mapping[str, Mapping[str, Any]]:
    types: Any = deps.shelf.document(year)["incident_types"]
    found: Mapping[str, Mapping[str, Any]] = types
    return found


def _summary(deps: IncidentDependencies, year: str) -> dict[str, object]:
    document = deps.shelf.document(year)
    return {"year": year, "title": document["title"], "version": deps.shelf.for_year(year).version}
