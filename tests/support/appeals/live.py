"""The appeals service on a real database, by its real bootstrap: its API in this process, loops by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import httpx

from services.appeals.bootstrap import APPEALS, CONSUMER
from services.appeals.domain.values import KnownCase
from services.appeals.messaging import inbound
from services.appeals.read_model.appeal_list import AppealList
from services.appeals.settings import AppealsSettings
from shared.chassis.api import build_api
from shared.chassis.definition import Foundation
from shared.chassis.foundation import foundation
from shared.contracts.envelope import CloudEvent
from shared.contracts.incidents_v1 import IncidentSubmitted
from shared.kernel.actor import Actor
from shared.kernel.clock import FixedClock
from shared.persistence.projector import Projector
from tests.support.appeals.states import FRIDAY
from tests.support.http.tokens import auth_environment, bearer, secret_file
from tests.support.servers.postgres import migrate

Json = dict[str, Any]


def settings_for(database: str, **more: str) -> AppealsSettings:
    given = {"APPEALS_DATABASE_URL": database, "APPEALS_API_SECRET_FILE": secret_file(), **more}
    lower = {name.lower(): value for name, value in auth_environment().items()}
    return AppealsSettings.model_validate({**given, **lower})


def submitted(case: KnownCase, at: datetime = FRIDAY) -> CloudEvent:
    """The published event by which a case becomes known."""
    data = {
        **asdict(case),
        "rulebook": case.administration_year,
        "rulebook_version": "0",
        "incident_title": case.incident_type,
        "severity": "irregularity",
        "severity_reason": {"rule": "r", "rulebook": "2018-19", "source": "M", "text": "t"},
        "recommended_action": "continue_to_submit_appeal",
        "pre_action": None,
        "appeal_types": list(case.appeal_types),
        "cde_copy": False,
        "late": False,
        "grade": "05",
        "student_count": len(case.student_refs),
        "student_refs": sorted(case.student_refs),
        "occurred_at": at,
        "discovered_at": at,
        "report_due_at": at,
        "submitted_at": at,
        "field_of_the_future": True,
    }
    published = IncidentSubmitted.model_validate(data)
    return CloudEvent(
        id=f"{case.incident_id}.3",
        source="/incidents",
        type=IncidentSubmitted.TYPE,
        time=at.astimezone(UTC),
        subject=str(case.incident_id),
        key=published.key,
        sequence=1,
        data=published.model_dump(mode="json"),
    )


class Live:
    """One service that runs."""

    def __init__(
        self, parts: Foundation[AppealsSettings], http: httpx.AsyncClient, clock: FixedClock
    ) -> None:
        self.parts, self.http, self.clock = parts, http, clock
        self.units = parts.units
        self.projector = Projector(parts.engine, parts.tail, AppealList())

    async def hear(self, event: CloudEvent) -> bool:
        """Handle one delivery as the consumer does; whether it was new."""
        async with self.units.once(event.source, event.id, CONSUMER) as unit:
            if unit is None:
                return False
            await inbound.handlers()[event.type](event, unit)
            return True

    async def post(self, path: str, by: Actor, body: Json, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, json=body, headers={**bearer(by), **named})

    async def get(self, path: str, by: Actor) -> httpx.Response:
        return await self.http.get(path, headers=bearer(by))

    async def stored(self) -> int:
        """How many events there are."""
        return len(await self.parts.tail.page(0, 100_000))


@asynccontextmanager
async def live_appeals(database: str, at: datetime = FRIDAY) -> AsyncIterator[Live]:
    """Migrated, started, and stopped in order."""
    migrate(database, APPEALS.package)
    settings, clock = settings_for(database), FixedClock(at)
    app = build_api(APPEALS, settings, clock=clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        foundation(APPEALS, settings) as parts,
        httpx.AsyncClient(transport=transport, base_url="http://appeals") as http,
    ):
        yield Live(parts, http, clock)
