"""Routes of testing windows, and of the days that they leave to a started test."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from services.incidents.api.dependencies import IncidentDependencies, dependencies_of
from services.incidents.api.resources import PersonResource, Resource
from services.incidents.api.schemas import Code, Year
from services.incidents.application.windows import Life, SetWindow
from services.incidents.domain.testing_window import TestingWindow, reporting_closes_on
from services.incidents.domain.values import Basis
from services.incidents.domain.windows import Window
from shared.http.answers import Answer, created, ok, respond
from shared.http.auth import Caller
from shared.http.instants import Day
from shared.http.preconditions import IfMatch
from shared.http.requests import RequestModel

router = APIRouter(prefix="/v1", tags=["testing windows"])

CDS = r"^([0-9]{7}|[0-9]{14})$"
Cds = Annotated[str, Path(pattern=CDS, description="7 digits of an LEA, 14 of a school")]
WindowYear = Annotated[Year, Path(description="the administration year, such as 2018-19")]


class WindowBody(RequestModel):
    """The first and the last day of a testing window; both belong to it."""

    opens_on: Day
    closes_on: Day


class WindowResource(Resource):
    """A testing window as it is set."""

    cds: str
    year: str
    opens_on: date
    closes_on: date
    reporting_closes_on: Annotated[date, Field(description="the last day on which cases are taken; A-2")]
    set_by: PersonResource
    set_at: datetime
    version: int


class ExpiryQuery(RequestModel):
    """When a test was started, and where."""

    started_on: Day
    cds: Annotated[str | None, Field(pattern=CDS, description="whose testing window counts")] = None


class WindowInForce(Resource):
    """The window that counts: the school's own, or its LEA's."""

    cds: str
    opens_on: date
    closes_on: date


class ExpiryResource(Resource):
    """The last day of a started test, what made it the last, and who says so."""

    test: str
    administration_year: str
    started_on: date
    expires_on: date
    usable_through: Annotated[datetime, Field(description="the last second of that day in California")]
    limited_by: Literal["days", "window", "year"]
    days: Annotated[int | None, Field(description="calendar days after the start; null: not counted")]
    window: Annotated[WindowInForce | None, Field(description="null: none is known")]
    auto_submits: Annotated[bool, Field(description="submitted when it expires with any response (ELA PT)")]
    expired: Annotated[bool, Field(description="whether that day is over")]
    source: str
    basis: Basis


@router.put(
    "/testing-windows/{cds}/{year}",
    response_model=WindowResource,
    responses={201: {"model": WindowResource, "description": "Set for the first time"}},
)
async def set_window(
    cds: Cds, year: WindowYear, body: WindowBody, request: Request, caller: Caller, expected: IfMatch
) -> Response:
    """Set the testing window of an LEA or a school."""
    deps = dependencies_of(request)
    window = Window(cds, body.opens_on, body.closes_on)
    command = SetWindow(window, year, caller, deps.clock.now(), expected)
    return respond(_answer(deps, await deps.windows.set(command)))


@router.get("/testing-windows/{cds}/{year}", response_model=WindowResource)
async def show_window(cds: Cds, year: WindowYear, request: Request, caller: Caller) -> Response:
    """The testing window that was set for this very place."""
    deps = dependencies_of(request)
    found = await deps.windows.get(cds, year, caller)
    return respond(ok(_resource(deps, found), version=found.version))


@router.get("/tests/{test}/expiry", response_model=ExpiryResource)
async def expiry(
    test: Code, asked: Annotated[ExpiryQuery, Query()], request: Request, caller: Caller
) -> Response:
    """Until when a started test can be used."""
    deps = dependencies_of(request)
    life = await deps.windows.life_of(test, asked.started_on, asked.cds, caller)
    return respond(ok(_expiry(test, asked.started_on, life, deps.clock.now())))


def _answer(deps: IncidentDependencies, found: TestingWindow) -> Answer:
    shown, version = _resource(deps, found), found.version
    if version > 1:
        return ok(shown, version=version)
    return created(shown, location=f"/v1/testing-windows/{found.window.cds}/{found.year}", version=version)


def _resource(deps: IncidentDependencies, found: TestingWindow) -> dict[str, object]:
    rule = deps.shelf.for_year(found.year).testing_window
    by = found.set_by
    return {
        **vars(found.window),
        "year": found.year,
        "reporting_closes_on": reporting_closes_on(found.window, rule),
        "set_by": {"sub": by.sub, "name": by.name, "email": by.email, "role": by.role},
        "set_at": found.set_at,
        "version": found.version,
    }


def _expiry(test: str, started_on: date, life: Life, now: datetime) -> dict[str, object]:
    return {
        "test": test,
        "administration_year": life.year,
        "started_on": started_on,
        "expires_on": life.expiry.expires_on,
        "usable_through": life.expiry.usable_through,
        "limited_by": life.expiry.limited_by,
        "days": life.lifetime.days,
        "window": vars(life.window) if life.window else None,
        "auto_submits": life.lifetime.submitted_on_expiry,
        "expired": life.expiry.has_expired(now),
        "source": life.lifetime.source,
        "basis": life.lifetime.basis,
    }
