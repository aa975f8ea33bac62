"""Claims as identity providers send them, read by settings alone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.http.claims import ClaimMapping, InvalidToken
from shared.kernel.actor import Role
from tests.support.http.tokens import LEA, SCHOOL

KEYCLOAK: dict[str, Any] = {
    "sub": "f:1:lena",
    "typ": "Bearer",
    "azp": "district-portal",
    "realm_access": {"roles": ["offline_access", "uma_authorization", "site_coordinator"]},
    "resource_access": {"stairs.api": {"roles": ["auditor"]}},
    "name": "Lena Ortiz",
    "preferred_username": "lena@district.example",
    "cds": {"lea": LEA, "school": SCHOOL},
}
ENTRA: dict[str, Any] = {
    "sub": "AAAA",
    "ver": "2.0",
    "roles": ["STAIRS.Reviewer"],
    "name": "Dee Chandra",
    "upn": "dee@cde.example",
}
NAMESPACED: dict[str, Any] = {"sub": "auth0|1", "https://stairs.example/role": "auditor"}


def test_keycloaks_realm_roles_and_nested_places() -> None:
    claims = "role=realm_access.roles, email=preferred_username, lea=cds.lea, school=cds.school"
    actor = ClaimMapping.of(claims, None).actor(KEYCLOAK)
    assert (actor.role, actor.email, actor.lea, actor.school) == (
        Role.SITE_COORDINATOR,
        "lena@district.example",
        LEA,
        SCHOOL,
    )


def test_keycloaks_client_roles_though_the_clients_name_has_a_point() -> None:
    actor = ClaimMapping.of("role=resource_access.stairs.api.roles", None).actor(KEYCLOAK)
    assert actor.role is Role.AUDITOR


def test_entras_app_roles_by_names_of_the_organisation() -> None:
    actor = ClaimMapping.of("role=roles, email=upn", "STAIRS.Reviewer=cde_reviewer").actor(ENTRA)
    assert (actor.role, actor.email) == (Role.CDE_REVIEWER, "dee@cde.example")


def test_a_claim_whose_name_is_an_address() -> None:
    assert ClaimMapping.of("role=https://stairs.example/role", None).actor(NAMESPACED).role is Role.AUDITOR


def test_where_roles_have_other_names_ours_are_none() -> None:
    with pytest.raises(InvalidToken):
        ClaimMapping.of("role=realm_access.roles", "STAIRS=site_coordinator").actor(KEYCLOAK)


@pytest.mark.parametrize(
    "roles",
    [
        [],
        ["offline_access"],
        ["auditor", "cde_reviewer"],
        [["auditor"]],
        [{"auditor": 1}],
        {"auditor": True},
        None,
        7,
        "auditor cde_reviewer",
    ],
)
def test_no_role_and_two_roles_are_refused(roles: object) -> None:
    with pytest.raises(InvalidToken):
        ClaimMapping.of("role=roles", None).actor({"sub": "x", "roles": roles})


def test_one_role_twice_is_one() -> None:
    assert ClaimMapping.of("role=roles", None).actor({"sub": "x", "roles": ["auditor", "auditor"]})


def test_a_path_through_what_is_no_object_finds_nothing() -> None:
    mapping = ClaimMapping.of("role=roles, lea=name.lea", None)
    actor = mapping.actor({"sub": "x", "roles": "auditor", "name": "Ada"})
    assert actor.lea is None


@pytest.mark.parametrize("text", ["x", "role=", "=roles", "role=a=b", "role=a,", "role=a,role=b", "realm=a"])
def test_a_mapping_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        ClaimMapping.of(text, None)
