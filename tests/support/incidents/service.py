"""The incidents service as it is deployed, on a database of its own: the real bootstrap, without sockets."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from services.incidents.bootstrap import INCIDENTS
from services.incidents.settings import IncidentsSettings
from shared.chassis.api import build_api
from shared.chassis.definition import Foundation
from shared.chassis.foundation import foundation
from shared.kernel.actor import Actor
from shared.kernel.clock import FixedClock
from shared.persistence.engine import driver_url
from shared.persistence.projector import Projector
from shared.persistence.unit_of_work import UnitsOfWork
from tests.support.http.tokens import LEA_COORDINATOR, auth_environment, bearer
from tests.support.servers.postgres import migrate

NOON = datetime(2019, 4, 12, 19, 0, tzinfo=UTC)  # 12:00 Pacific


@dataclass
class Running:
    """What a test works with."""

    http: httpx.AsyncClient
    clock: FixedClock
    settings: IncidentsSettings
    base: Foundation[IncidentsSettings]

    @property
    def units(self) -> UnitsOfWork:
        return self.base.units

    async def projected(self) -> None:
        """The list of cases has taken over all facts so far."""
        for projection in INCIDENTS.projections:
            await Projector(self.base.engine, self.base.tail, projection).catch_up()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(driver_url(self.settings.database_url), autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def execute(self, statement: str, *values: str) -> None:
        with psycopg.connect(driver_url(self.settings.database_url), autocommit=True) as connection:
            connection.execute(statement.encode(), values)

    def facts(self) -> int:
        return int(self.rows("SELECT count(*) FROM incidents_events")[0][0])

    def everything(self) -> Iterator[bytes]:
        """Every value of every table, as text bytes and as raw bytes."""
        tables = self.rows("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            for row in self.rows(f"SELECT * FROM {table}"):  # noqa: S608 - a table's own name
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()


def settings_for(database: str, folder: Path) -> IncidentsSettings:
    for name in ("kek", "ref", "api"):
        (folder / name).write_text(base64.b64encode(os.urandom(32)).decode())
    environment = {
        **{name.lower(): value for name, value in auth_environment().items()},
        "INCIDENTS_DATABASE_URL": database,
        "INCIDENTS_KEK_FILE": str(folder / "kek"),
        "INCIDENTS_REF_KEY_FILE": str(folder / "ref"),
        "INCIDENTS_API_SECRET_FILE": str(folder / "api"),
    }
    return IncidentsSettings.model_validate(environment)


@asynccontextmanager
async def running(database: str, folder: Path, *, migrated: bool = False) -> AsyncIterator[Running]:
    """The API with its real graph; projections and reactions are run by the test."""
    settings = settings_for(database, folder)
    if not migrated:
        await asyncio.to_thread(migrate, database, INCIDENTS.package)
    clock = FixedClock(NOON)
    app = build_api(INCIDENTS, settings, clock=clock)
    async with app.router.lifespan_context(app), foundation(INCIDENTS, settings, every_row=True) as base:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://incidents") as http:
            yield Running(http, clock, settings, base)


async def drafted(service: Running, body: dict[str, Any], actor: Actor = LEA_COORDINATOR) -> str:
    """The address of a new draft."""
    answer = await service.http.post("/v1/incidents", json=body, headers=bearer(actor))
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def submitted(service: Running, body: dict[str, Any], actor: Actor = LEA_COORDINATOR) -> str:
    """The address of a new submitted case."""
    url = await drafted(service, body, actor)
    answer = await service.http.post(f"{url}/submit", headers=bearer(actor))
    assert answer.status_code == 200, answer.text
    return url


async def items(service: Running, actor: Actor = LEA_COORDINATOR, **asked: str) -> list[dict[str, Any]]:
    """What the list answers now."""
    await service.projected()
    answer = await service.http.get("/v1/incidents", params=asked, headers=bearer(actor))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
