"""What the routes of this service work with; built by ``bootstrap``, found on the application's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from services.notifications.application.directory import Directory
from services.notifications.application.reading import MessageReads
from services.notifications.application.sending import Resending
from services.notifications.read_model.queries import After, Filters
from shared.deadlines.routes import Search as LedgerSearch
from shared.kernel.clock import Clock


class Changes(Protocol):
    """The ordered feed of what this service publishes."""

    async def page(self, after: int, limit: int, wait: float) -> Mapping[str, object]:
        """``{"items": [...], "next_after": n}``: what is behind a position, waiting a little for news."""
        ...


@dataclass(frozen=True)
class Desk:
    """Use cases, questions, and the clock of the edge."""

    directory: Directory
    resending: Resending
    messages: MessageReads[Filters, After]
    changes: Changes
    clock: Clock
    deadlines: LedgerSearch | None = None  # for the route that all services share


async def _the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_the_desk)]
"""A route's parameter: the desk."""
