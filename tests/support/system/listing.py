"""Everything that the lists of the services answer, page after page."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.kernel.actor import Role
from tests.support.system.system import RunningSystem

Listed = dict[str, list[dict[str, Any]]]

LISTS = (("incidents", "/v1/incidents"), ("appeals", "/v1/appeals"), ("notifications", "/v1/notifications"))


def everything_listed(system: RunningSystem) -> Listed:
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


def ssids(system: RunningSystem) -> dict[str, list[str]]:
    """The students' numbers of every case, as a coordinator reads them."""
    with system.client("incidents", Role.LEA_COORDINATOR) as incidents:
        pages = {
            case["id"]: incidents.get(f"/v1/incidents/{case['id']}/students").raise_for_status().json()
            for case in all_of(system, "incidents", "/v1/incidents")
        }
    return {case: [student["ssid"] for student in page["students"]] for case, page in pages.items()}


async def every_message_is_delivered(system: RunningSystem) -> bool:
    """Nothing is under way any more: also what a killed sender had in hand was taken up, after its lease."""
    listed = await asyncio.to_thread(all_of, system, "notifications", "/v1/notifications")
    assert {message["status"] for message in listed} == {"delivered"}
    return True


def differences(before: Listed, after: Listed) -> list[tuple[str, object, object]]:
    """What is not listed alike, item by item, and whether the order is another."""
    found: list[tuple[str, object, object]] = []
    for service in before:
        earlier = {str(item["id"]): item for item in before[service]}
        later = {str(item["id"]): item for item in after[service]}
        found += [
            (service, earlier.get(item), later.get(item))
            for item in earlier | later
            if earlier.get(item) != later.get(item)
        ]
        if not found and list(earlier) != list(later):
            found.append((service, "in this order", list(earlier)))
    return found
