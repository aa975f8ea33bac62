"""Mail domains: who sets them, which addresses lie in them, and how many may lie elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.notifications.domain.errors import TooManyDomains, UnusableCds
from services.notifications.domain.mail_domains import MOST_DOMAINS, MailDomains, is_verified
from shared.kernel.actor import Actor
from tests.support.http.problems import expect_problem, issues_of
from tests.support.http.tokens import (
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    bearer,
)
from tests.support.notifications.service import Service

DIRECTORY, SCHOOLS = f"/v1/directory/{LEA}", f"/v1/directory/{SCHOOL}"


def crowd(domain: str, count: int) -> list[dict[str, str]]:
    return [
        {"role": "lea_coordinator", "name": f"Lee {n}", "email": f"lee{n}@{domain}"} for n in range(count)
    ]


@pytest.mark.parametrize(
    ("email", "verified"),
    [
        ("lee@lea.example.org", True),
        ("lee@LEA.Example.ORG", True),
        ("lee@mail.lea.example.org", True),
        ("lee@evillea.example.org", False),
        ("lee@lea.example.org.evil.example", False),
        ("lee@example.org", False),
        ("lea.example.org@evil.example", False),
    ],
)
def test_an_address_lies_in_a_domain_or_below_it(email: str, verified: bool) -> None:
    assert is_verified(email, ["lea.example.org"]) is verified


async def test_domains_are_set_by_caltac_and_read_in_scope() -> None:
    async with Service().client() as http:
        put = await http.put(
            f"{DIRECTORY}/mail-domains",
            json={"domains": ["LEA.example.org ", "lea.example.org", "b.example.org"]},
            headers=bearer(CALTAC_AGENT),
        )
        got = await http.get(f"{DIRECTORY}/mail-domains", headers=bearer(LEA_COORDINATOR))
        again = await http.put(
            f"{DIRECTORY}/mail-domains", json={"domains": []}, headers=bearer(CALTAC_AGENT)
        )
        others = await http.get(f"{DIRECTORY}/mail-domains", headers=bearer(OTHER_LEA_COORDINATOR))
    assert (put.status_code, put.headers["location"]) == (201, f"{DIRECTORY}/mail-domains")
    assert put.json()["domains"] == ["b.example.org", "lea.example.org"]
    assert got.json() == put.json()
    assert (again.status_code, again.headers["etag"], again.json()["domains"]) == (200, '"2"', [])
    expect_problem(others, 404, "not_found")


@pytest.mark.parametrize("actor", [LEA_COORDINATOR, SITE_COORDINATOR, CDE_REVIEWER])
async def test_nobody_else_sets_domains(actor: Actor) -> None:
    async with Service().client() as http:
        put = await http.put(
            f"{DIRECTORY}/mail-domains",
            json={"domains": ["evil.example"]},
            headers=bearer(actor),
        )
    expect_problem(put, 403, "forbidden")


@pytest.mark.parametrize(
    ("domains", "code"),
    [
        (["lea"], "invalid_domain"),
        (["lee@lea.example.org"], "invalid_domain"),
        (["-lea.example.org"], "invalid_domain"),
        (["*.example.org"], "invalid_domain"),
        (["lea..org"], "invalid_domain"),
        (["schüle.example.org"], "invalid_domain"),
        (["x." + "a" * 300 + ".org"], "invalid_domain"),
        (["a8391045527.example.org"], "ssid_in_text"),
        ([f"d{n}.example.org" for n in range(21)], "validation_failed"),
    ],
)
async def test_what_is_no_mail_domain_is_refused_where_it_stands(domains: list[str], code: str) -> None:
    async with Service().client() as http:
        put = await http.put(
            f"{DIRECTORY}/mail-domains", json={"domains": domains}, headers=bearer(CALTAC_AGENT)
        )
    assert (put.status_code, put.json()["code"]) == (422, code)


def test_the_list_itself_takes_no_other_code_and_no_more_domains() -> None:
    said: dict[str, Any] = {"actor": {"sub": "caltac-1"}, "at": datetime(2019, 4, 12, tzinfo=UTC)}
    with pytest.raises(UnusableCds):
        MailDomains.open("123", [], **said)
    with pytest.raises(TooManyDomains):
        MailDomains.open(LEA, [f"d{n}.example.org" for n in range(MOST_DOMAINS + 1)], **said)


async def test_addresses_elsewhere_are_taken_and_shown_as_unverified() -> None:
    people = [*crowd("lea.example.org", 2), *crowd("elsewhere.example", 1)]
    async with Service().client() as http:
        before = await http.put(DIRECTORY, json={"contacts": people}, headers=bearer(LEA_COORDINATOR))
        await http.put(
            f"{DIRECTORY}/mail-domains",
            json={"domains": ["lea.example.org"]},
            headers=bearer(CALTAC_AGENT),
        )
        after = await http.get(DIRECTORY, headers=bearer(LEA_COORDINATOR))
    assert len(before.json()["unverified"]) == 3
    assert after.json()["contacts"] == people
    assert after.json()["unverified"] == ["lee0@elsewhere.example"]


async def test_the_domains_of_an_lea_hold_for_its_schools_beside_their_own() -> None:
    people = [*crowd("lea.example.org", 1), *crowd("school.example", 1), *crowd("elsewhere.example", 1)]
    async with Service().client() as http:
        for place, domain in ((DIRECTORY, "lea.example.org"), (SCHOOLS, "school.example")):
            await http.put(f"{place}/mail-domains", json={"domains": [domain]}, headers=bearer(CALTAC_AGENT))
        put = await http.put(SCHOOLS, json={"contacts": people}, headers=bearer(LEA_COORDINATOR))
    assert put.json()["unverified"] == ["lee0@elsewhere.example"]


async def test_only_some_addresses_may_lie_elsewhere_once_domains_are_set() -> None:
    async with Service().client() as http:
        many = {"contacts": crowd("elsewhere.example", 21)}
        before = await http.put(DIRECTORY, json=many, headers=bearer(LEA_COORDINATOR))
        await http.put(
            f"{DIRECTORY}/mail-domains",
            json={"domains": ["lea.example.org"]},
            headers=bearer(CALTAC_AGENT),
        )
        after = await http.put(DIRECTORY, json=many, headers=bearer(LEA_COORDINATOR))
        some = {"contacts": [*crowd("elsewhere.example", 20), *crowd("lea.example.org", 30)]}
        fewer = await http.put(DIRECTORY, json=some, headers=bearer(LEA_COORDINATOR))
    assert (before.status_code, fewer.status_code) == (201, 200)
    assert len(issues_of(expect_problem(after, 422, "too_many_unverified"))) == 21
