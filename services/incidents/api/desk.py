"""What routes work with; made by bootstrap, found on the application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from fastapi import Request

from services.incidents.application.cases import Cases
from services.incidents.application.concerns import Concerns
from services.incidents.application.discussions import Discussions
from services.incidents.application.filing_protocols import FilingProtocols
from services.incidents.application.ports import Rulebooks
from services.incidents.application.records import Records
from services.incidents.application.searches import CaseSearches
from services.incidents.application.uploads import Uploads
from services.incidents.application.windows import Windows
from services.incidents.read_model.queries import Criteria
from shared.kernel.clock import Clock


class Changes(Protocol):
    """The ordered feed of what this service publishes."""

    async def page(self, after: int, limit: int, wait: float) -> Mapping[str, object]:
        """``{"items": [...], "next_after": n}``: what is behind a position, waiting a little for news."""
        ...


class CaseMail(Protocol):
    """What is known of the mails about cases."""

    async def of(self, case_id: UUID) -> Sequence[Mapping[str, object]]:
        """The messages about a case by ``notification_id``, ``kind``, ``status`` and ``at``."""
        ...


class RulebookShelf(Rulebooks, Protocol):
    """The rulebooks as rules and as documents."""

    def years(self) -> Sequence[str]:
        """The years that have one, oldest first."""
        ...

    def document(self, year: str) -> Mapping[str, object]:
        """A rulebook as data.

        :raises RulebookNotFound: that year has none.
        """
        ...


@dataclass(frozen=True)
class Desk:
    """Everything that the API of this service can do."""

    cases: Cases
    records: Records
    search: CaseSearches[Criteria]
    shelf: RulebookShelf
    changes: Changes
    clock: Clock
    case_mail: CaseMail
    uploads: Uploads
    windows: Windows
    discussions: Discussions
    concerns: Concerns
    filing_protocols: FilingProtocols


def desk_of(request: Request) -> Desk:
    """The desk of the application that took this request."""
    desk: Desk = request.app.state.desk
    return desk
