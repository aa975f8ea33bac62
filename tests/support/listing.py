"""Everything that the lists of the services answer, page after page."""

from __future__ import annotations

from typing import Any

from shared.kernel.actor import Role
from tests.support.system import RunningSystem

LISTS = (("incidents", "/v1/incidents"), ("appeals", "/v1/appeals"), ("notifications", "/v1/notifications"))


def everything_listed(system: RunningSystem) -> dict[str, list[dict[str, Any]]]:
    """The items of every list, by service."""
    return {service: all_of(system, service, path) for service, path in LISTS}


def all_of(system: RunningSystem, service: str, path: str) -> list[dict[str, Any]]:
    """The items of one list."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    with system.client(service, Role.AUDITOR) as client:
        while cursor is not None:
            answer = client.get(path, params={"limit": "200"} | ({"cursor": cursor} if cursor else {}))
            assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
            page = answer.json()
            items += page["items"]
            cursor = page["next_cursor"]
    return items
