"""What the routes of this service work with; built by ``bootstrap``, found on the application's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.notifications.application.directory import Directory
from services.notifications.application.reading import MessageReads
from services.notifications.application.sending import Resending
from services.notifications.read_model.queries import LastSeen, MessageCriteria
from shared.kernel.clock import Clock


@dataclass(frozen=True)
class NotificationDependencies:
    """Use cases, questions, and the clock of the edge."""

    directory: Directory
    resending: Resending
    messages: MessageReads[MessageCriteria, LastSeen]
    clock: Clock


async def _dependencies(request: Request) -> NotificationDependencies:
    deps: NotificationDependencies = request.app.state.dependencies
    return deps


Dependencies = Annotated[NotificationDependencies, Depends(_dependencies)]
"""A route's parameter: what it works with."""
