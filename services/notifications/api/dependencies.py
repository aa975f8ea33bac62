"""What the routes of this service work with; built by ``bootstrap``, found on the application's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from services.notifications.application.directory import Directory
from services.notifications.application.sending import Resending
from services.notifications.read_model.queries import After, Filters
from shared.deadlines.routes import Search as LedgerSearch
from shared.kernel.actor import Actor
from shared.kernel.clock import Clock
from shared.kernel.store import Store


class Changes(Protocol):
    """The ordered feed of what this service publishes."""

    async def page(self, after: int, limit: int, wait: float) -> Mapping[str, object]:
        """``{"items": [...], "next_after": n}``: what is behind a position, waiting a little for news."""
        ...


class Searches(Protocol):
    """Questions to the list of messages."""

    async def page(
        self, actor: Actor, filters: Filters, *, limit: int, after: After | None
    ) -> Sequence[Mapping[str, Any]]:
        """Up to ``limit`` rows in the caller's scope, newest first."""
        ...


@dataclass(frozen=True)
class Desk:
    """Use cases, questions, and the clock of the edge."""

    store: Store
    directory: Directory
    resending: Resending
    queries: Searches
    changes: Changes
    clock: Clock
    deadlines: LedgerSearch | None = None  # for the route that all services share


async def _the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_the_desk)]
"""A route's parameter: the desk."""
