"""``GET /v1/deadlines``: the ledger, the same in every service that owns clocks (contract §3).

The service puts its search on ``app.state.deadlines``; that search refuses roles that see nothing of what the
service's clocks are about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, StringConstraints

from shared.deadlines.search import DeadlineCriteria, LastSeen
from shared.deadlines.terms import DeadlineState
from shared.http.answers import Answer, ok
from shared.http.auth import Caller
from shared.http.instants import Instant
from shared.http.openapi import Operation
from shared.http.paging import Cursors, Paging, cursors_of
from shared.http.resources import Cursor, Resource
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
    ) -> Sequence[Mapping[str, Any]]:
        """Up to ``limit`` rows in the caller's scope after a place in the list, the earliest due first.

        :raises Forbidden: the caller's role sees none.
        """
        ...


class DeadlineQuery(Paging):
    """Which deadlines."""

    state: Annotated[DeadlineState | None, Field(description="Only deadlines in this state.")] = None
    due_before: Annotated[
        Instant | None, Field(description="Only deadlines that are due before this instant, itself excluded.")
    ] = None
    case_number: Annotated[Word | None, Field(description="Only the deadlines of this case.")] = None
    clock: Annotated[
        Word | None, Field(description="Only deadlines of this kind, by its identifier, such as `K3`.")
    ] = None


class DeadlineWarning(Resource):
    """A warning before the deadline."""

    warning: Annotated[
        str,
        Field(
            description="How long before the deadline: an ISO 8601 duration such as `PT4H`, or `P1BD` for "
            "one business day."
        ),
    ]
    at: Annotated[datetime, Field(description="When the warning is due.")]
    noticed_at: Annotated[
        datetime | None, Field(description="When the warning was recorded; null if it was not yet.")
    ]


class DeadlineRetiming(Resource):
    """A change of what the deadline is computed from."""

    at: Annotated[datetime, Field(description="When it changed.")]
    old_due_at: Annotated[datetime, Field(description="The deadline before the change.")]
    new_due_at: Annotated[datetime, Field(description="The deadline after the change.")]
    why: Annotated[str, Field(description="What changed.")]


class DeadlineResource(Resource):
    """A deadline of a case, an appeal or a mail."""

    id: Annotated[UUID, Field(description="The deadline's id.")]
    version: Annotated[int, Field(ge=1, description="Grows by one with every change of the deadline.")]
    clock: Annotated[str, Field(description="Which kind of deadline, by its identifier, such as `K3`.")]
    title: Annotated[str, Field(description="What has to be done, in words.")]
    state: Annotated[DeadlineState, Field(description="How the deadline stands.")]
    due_at: Annotated[
        datetime, Field(description="The deadline, as computed from facts; an outage does not move it.")
    ]
    zone: Annotated[
        str,
        Field(
            description="The IANA time zone in which the deadline is meant, such as `America/Los_Angeles`."
        ),
    ]
    case_number: Annotated[str | None, Field(description="The case's number; null while it is a draft.")]
    incident_id: Annotated[
        UUID | None, Field(description="The case that it is about; null if it is about none.")
    ]
    appeal_id: Annotated[
        UUID | None, Field(description="The appeal that it is about; null if it is about none.")
    ]
    notification_id: Annotated[
        UUID | None, Field(description="The mail that it is about; null if it is about none.")
    ]
    lea: Annotated[
        str | None, Field(description="The LEA by its CDS code of 7 digits; null if none is known.")
    ]
    school: Annotated[
        str | None, Field(description="The school by its CDS code of 14 digits; null if none is known.")
    ]
    set_at: Annotated[datetime, Field(description="When the deadline was set.")]
    missed_noticed_at: Annotated[
        datetime | None,
        Field(description="When it was recorded that the deadline was missed; null if it was not."),
    ]
    met_at: Annotated[datetime | None, Field(description="When it was done; null if it was not.")]
    late_by_seconds: Annotated[
        int | None,
        Field(
            description="By how many seconds it was done too late; null if it was not done, or was in time.",
        ),
    ]
    waived_at: Annotated[
        datetime | None, Field(description="When the deadline ceased to matter; null if it did not.")
    ]
    waived_because: Annotated[
        str | None, Field(description="Why the deadline ceased to matter; null if it did not.")
    ]
    warnings: Annotated[
        list[DeadlineWarning], Field(description="The warnings before the deadline, in order.")
    ]
    retimings: Annotated[
        list[DeadlineRetiming], Field(description="The changes of the deadline, oldest first.")
    ]
    rulebook: Annotated[
        str, Field(description="The administration year whose rules set the deadline, such as `2018-19`.")
    ]
    rulebook_version: Annotated[str, Field(description="The hash of those rules.")]
    calendar_version: Annotated[
        str | None,
        Field(description="The hash of the business calendar; null where business days do not count."),
    ]

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> DeadlineResource:
        """A row of the ledger; whom it concerns by name is left out."""
        about = row["about"]
        return cls.model_construct(
            **{name: row[name] for name in ALIKE},
            **{name: about.get(name) for name in SUBJECTS},
            missed_noticed_at=row["noticed_at"],
            warnings=[_warning(each) for each in row["warnings"]],
            retimings=[_retiming(each) for each in row["retimings"]],
        )


class DeadlinePage(Resource):
    """A page of deadlines; the one that is due first comes first."""

    items: Annotated[list[DeadlineResource], Field(description="The deadlines of this page.")]
    next_cursor: Cursor


ALIKE = (
    "id", "version", "clock", "title", "state", "due_at", "zone", "case_number", "lea", "school", "set_at",
    "met_at", "late_by_seconds", "waived_at", "waived_because", "rulebook", "rulebook_version",
    "calendar_version",
)  # fmt: skip
SUBJECTS = ("incident_id", "appeal_id", "notification_id")


router = APIRouter(prefix="/v1", tags=["deadlines"])


@router.get("/deadlines")
async def deadlines(
    asked: Annotated[DeadlineQuery, Query()],
    caller: Caller,
    request: Request,
    cursors: Annotated[Cursors, Depends(cursors_of("deadlines"))],
) -> Answer[DeadlinePage]:
    """The clocks of what is in the caller's scope, the earliest due first."""
    search: DeadlineQueries = request.app.state.deadlines
    wanted = DeadlineCriteria(asked.state, asked.clock, asked.case_number, asked.due_before)
    rows = await search.find(wanted, caller, after=cursors.after_instant(asked), limit=asked.limit + 1)
    found, following = cursors.page(rows, asked.limit, _key)
    items = [DeadlineResource.of_row(row) for row in found]
    return ok(DeadlinePage.model_construct(items=items, next_cursor=following))


def _warning(kept: Mapping[str, Any]) -> DeadlineWarning:
    noticed_at = kept["noticed_at"] and datetime.fromisoformat(kept["noticed_at"])
    at = datetime.fromisoformat(kept["at"])
    return DeadlineWarning.model_construct(warning=kept["warning"], at=at, noticed_at=noticed_at)


def _retiming(kept: Mapping[str, Any]) -> DeadlineRetiming:
    at, old, new = (datetime.fromisoformat(kept[name]) for name in ("at", "old_due_at", "new_due_at"))
    return DeadlineRetiming.model_construct(at=at, old_due_at=old, new_due_at=new, why=kept["why"])


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["due_at"].isoformat(), str(row["id"])
