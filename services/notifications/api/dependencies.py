"""What the routes of this service work with; built by ``bootstrap``, found on the application's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from services.notifications.application.directory import Directory
from services.notifications.application.sending import Resending
from services.notifications.read_model.queries import LastSeen, MessageCriteria
from shared.deadlines.routes import DeadlineQueries as LedgerSearch
from shared.http.changes import PublicEvents
from shared.kernel.actor import Actor
from shared.kernel.clock import Clock
from shared.kernel.store import Store


class MessageSearches(Protocol):
    """Questions to the list of messages."""

    async def page(
        self, actor: Actor, filters: MessageCriteria, *, limit: int, after: LastSeen | None
    ) -> Sequence[Mapping[str, Any]]:
        """Up to ``limit`` rows in the caller's scope, newest first."""
        ...


@dataclass(frozen=True)
class NotificationDependencies:
    """Use cases, questions, and the clock of the edge."""

    store: Store
    directory: Directory
    resending: Resending
    queries: MessageSearches
    changes: PublicEvents
    clock: Clock
    deadlines: LedgerSearch | None = None  # for the route that all services share


async def _dependencies(request: Request) -> NotificationDependencies:
    deps: NotificationDependencies = request.app.state.dependencies
    return deps


Dependencies = Annotated[NotificationDependencies, Depends(_dependencies)]
"""A route's parameter: the desk."""
