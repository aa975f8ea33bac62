"""Answers about cases that are kept under an idempotency key: whose they are, and what of SSIDs they show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.kernel.actor import Actor, Role
from tests.support.http.tokens import (
    CALTAC_AGENT,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import FIRST, SECOND, cheating, swapped_logons

KEY = {"Idempotency-Key": "k-1"}
MINE = {**bearer(LEA_COORDINATOR), **KEY}
BODIES = [cheating(), swapped_logons()]


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.mark.parametrize("body", BODIES, ids=["a list", "pairs in details"])
async def test_what_is_kept_holds_no_part_of_an_ssid(api: Api, body: dict[str, object]) -> None:
    first = await api.http.post("/v1/incidents", json=body, headers=MINE)
    (kept,) = api.store.receipts.values()
    assert (FIRST[-4:] in first.text, FIRST[-4:].encode() in kept.body) == (True, False)
    again = await api.http.post("/v1/incidents", json=body, headers=MINE)
    assert (again.content, again.headers["etag"], again.headers["location"]) == (
        first.content,
        first.headers["etag"],
        first.headers["location"],
    )


@pytest.mark.parametrize("body", BODIES, ids=["a list", "pairs in details"])
async def test_a_student_whose_key_is_gone_has_no_mask_in_a_kept_answer(
    api: Api, body: dict[str, object]
) -> None:
    await api.http.post("/v1/incidents", json=body, headers=MINE)
    api.vault.destroy(FIRST)
    again = await api.http.post("/v1/incidents", json=body, headers=MINE)
    assert again.headers["idempotency-replayed"] == "true"
    assert (FIRST[-4:] in again.text, SECOND[-4:] in again.text) == (False, True)


async def test_a_receipt_of_before_that_holds_masks_is_shown_with_those_of_now(api: Api) -> None:
    await api.http.post("/v1/incidents", json=cheating(), headers=MINE)
    ((place, kept),) = api.store.receipts.items()
    before = kept.body.replace(b'"ssid_masked":null', f'"ssid_masked":"******{FIRST[-4:]}"'.encode())
    assert before != kept.body
    api.store.receipts[place] = replace(kept, body=before)
    api.vault.destroy(FIRST)
    again = await api.http.post("/v1/incidents", json=cheating(), headers=MINE)
    assert [student["ssid_masked"] for student in again.json()["students"]] == [None, f"******{SECOND[-4:]}"]


LOST = {
    "another LEA": (replace(OTHER_LEA_COORDINATOR, sub=LEA_COORDINATOR.sub), 404),
    "gives tests now": (replace(LEA_COORDINATOR, role=Role.TEST_ADMINISTRATOR, school="19647336012345"), 403),
    "only watches now": (replace(LEA_COORDINATOR, role=Role.AUDITOR), 403),
}


@pytest.mark.parametrize(("now", "status"), LOST.values(), ids=LOST)
async def test_who_has_lost_the_right_gets_no_answer_of_before(api: Api, now: Actor, status: int) -> None:
    url = (await api.http.post("/v1/incidents", json=cheating(), headers=bearer(LEA_COORDINATOR))).headers[
        "location"
    ]
    first = await api.http.post(f"{url}/submit", headers=MINE)
    assert first.status_code == 200, first.text
    again = await api.http.post(f"{url}/submit", headers={**bearer(now), **KEY})
    assert (again.status_code, first.json()["case_number"] in again.text) == (status, False)


async def test_a_draft_that_was_deleted_since_is_not_answered_again(api: Api) -> None:
    first = await api.http.post("/v1/incidents", json=cheating(), headers=MINE)
    await api.http.delete(first.headers["location"], headers=bearer(CALTAC_AGENT))
    again = await api.http.post("/v1/incidents", json=cheating(), headers=MINE)
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert api.facts() == ["Drafted", "DraftDeleted"]
