"""docs/operations.md names every limit of HTTP with its number, and every reason that is counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from fastapi.routing import APIRoute

from deploy.console.ports import SERVICES
from shared.http.admission import Admission
from shared.process.http_connection import Reason
from shared.process.http_settings import USUAL, USUAL_BODIES, HttpSettings
from shared.process.share_settings import USUAL_SHARES, ShareSettings
from tests.support.contracts.openapi_documents import application

ROOT = Path(__file__).parents[3]
SHARE_ROW = re.compile(r"\| `(SHARE_\w+)` \| (\d+) \| .+ \| .+ \|")
ROW = re.compile(r"\| `(HTTP_\w+)` \| ([\d.]+) \| .+ \| .+ \| (.+) \|")


def rows() -> list[tuple[str, str, str]]:
    return ROW.findall((ROOT / "docs" / "operations.md").read_text("utf-8"))


def test_every_limit_is_documented_with_its_number() -> None:
    documented = {name: float(number) for name, number, _ in rows()}
    assert documented == {
        name.upper(): float(field.default) for name, field in HttpSettings.model_fields.items()
    }


def test_every_share_is_documented_with_its_number() -> None:
    found = SHARE_ROW.findall((ROOT / "docs" / "operations.md").read_text("utf-8"))
    assert {name: int(number) for name, number in found} == {
        name.upper(): field.default for name, field in ShareSettings.model_fields.items()
    }


def test_every_share_reaches_the_api() -> None:
    assert ShareSettings().shares == USUAL_SHARES
    changed = {name: field.default + 1 for name, field in ShareSettings.model_fields.items()}
    assert sorted(vars(ShareSettings(**changed).shares).values()) == sorted(changed.values())


def test_every_limit_reaches_the_server() -> None:
    assert (HttpSettings().connections, HttpSettings().bodies) == (USUAL, USUAL_BODIES)
    changed = {name: field.default + 1 for name, field in HttpSettings.model_fields.items()}
    told = HttpSettings(**changed)
    values = [*vars(told.connections).values(), *vars(told.bodies).values()]
    assert sorted(values) == sorted(changed.values())


def test_every_reason_is_documented() -> None:
    documented = {word for *_, counted in rows() for word in re.findall(r"`(\w+)`", counted)}
    assert documented - {"stairs_http_bodies_held_bytes"} == set(get_args(Reason))


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_for_known_callers_judges_them_before_the_body(service: str) -> None:
    app = application(service)
    documented = app.openapi()["paths"]
    admitted = {
        (route.path, method): route.app.takes_token
        for route in app.router.routes
        if isinstance(route, APIRoute) and isinstance(route.app, Admission)
        for method in route.methods or ()
    }
    wanted = {
        (path, method.upper()): bool(operation["security"])
        for path, item in documented.items()
        for method, operation in item.items()
    }
    assert admitted == wanted
    assert any(wanted.values())
