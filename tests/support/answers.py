"""All that a running system answers about what it stores: to compare two versions over one store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx

from shared.kernel.actor import Role

ClientOf = Callable[[str, Role], httpx.Client]
Answers = dict[str, Any]

LEA = "1964733"
SCHOOL = "19647331932045"
YEARS = ("2015-16", "2018-19", "2020-21")
LISTS = (
    ("incidents", Role.AUDITOR, "/v1/incidents"),
    ("incidents", Role.LEA_COORDINATOR, "/v1/concerns"),
    ("incidents", Role.AUDITOR, "/v1/deadlines"),
    ("appeals", Role.AUDITOR, "/v1/appeals"),
    ("appeals", Role.AUDITOR, "/v1/deadlines"),
    ("notifications", Role.AUDITOR, "/v1/notifications"),
    ("notifications", Role.AUDITOR, "/v1/deadlines"),
)
SINGLES = (
    ("incidents", Role.LEA_COORDINATOR, f"/v1/filing-protocol/{LEA}"),
    *(("incidents", Role.LEA_COORDINATOR, f"/v1/testing-windows/{LEA}/{year}") for year in YEARS),
    ("notifications", Role.LEA_COORDINATOR, f"/v1/directory/{LEA}"),
    ("notifications", Role.LEA_COORDINATOR, f"/v1/directory/{SCHOOL}"),
)


def everything_answered(client_of: ClientOf) -> Answers:
    """Every list, every single resource, every history, students with their SSIDs, and the feeds.

    :param client_of: an HTTP client of a service for a role.
    :return: by ``service role path`` the status, and the JSON body.
    """
    told: Answers = {}
    for service, role, path in [*LISTS, *SINGLES]:
        with client_of(service, role) as client:
            told[f"{service} {role.value} {path}"] = _whole(client, path)
    for service, role, path in list(_of_each(told)):
        with client_of(service, role) as client:
            told[f"{service} {role.value} {path}"] = _whole(client, path)
    for service in ("incidents", "appeals", "notifications"):
        with client_of(service, Role.SYSTEM) as client:
            told[f"{service} system /v1/changes"] = _changes(client)
    return told


def _of_each(told: Answers) -> Iterator[tuple[str, Role, str]]:
    for case in told["incidents auditor /v1/incidents"]["items"]:
        base = f"/v1/incidents/{case['id']}"
        yield "incidents", Role.LEA_COORDINATOR, base
        yield "incidents", Role.AUDITOR, base
        yield "incidents", Role.LEA_COORDINATOR, f"{base}/history"
        yield "incidents", Role.LEA_COORDINATOR, f"{base}/notes"
    for appeal in told["appeals auditor /v1/appeals"]["items"]:
        yield "appeals", Role.CDE_REVIEWER, f"/v1/appeals/{appeal['id']}"
        yield "appeals", Role.CDE_REVIEWER, f"/v1/appeals/{appeal['id']}/history"
    for message in told["notifications auditor /v1/notifications"]["items"]:
        yield "notifications", Role.AUDITOR, f"/v1/notifications/{message['id']}"
    for case in told["incidents auditor /v1/incidents"]["items"]:
        # The last, since each look at SSIDs is a fact that the case's history tells.
        yield "incidents", Role.LEA_COORDINATOR, f"/v1/incidents/{case['id']}/students"


def _whole(client: httpx.Client, path: str) -> object:
    answer = client.get(path)
    if not answer.is_success:
        return {"status": answer.status_code, "code": answer.json().get("code")}
    body = answer.json()
    while isinstance(body, dict) and body.get("next_cursor"):
        page = client.get(path, params={"cursor": body["next_cursor"]}).raise_for_status().json()
        body = {**page, "items": body["items"] + page["items"]}
    return body


def _changes(client: httpx.Client) -> list[Any]:
    items: list[Any] = []
    after = 0
    while True:
        page = client.get("/v1/changes", params={"after": after}).raise_for_status().json()
        items += page["items"]
        if not page["items"] or page["next_after"] == after:
            return items
        after = page["next_after"]
