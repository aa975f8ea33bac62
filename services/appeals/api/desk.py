"""What the routes of this service work with; built by ``bootstrap``, found on the application's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from services.appeals.application.appeals import Appeals
from services.appeals.application.requests import AppealRequests
from services.appeals.application.searches import AppealSearches
from services.appeals.read_model.queries import After, Filters, Order
from shared.kernel.clock import Clock


class Changes(Protocol):
    """The ordered feed of what this service publishes."""

    async def page(self, after: int, limit: int, wait: float) -> Mapping[str, object]:
        """``{"items": [...], "next_after": n}``: what is behind a position, waiting a little for news."""
        ...


@dataclass(frozen=True)
class Desk:
    """Use cases, questions, and the clock of the edge."""

    requests: AppealRequests
    appeals: Appeals
    queries: AppealSearches[Filters, Order, After]
    changes: Changes
    clock: Clock


async def _the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_the_desk)]
"""A route's parameter: the desk."""
