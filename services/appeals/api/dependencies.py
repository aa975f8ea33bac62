"""What the routes of this service work with; built by ``bootstrap``, found on the application's state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from services.appeals.application.appeals import Appeals
from services.appeals.application.requests import AppealRequests
from services.appeals.read_model.queries import AppealCriteria, AppealOrder, LastSeen
from shared.http.changes import PublicEvents
from shared.kernel.actor import Actor
from shared.kernel.clock import Clock


class AppealSearches(Protocol):
    """Questions to the list of appeals."""

    async def search(
        self,
        actor: Actor,
        filters: AppealCriteria,
        *,
        now: datetime,
        order: AppealOrder,
        limit: int,
        after: LastSeen | None,
    ) -> Sequence[dict[str, Any]]:
        """Up to ``limit`` rows in the caller's scope."""
        ...


@dataclass(frozen=True)
class AppealDependencies:
    """Use cases, questions, and the clock of the edge."""

    requests: AppealRequests
    appeals: Appeals
    queries: AppealSearches
    changes: PublicEvents
    clock: Clock


async def _dependencies(request: Request) -> AppealDependencies:
    deps: AppealDependencies = request.app.state.dependencies
    return deps


Dependencies = Annotated[AppealDependencies, Depends(_dependencies)]
"""A route's parameter: the desk."""
