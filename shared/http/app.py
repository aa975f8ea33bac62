"""The application that every service's API is: ours in what it promises, FastAPI in how it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route

from shared.http import openapi
from shared.http.admission import admitting
from shared.http.answers import Answer, ok
from shared.http.api_secret import ApiSecret
from shared.http.audit import note_refusal
from shared.http.auth import Authenticator
from shared.http.body import BodyReader
from shared.http.docs_page import add_docs_page
from shared.http.limits import BodyLimits
from shared.http.middleware import OuterMiddleware
from shared.http.openapi import Description, Operation
from shared.http.problem import Busy, MalformedRequest, MethodNotAllowed, StoreBusy, refused
from shared.http.readiness import LivenessResource, Readiness, ReadinessResource
from shared.http.shares import ShareLimits, Shares
from shared.http.validation import UnknownPath, as_refusal
from shared.kernel.errors import Conflict, NotFound, Refusal
from shared.kernel.store import StreamMoved, StreamUnknown
from shared.observability import metrics
from shared.persistence.faults import QueueFull, StoreUnavailable, transient

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

PROBES = {
    "GET /healthz": Operation(
        "getHealth", "Ask whether the process is alive", "Answers as long as the process answers at all."
    ),
    "GET /readyz": Operation(
        "getReadiness",
        "Ask whether the process can work",
        "200 where the store, the broker and the issuer's keys are usable; 503 with the reasons where not.",
    ),
    "GET /metrics": Operation(
        "getMetrics",
        "Read the figures for Prometheus",
        "All figures of the process, in Prometheus' text form.",
    ),
}
REFUSED: tuple[type[Exception], ...] = (
    Refusal,
    RequestValidationError,
    HTTPException,
    StreamUnknown,
    StreamMoved,
)
TROUBLE: tuple[type[Exception], ...] = (QueueFull, StoreUnavailable, SQLAlchemyError)
UNCERTAIN = "The store cannot take this now; repeat it later, under the same Idempotency-Key if it has one."
WRONG_METHOD = "This address does not take this method."
STORE_BACK_AFTER = 5  # seconds; a guess, for when the store itself names none

log = structlog.get_logger(__name__)


def build_app(  # noqa: PLR0913 - each by its name
    *,
    title: str,
    version: str,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    auth: Authenticator,
    readiness: Readiness,
    description: Description | None = None,
    limits: BodyLimits | None = None,
    shares: ShareLimits | None = None,
) -> FastAPI:
    """The API of one service.

    :param limits: those of the requests' bodies; ``None`` for the usual ones.
    :param shares: those of each caller and LEA; ``None`` for the usual ones.
    :param description: what its OpenAPI document tells beside what the routes say themselves.
    :param lifespan: opens what the service needs and puts it on ``app.state``; at least
        ``app.state.receipts`` (``shared.http.idempotency.Receipts``). It drains first, then closes pools.
    """
    app = FastAPI(
        title=title,
        version=version,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        docs_url=None,  # the framework's pages load scripts from a third party; ours loads nothing
        redoc_url=None,
        redirect_slashes=False,  # an address is written one way
    )
    app.state.authenticator = auth
    app.state.secret = ApiSecret.of_this_process()  # the chassis puts the one that all processes share
    app.state.readiness = readiness
    app.state.stopping = asyncio.Event()
    reader, everybodys = BodyReader(limits or BodyLimits()), Shares(shares)
    for router in (*routers, _process_router()):
        # not include_router: its second round of matching costs a tenth of a small request, and a router's
        # own prefix, tags and dependencies are in its routes already
        app.router.routes.extend(admitting(router.routes, reader, everybodys))
    app.add_middleware(OuterMiddleware)
    _answer_refusals(app)
    openapi.describe(app, description)
    add_docs_page(app)
    return app


def about_the_process(readiness: Readiness, stopping: asyncio.Event) -> FastAPI:
    """Only ``/healthz``, ``/readyz`` and ``/metrics``: what a process without an API of its own answers.

    :param stopping: set once the process has been asked to end.
    """
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False}, openapi_url=None)
    app.state.readiness, app.state.stopping = readiness, stopping
    app.router.routes.extend(_process_router().routes)
    return app


def _process_router() -> APIRouter:
    router = APIRouter(tags=["process"])

    @router.get("/healthz")
    async def healthz() -> Answer[LivenessResource]:
        return ok(LivenessResource.model_construct(status="alive"))

    @router.get(
        "/readyz", responses={503: {"model": ReadinessResource, "description": "Unable to work, and why."}}
    )
    async def readyz(request: Request) -> Answer[ReadinessResource]:
        readiness: Readiness = request.app.state.readiness
        ending = {"process": "stopping"} if request.app.state.stopping.is_set() else {}
        status, found = await readiness.answer(**ending)
        body: Any = found
        return Answer(status, ReadinessResource.model_construct(**body))

    @router.get("/metrics", response_class=PlainTextResponse)
    async def figures(request: Request) -> Response:
        await request.app.state.readiness.measured()
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    return router


def _answer_refusals(app: FastAPI) -> None:
    async def refusal(request: Request, error: Exception) -> Response:
        return _refused(request, _as_refusal(error, request))

    async def trouble(request: Request, error: Exception) -> Response:
        if not transient(error):
            raise error
        log.warning("store_did_not_answer", error=type(error).__name__)
        wait: int = getattr(error, "retry_after", STORE_BACK_AFTER)
        return _refused(request, StoreBusy(UNCERTAIN, retry_after=wait))

    for kind in REFUSED:
        app.add_exception_handler(kind, refusal)
    for kind in TROUBLE:
        app.add_exception_handler(kind, trouble)


def _refused(request: Request, refusal: Refusal) -> Response:
    note_refusal(request.scope, refusal.code)
    return refused(refusal)


def _as_refusal(error: Exception, request: Request) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RequestValidationError):
        return _of_what_was_sent(error, request)
    if isinstance(error, HTTPException):
        return _of_the_framework(error, request)
    if isinstance(error, StreamUnknown):
        return NotFound("There is nothing at this address.")
    return Conflict("It was changed at the same moment; please try again.", retry_after=1)


def _of_what_was_sent(error: RequestValidationError, request: Request) -> Refusal:
    refusal = as_refusal(error)
    if isinstance(refusal, UnknownPath) and any("{" not in route.path for route in _routes_here(request)):
        # /search, where the framework took "search" for an id because of the method
        return MethodNotAllowed(WRONG_METHOD, allow=_allowed(request))
    return refusal


def _of_the_framework(error: HTTPException, request: Request) -> Refusal:
    if error.status_code == 404:
        return NotFound("There is nothing at this address.")
    if error.status_code == 405:
        return MethodNotAllowed(WRONG_METHOD, allow=_allowed(request))
    if error.status_code == 503:
        return Busy("Temporarily unavailable; please try again.", retry_after=1)
    return MalformedRequest("The request cannot be read.")


def _allowed(request: Request) -> str:
    """All methods of the address, HEAD where GET is; the framework names those of its first route only."""
    here = _routes_here(request)
    by_name = [route for route in here if "{" not in route.path]
    taken = {method for route in by_name or here for method in route.methods or ()}
    if "GET" in taken:
        taken.add("HEAD")
    return ", ".join(sorted(taken))


def _routes_here(request: Request) -> list[Route]:
    return [
        route
        for route in request.app.router.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
