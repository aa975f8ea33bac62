"""Routes of testing windows, and of the days that they leave to a started test."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from services.incidents.api.dependencies import IncidentDependencies, dependencies_of
from services.incidents.api.resources import PersonResource, Version
from services.incidents.api.schemas import TestCode, Year
from services.incidents.application.windows import Life, SetWindow
from services.incidents.domain.testing_window import TestingWindow, reporting_closes_on
from services.incidents.domain.values import Basis
from services.incidents.domain.windows import Limit, Window
from shared.http.answers import Answer, created, ok
from shared.http.audit import audited
from shared.http.auth import Caller
from shared.http.instants import Day
from shared.http.preconditions import IfMatch
from shared.http.requests import RequestModel
from shared.http.resources import Resource

router = APIRouter(prefix="/v1", tags=["testing windows"])

CDS = r"^([0-9]{7}|[0-9]{14})$"
Cds = Annotated[str, Path(pattern=CDS, description="The CDS code: 7 digits of an LEA, 14 of a school.")]
WindowYear = Annotated[Year, Path(description="The administration year, such as `2018-19`.")]
CdsShown = Annotated[str, Field(description="The CDS code: 7 digits of an LEA, 14 of a school.")]
Opens = Annotated[date, Field(description="The first day of the window.")]
Closes = Annotated[date, Field(description="The last day of the window; it belongs to it.")]


class WindowBody(RequestModel):
    """The first and the last day of a testing window; both belong to it."""

    opens_on: Annotated[Day, Field(description="The first day of the window.")]
    closes_on: Annotated[Day, Field(description="The last day of the window; it belongs to it.")]


class TestingWindowResource(Resource):
    """A testing window as it is set."""

    cds: CdsShown
    opens_on: Opens
    closes_on: Closes
    year: Annotated[str, Field(description="The administration year, such as `2018-19`.")]
    reporting_closes_on: Annotated[date, Field(description="The last day on which cases are taken.")]
    set_by: Annotated[PersonResource, Field(description="Who set it last.")]
    set_at: Annotated[datetime, Field(description="When it was set last.")]
    version: Version

    @classmethod
    def of(cls, found: TestingWindow, reporting_closes_on: date) -> TestingWindowResource:
        """The window, and until when cases of it are taken."""
        window = found.window
        return cls.model_construct(
            cds=window.cds,
            opens_on=window.opens_on,
            closes_on=window.closes_on,
            year=found.year,
            reporting_closes_on=reporting_closes_on,
            set_by=PersonResource.of(found.set_by),
            set_at=found.set_at,
            version=found.version,
        )


class ExpiryQuery(RequestModel):
    """When a test was started, and where."""

    started_on: Annotated[Day, Field(description="The day on which the test was started, in California.")]
    cds: Annotated[
        Annotated[str, Field(pattern=CDS)] | None,
        Field(description="Whose testing window counts: 7 digits of an LEA, 14 of a school."),
    ] = None


class WindowInForce(Resource):
    """The window that counts: the school's own, or its LEA's."""

    cds: CdsShown
    opens_on: Opens
    closes_on: Closes

    @classmethod
    def of(cls, window: Window) -> WindowInForce:
        """The window."""
        return cls.model_construct(cds=window.cds, opens_on=window.opens_on, closes_on=window.closes_on)


class ExpiryResource(Resource):
    """The last day of a started test, what made it the last, and who says so."""

    test: Annotated[str, Field(description="The test, by its code in the rulebook.")]
    administration_year: Annotated[str, Field(description="Whose rules count, such as `2018-19`.")]
    started_on: Annotated[date, Field(description="The day on which the test was started.")]
    expires_on: Annotated[date, Field(description="The last day on which the test can be used.")]
    usable_through: Annotated[datetime, Field(description="The last second of that day in California.")]
    limited_by: Annotated[
        Limit, Field(description="What made it the last day: the days, the window, or the end of the year.")
    ]
    days: Annotated[
        int | None, Field(description="How many calendar days after the start count; null: they do not.")
    ]
    window: Annotated[WindowInForce | None, Field(description="The window that counts; null: none is known.")]
    auto_submits: Annotated[
        bool, Field(description="Whether a test with any response is submitted when it expires (ELA PT).")
    ]
    expired: Annotated[bool, Field(description="Whether that day is over.")]
    source: Annotated[str, Field(description="Where the guides say so.")]
    basis: Annotated[
        Basis, Field(description="Whether the guides state it, it follows from them, or we decided it.")
    ]

    @classmethod
    def of(cls, test: str, started_on: date, life: Life, now: datetime) -> ExpiryResource:
        """How long the test lives, judged now."""
        return cls.model_construct(
            test=test,
            administration_year=life.year,
            started_on=started_on,
            expires_on=life.expiry.expires_on,
            usable_through=life.expiry.usable_through,
            limited_by=life.expiry.limited_by,
            days=life.lifetime.days,
            window=WindowInForce.of(life.window) if life.window else None,
            auto_submits=life.lifetime.submitted_on_expiry,
            expired=life.expiry.has_expired(now),
            source=life.lifetime.source,
            basis=life.lifetime.basis,
        )


@router.put(
    "/testing-windows/{cds}/{year}",
    responses={201: {"model": TestingWindowResource, "description": "Set for the first time"}},
    dependencies=[audited("testing_window_set")],
)
async def set_window(
    cds: Cds, year: WindowYear, body: WindowBody, request: Request, caller: Caller, expected: IfMatch
) -> Answer[TestingWindowResource]:
    """Set the testing window of an LEA or a school."""
    deps = dependencies_of(request)
    window = Window(cds, body.opens_on, body.closes_on)
    command = SetWindow(window, year, caller, deps.clock.now(), expected)
    return _answer(deps, await deps.windows.set(command))


@router.get("/testing-windows/{cds}/{year}")
async def show_window(
    cds: Cds, year: WindowYear, request: Request, caller: Caller
) -> Answer[TestingWindowResource]:
    """The testing window that was set for this very place."""
    deps = dependencies_of(request)
    found = await deps.windows.get(cds, year, caller)
    return ok(_resource(deps, found), version=found.version)


@router.get("/tests/{test}/expiry")
async def expiry(
    test: TestCode, asked: Annotated[ExpiryQuery, Query()], request: Request, caller: Caller
) -> Answer[ExpiryResource]:
    """Until when a started test can be used."""
    deps = dependencies_of(request)
    life = await deps.windows.life_of(test, asked.started_on, asked.cds, caller)
    return ok(ExpiryResource.of(test, asked.started_on, life, deps.clock.now()))


def _answer(deps: IncidentDependencies, found: TestingWindow) -> Answer[TestingWindowResource]:
    shown, version = _resource(deps, found), found.version
    if version > 1:
        return ok(shown, version=version)
    return created(shown, location=f"/v1/testing-windows/{found.window.cds}/{found.year}", version=version)


def _resource(deps: IncidentDependencies, found: TestingWindow) -> TestingWindowResource:
    rule = deps.shelf.for_year(found.year).testing_window
    return TestingWindowResource.of(found, reporting_closes_on(found.window, rule))
