"""Every administrative act that a service does by REST is named in its audit, and in docs/operations.md."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from deploy.console.folders import ROOT
from deploy.console.ports import SERVICES
from tests.support.contracts.openapi_documents import application

ACTS = {
    "incidents": {
        ("PUT", "/v1/testing-windows/{cds}/{year}"): "testing_window_set",
        ("PUT", "/v1/filing-protocol/{lea}"): "filing_protocol_chosen",
        ("GET", "/v1/incidents/{case_id}/students"): "ssids_read",
    },
    "appeals": {},
    "notifications": {
        ("PUT", "/v1/directory/{cds}"): "directory_set",
        ("PUT", "/v1/directory/{cds}/mail-domains"): "mail_domains_set",
        ("POST", "/v1/notifications/{notification_id}/resend"): "notification_resent",
        ("POST", "/v1/notifications/{notification_id}/attempts"): "attempt_reported",
    },
}
OF_CASES = "/v1/incidents"  # what is put there is a fact of the case, with its actor


@pytest.mark.parametrize("service", SERVICES)
def test_administrative_routes_are_audited(service: str) -> None:
    found = {
        (method, route.path): each.dependency.__name__
        for route in application(service).routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        for each in route.dependencies
        if each.dependency is not None and each.dependency.__module__ == "shared.http.audit"
    }
    assert found == ACTS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_sets_something_that_is_no_case_is_audited(service: str) -> None:
    puts = {
        ("PUT", route.path)
        for route in application(service).routes
        if isinstance(route, APIRoute)
        and "PUT" in (route.methods or ())
        and not route.path.startswith(OF_CASES)
    }
    assert puts <= ACTS[service].keys()


def test_operators_read_what_each_act_means() -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    named = {act for acts in ACTS.values() for act in acts.values()} | {"refused", "searched_by_ssid"}
    assert [act for act in sorted(named) if f"`{act}`" not in text] == []
