"""Every refusal code of the contract, section 4, and a story by REST that ends in it; a hole fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.appeals.domain.values import KnownCase
from shared.kernel.actor import Actor
from tests.support.appeals.service import Service
from tests.support.appeals.states import (
    ADMINISTRATOR,
    CALTAC,
    CDE,
    CHEATING,
    FIRE_DRILL,
    ILLNESS,
    LEA_COORDINATOR,
    SITE_COORDINATOR,
    STUDENT,
    WRONG_SETTINGS,
    a_case,
)
from tests.support.http.tokens import bearer

CONTRACT = {
    "case_not_submitted": 409, "case_not_known_yet": 409, "appeal_type_not_offered": 409,
    "grace_period_not_for_this_part": 409, "not_a_disruption": 409, "test_not_closed": 409,
    "already_invalidated": 409, "restore_through_caltac": 403, "window_closed": 409, "not_withdrawable": 409,
    "already_decided": 409, "reason_required": 422, "forbidden": 403, "duplicate_appeal": 409,
}  # fmt: skip
BESIDE_THE_CONTRACT = {  # of section 3: the same choice of an LEA, the same code
    "filing_protocol_lea_only": 403,
}

CLOSED = replace(CHEATING, window_closes_on=date(2019, 4, 1))
CHEATED_ON_THE_PT = replace(a_case("student_cheating", "invalidate", test="sb_ela_pt", number=9))
THE_LEA_FILES = replace(a_case("student_cheating", "invalidate", number=12), lea_files=True)
LAST = "{last}"  # the id of the appeal that the step before made

Step = tuple[str, dict[str, Any], Actor]


def asks(
    case: KnownCase | str,
    appeal_type: str,
    state: str = "started",
    by: Actor = LEA_COORDINATOR,
    **event: object,
) -> Step:
    number = case if isinstance(case, str) else case.case_number
    student = {"student_ref": STUDENT, "event_state": state, **event}
    return "/v1/appeals", {"case_number": number, "appeal_type": appeal_type, "students": [student]}, by


def does(deed: str, by: Actor, **body: str) -> Step:
    return f"/v1/appeals/{LAST}/{deed}", body, by


STORIES: dict[str, list[Step]] = {
    "case_not_submitted": [asks(str(CHEATING.incident_id), "invalidate")],
    "case_not_known_yet": [asks("2018-19-999999", "invalidate")],
    "appeal_type_not_offered": [asks(CHEATING, "reset")],
    "grace_period_not_for_this_part": [
        asks(FIRE_DRILL, "grace_period_extension", "paused", minutes_paused=35, part="pt")
    ],
    "not_a_disruption": [asks(CHEATING, "grace_period_extension", "paused", minutes_paused=35, part="cat")],
    "test_not_closed": [asks(ILLNESS, "re_open", "paused")],
    "already_invalidated": [asks(CHEATED_ON_THE_PT, "invalidate"), asks(ILLNESS, "re_open", "expired")],
    "restore_through_caltac": [asks(CHEATING, "restore", "reset")],
    "window_closed": [asks(CLOSED, "invalidate")],
    "not_withdrawable": [asks(WRONG_SETTINGS, "reset"), does("withdraw", LEA_COORDINATOR)],
    "already_decided": [
        asks(CHEATING, "invalidate"),
        does("approve", CDE),
        does("deny", CDE, reason="The wrong student."),
    ],
    "reason_required": [asks(CHEATING, "invalidate"), does("deny", CDE)],
    "forbidden": [asks(CHEATING, "invalidate", by=ADMINISTRATOR)],
    "filing_protocol_lea_only": [asks(THE_LEA_FILES, "invalidate", by=SITE_COORDINATOR)],
    "duplicate_appeal": [asks(CHEATING, "invalidate"), asks(CHEATING, "invalidate")],
}


def test_every_code_of_the_contract_has_its_story() -> None:
    assert set(STORIES) == set(CONTRACT) | set(BESIDE_THE_CONTRACT)


@pytest.mark.parametrize("code", STORIES)
async def test_a_story_ends_in_its_refusal_and_stores_nothing_more(code: str) -> None:
    known = [CLOSED] if code == "window_closed" else [CHEATING]
    service = Service(*known, FIRE_DRILL, ILLNESS, WRONG_SETTINGS, CHEATED_ON_THE_PT, THE_LEA_FILES)
    last = ""
    async with service.client() as http:
        for path, body, by in STORIES[code]:
            stored = len(service.store.rows)
            answer = await http.post(path.replace(LAST, last), json=body, headers=bearer(by))
            last = answer.json().get("appeals", [{"id": last}])[0]["id"]
    status = {**CONTRACT, **BESIDE_THE_CONTRACT}[code]
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(service.store.rows) == stored


async def test_caltac_may_do_what_the_refusal_sends_others_to_them_for() -> None:
    case = a_case("test_reset_in_error", "restore", number=11)
    service = Service(case)
    path, body, by = asks(case, "restore", "reset", by=CALTAC)
    async with service.client() as http:
        made = await http.post(path, json=body, headers=bearer(by))
    assert made.status_code == 201, made.text
