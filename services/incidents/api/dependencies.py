"""What the routes of this service work with; made by bootstrap, found on the application."""

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
from services.incidents.read_model.queries import CaseCriteria
from shared.kernel.clock import Clock


class MailOfCases(Protocol):
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
class IncidentDependencies:
    """Everything that the API of this service can do."""

    cases: Cases
    records: Records
    search: CaseSearches[CaseCriteria]
    shelf: RulebookShelf
    clock: Clock
    case_mail: MailOfCases
    uploads: Uploads
    windows: Windows
    discussions: Discussions
    concerns: Concerns
    filing_protocols: FilingProtocols


def dependencies_of(request: Request) -> IncidentDependencies:
    """The dependencies of the application that took this request."""
    deps: IncidentDependencies = request.app.state.dependencies
    return deps
