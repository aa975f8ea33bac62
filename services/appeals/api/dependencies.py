"""What the routes of this service work with; built by ``bootstrap``, found on the application's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.appeals.application.appeals import Appeals
from services.appeals.application.requests import AppealRequests
from services.appeals.application.searches import AppealSearches
from services.appeals.read_model.queries import AppealCriteria, AppealOrder, LastSeen
from shared.kernel.clock import Clock


@dataclass(frozen=True)
class AppealDependencies:
    """Use cases, questions, and the clock of the edge."""

    requests: AppealRequests
    appeals: Appeals
    queries: AppealSearches[AppealCriteria, AppealOrder, LastSeen]
    clock: Clock


async def _dependencies(request: Request) -> AppealDependencies:
    deps: AppealDependencies = request.app.state.dependencies
    return deps


Dependencies = Annotated[AppealDependencies, Depends(_dependencies)]
"""A route's parameter: what it works with."""
