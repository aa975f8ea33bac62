from __future__ import annotations

import httpx
import pytest

from tests.support.http.problems import expect_problem

NOTICE: dict[str, object] = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}


@pytest.fixture
async def address(http: httpx.AsyncClient) -> str:
    made = await http.post("/v1/notices", json=NOTICE)
    assert made.headers["etag"] == '"1"'
    return str(made.headers["location"])


async def test_a_single_resource_tells_its_version(http: httpx.AsyncClient, address: str) -> None:
    answer = await http.get(address)
    assert (answer.headers["etag"], answer.json()["version"]) == ('"1"', 1)


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", ' "1" '])
async def test_the_present_version_may_be_changed(http: httpx.AsyncClient, address: str, tag: str) -> None:
    answer = await http.post(f"{address}/withdraw", headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize("tag", ['"0"', '"2"', '"999999999"', '"99999999999999999999"', '"abc"', '""'])
async def test_any_other_version_is_stale(http: httpx.AsyncClient, address: str, tag: str) -> None:
    answer = await http.post(f"{address}/withdraw", headers={"If-Match": tag})
    expect_problem(answer, 412, "version_conflict")


@pytest.mark.parametrize("tag", ["1", "", '"1', "w/1", '"1", "2"', '"1" "2"', "W/*"])
async def test_what_is_no_entity_tag_is_malformed(http: httpx.AsyncClient, address: str, tag: str) -> None:
    answer = await http.post(f"{address}/withdraw", headers={"If-Match": tag})
    expect_problem(answer, 400, "malformed_precondition")


async def test_of_two_preconditions_none_is_chosen(http: httpx.AsyncClient, address: str) -> None:
    two = [("If-Match", '"1"'), ("If-Match", '"2"')]
    answer = await http.post(f"{address}/withdraw", headers=two)
    expect_problem(answer, 400, "malformed_precondition")
