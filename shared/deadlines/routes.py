"""``GET /v1/deadlines``: the ledger, the same in every service that owns clocks (contract §3).

The service puts its search on ``app.state.deadlines`` and includes ``router_for`` its own readers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.deadlines.search import DeadlineCriteria, DeadlineRow, LastSeen
from shared.deadlines.terms import DeadlineState
from shared.http.answers import ok, respond
from shared.http.auth import Caller
from shared.http.instants import Instant
from shared.http.openapi import Operation
from shared.http.paging import Paging, page
from shared.kernel.actor import Actor
from shared.kernel.errors import Forbidden

LIST_DEADLINES = {
    "GET /v1/deadlines": Operation(
        "listDeadlines",
        "List deadlines",
        "The deadlines of what is in the caller's scope, the one first that is due first.",
        (Forbidden,),
    )
}

Word = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40)]


class DeadlineQueries(Protocol):
    """Questions to the ledger."""

    async def find(
        self, wanted: DeadlineCriteria, actor: Actor, *, after: LastSeen | None, limit: int
    ) -> Sequence[DeadlineRow]:
        """Up to ``limit`` rows in the caller's scope behind a place, due first first."""
        ...


class DeadlineQuery(Paging):
    """Which deadlines."""

    state: DeadlineState | None = None
    due_before: Annotated[Instant | None, Field(description="excluded")] = None
    case_number: Word | None = None
    clock: Annotated[Word | None, Field(description="which deadline, such as K3")] = None


class _Resource(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WarningResource(_Resource):
    """A warning before the deadline."""

    warning: Annotated[str, Field(description="what it leaves: PT4H; P1BD is one business day")]
    at: datetime
    noticed_at: datetime | None


class RetimingResource(_Resource):
    """A change of what the deadline is computed from."""

    at: datetime
    old_due_at: datetime
    new_due_at: datetime
    why: str


class DeadlineResource(_Resource):
    """One clock of one thing."""

    id: UUID
    version: int
    clock: str
    title: str
    state: DeadlineState
    due_at: Annotated[datetime, Field(description="as computed from facts; an outage does not move it")]
    zone: str
    case_number: str | None
    incident_id: UUID | None
    appeal_id: UUID | None
    notification_id: UUID | None
    lea: str | None
    school: str | None
    set_at: datetime
    missed_noticed_at: datetime | None
    met_at: datetime | None
    late_by_seconds: int | None
    waived_at: datetime | None
    waived_because: str | None
    warnings: list[WarningResource]
    retimings: list[RetimingResource]
    rulebook: str
    rulebook_version: str
    calendar_version: str | None


class DeadlinePage(_Resource):
    """Deadlines, what is due first first."""

    items: list[DeadlineResource]
    next_cursor: Annotated[str | None, Field(description="for the next page; null on the last")]


ALIKE = (
    "id", "version", "clock", "title", "state", "due_at", "zone", "case_number", "lea", "school", "set_at",
    "met_at", "late_by_seconds", "waived_at", "waived_because", "warnings", "retimings", "rulebook",
    "rulebook_version", "calendar_version",
)  # fmt: skip
SUBJECTS = ("incident_id", "appeal_id", "notification_id")


def router_for(may_look: Callable[[Actor], None]) -> APIRouter:
    """The route.

    :param may_look: refuses roles that see nothing of what this service's clocks are about.
    """
    router = APIRouter(prefix="/v1", tags=["deadlines"])

    @router.get("/deadlines", response_model=DeadlinePage)
    async def deadlines(
        asked: Annotated[DeadlineQuery, Query()], caller: Caller, request: Request
    ) -> Response:
        """The clocks of what is in the caller's scope, what is due first first."""
        may_look(caller)
        search: DeadlineQueries = request.app.state.deadlines
        wanted = DeadlineCriteria(asked.state, asked.clock, asked.case_number, asked.due_before)
        rows = await search.find(wanted, caller, after=asked.after_instant(), limit=asked.limit + 1)
        listed = page(rows, asked.limit, _key)
        return respond(ok({**listed, "items": [shown(row) for row in rows[: asked.limit]]}))

    return router


def shown(row: DeadlineRow) -> dict[str, Any]:
    """A row of the ledger as it is answered; whom it concerns by name is left out."""
    about = row["about"]
    resource = DeadlineResource(
        **{name: row[name] for name in ALIKE},
        **{name: about.get(name) for name in SUBJECTS},
        missed_noticed_at=row["noticed_at"],
    )
    return resource.model_dump()


def _key(row: DeadlineRow) -> tuple[str, str]:
    return row["due_at"].isoformat(), str(row["id"])
