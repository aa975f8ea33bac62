"""Three services, one chassis: the same loops in every worker, the same common routes in every API."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.appeals.bootstrap import APPEALS
from services.incidents.bootstrap import INCIDENTS
from services.notifications.bootstrap import NOTIFICATIONS
from shared.chassis.api import build_api
from shared.chassis.definition import Foundation, ServiceDefinition
from shared.chassis.foundation import foundation
from shared.chassis.worker import worker_loops
from tests.support.appeals.live import settings_for as appeals_settings
from tests.support.incidents.service import settings_for as incidents_settings
from tests.support.notifications.world import settings_for as notifications_settings

ROOT = Path(__file__).parents[3]
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nothing"  # nothing connects before it is used
SERVICES: dict[str, ServiceDefinition[Any]] = {
    each.name: each for each in (INCIDENTS, APPEALS, NOTIFICATIONS)
}
COMMON_ROUTES = {"/healthz", "/readyz", "/metrics", "/v1/changes", "/v1/deadlines"}
COMMON_LOOPS = {"projection:deadlines", "deadlines", "notices", "pruning"}
OF_THE_CHASSIS = {  # what the chassis names, so that no service has to
    "shared.chassis.api",
    "shared.chassis.command_line",
    "shared.chassis.foundation",
    "shared.chassis.worker",
    "shared.deadlines.upkeep",
    "shared.deadlines.routes",
    "shared.deadlines.search",
    "shared.deadlines.table",
    "shared.http",
    "shared.http.app",
    "shared.http.auth",
    "shared.http.readiness",
    "shared.messaging.publishing.public_feed",
    "shared.messaging.consuming.http_feed",
    "shared.messaging.consuming.consumer",
    "shared.messaging.kafka.feed",
    "shared.messaging.store_lags",
    "shared.messaging.consuming.own_feed",
    "shared.messaging.kafka.readiness",
    "shared.messaging.publishing.relay",
    "shared.observability.logging",
    "shared.persistence.appender",
    "shared.persistence.codec",
    "shared.persistence.engine",
    "shared.persistence.pruning",
    "shared.persistence.store",
    "shared.persistence.tail",
    "shared.process.clock",
    "shared.process.serving",
}


def settings_of(name: str, folder: Path) -> Any:  # noqa: ANN401 - three classes
    match name:
        case "incidents":
            return incidents_settings(NOWHERE, folder)
        case "appeals":
            return appeals_settings(NOWHERE)
        case _:
            return notifications_settings(NOWHERE, 2525)


@pytest_asyncio.fixture(params=sorted(SERVICES))
async def base(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Foundation[Any]]:
    name: str = request.param
    async with foundation(SERVICES[name], settings_of(name, tmp_path)) as found:
        yield found


async def test_every_worker_has_the_loops_that_keep_a_service_in_order(base: Foundation[Any]) -> None:
    loops = set(worker_loops(base))
    assert loops >= COMMON_LOOPS
    assert loops >= {f"projection:{each.name}" for each in base.service.lists}
    followed = {each.consumer for each in base.service.subscriptions(base)}
    assert {name.split(":")[1] for name in loops if name.startswith("consumer:")} == followed
    assert "relay" not in loops, "there is no Kafka here"


async def test_what_is_a_workers_own_is_named_here(tmp_path: Path) -> None:
    own = {}
    for name, service in SERVICES.items():
        async with foundation(service, settings_of(name, tmp_path)) as base:
            own[name] = set(service.loops(base))
    assert own == {"incidents": {"student_keys"}, "appeals": {"calendars"}, "notifications": {"sender"}}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_api_has_the_common_routes(name: str, tmp_path: Path) -> None:
    app = build_api(SERVICES[name], settings_of(name, tmp_path))
    paths = {getattr(route, "path", "") for route in app.router.routes}
    assert paths >= COMMON_ROUTES


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_names_follow_from_the_name_of_the_service(name: str) -> None:
    service = SERVICES[name]
    assert (service.source, service.topic) == (f"/{name}", f"stairs.{name}.v1")
    assert (service.table, service.package) == (f"{name}_events", f"services.{name}")
    aliases = {str(field.validation_alias) for field in service.settings.model_fields.values()}
    assert service.database_setting in aliases


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_the_wiring_names_only_what_is_the_services_own(name: str) -> None:
    assert imported_by(ROOT / "services" / name / "bootstrap.py") & OF_THE_CHASSIS == set()


def test_what_the_chassis_names_is_there() -> None:
    missing = {
        module
        for module in OF_THE_CHASSIS
        if not (ROOT / f"{module.replace('.', '/')}.py").exists()
        and not (ROOT / module.replace(".", "/") / "__init__.py").exists()
    }
    assert missing == set()


def imported_by(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
