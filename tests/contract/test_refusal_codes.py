"""Every refusal code of the contract, section 3, and a request that provokes it by REST; a hole fails.

The codes are written down here because the contract promises them, whatever the code's own classes say.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from services.incidents.domain import errors
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal
from tests.support.http.tokens import LEA, LEA_COORDINATOR, SITE_COORDINATOR, TEST_ADMINISTRATOR, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import (
    FIRST,
    a_body,
    changed_answers,
    charts_on_walls,
    cheating,
)
from tests.support.incidents.student_files import a_csv, drawn, ssids

CONTRACT = {
    "not_summative": 422, "not_reportable": 422, "unlisted_incident": 422, "contact_caltac": 422,
    "missing_details": 422, "ssids_required": 422, "student_count_mismatch": 422, "invalid_ssid": 422,
    "duplicate_ssid": 422, "too_many_students": 422, "only_ssids_allowed": 422, "upload_too_small": 422,
    "upload_too_large": 413, "breach_call_required": 409, "wrong_call_destination": 422,
    "reporting_closed": 409, "not_a_draft": 409, "discovered_before_occurred": 422, "in_the_future": 422,
    "forbidden": 403, "filing_protocol_lea_only": 403,
}  # fmt: skip
BESIDE_THE_CONTRACT = {  # added since; a client that knows the contract alone treats them by their status
    "unknown_incident_type": 422, "invalid_report": 422, "ssid_in_text": 422, "upload_unreadable": 422,
    "case_not_submitted": 409, "upload_hidden_rows": 422, "rate_limited": 429,
}  # fmt: skip

Provoke = Callable[[Api], Awaitable[httpx.Response]]


def filing(body: dict[str, Any], by: Actor = LEA_COORDINATOR) -> Provoke:
    """Refused at once."""

    async def provoke(api: Api) -> httpx.Response:
        return await api.http.post("/v1/incidents", json=body, headers=bearer(by))

    return provoke


def submitting(body: dict[str, Any], by: Actor = LEA_COORDINATOR, times: int = 1) -> Provoke:
    """Refused at submission."""

    async def provoke(api: Api) -> httpx.Response:
        draft = await filing(body, by)(api)
        for _ in range(times):
            answer = await api.http.post(f"{draft.headers['location']}/submit", headers=bearer(by))
        return answer

    return provoke


def uploading(content: bytes, **changes: object) -> Provoke:
    """Refused as a file."""

    async def provoke(api: Api) -> httpx.Response:
        draft = await filing(cheating(ssids=None, **{"student_count": None, **changes}))(api)
        url, files = f"{draft.headers['location']}/students/upload", {"file": ("s.csv", content)}
        return await api.http.post(url, files=files, headers=bearer(LEA_COORDINATOR))

    return provoke


async def phoning_the_wrong_desk(api: Api) -> httpx.Response:
    draft = await filing(changed_answers())(api)
    call = {"called": "caltac", "called_at": "2019-04-12T18:00:00Z"}
    url = f"{draft.headers['location']}/breach-calls"
    return await api.http.post(url, json=call, headers=bearer(LEA_COORDINATOR))


async def submitting_after_the_window(api: Api) -> httpx.Response:
    window = {"opens_on": "2019-03-01", "closes_on": "2019-04-04"}
    url = f"/v1/testing-windows/{LEA}/2018-19"
    await api.http.put(url, json=window, headers=bearer(LEA_COORDINATOR))
    return await submitting(charts_on_walls())(api)


async def filing_where_the_lea_files(api: Api) -> httpx.Response:
    url, body = f"/v1/filing-protocol/{LEA}", {"filing_protocol": "lea_only"}
    await api.http.put(url, json=body, headers=bearer(LEA_COORDINATOR))
    return await filing(charts_on_walls(), SITE_COORDINATOR)(api)


async def noting_on_a_draft(api: Api) -> httpx.Response:
    draft = await filing(charts_on_walls())(api)
    url = f"{draft.headers['location']}/notes"
    return await api.http.post(url, json={"text": "No."}, headers=bearer(LEA_COORDINATOR))


async def naming_too_many_new_students(api: Api) -> httpx.Response:
    api.vault.takes_new_ones = False
    return await filing(cheating())(api)


def hiding_rows() -> bytes:
    def draw(sheet: Any) -> None:  # noqa: ANN401 - the library has no types
        for at, ssid in enumerate(ssids(12)):
            sheet.write(at, 0, ssid)
        sheet.set_row(3, options={"hidden": True})

    return drawn(draw)


PROVOKED: dict[str, Provoke] = {
    "not_summative": filing(charts_on_walls(assessment_kind="interim")),
    "not_reportable": filing(a_body("lost_student_logon_information")),
    "unlisted_incident": filing(a_body("unlisted_incident")),
    "contact_caltac": filing(a_body("test_reset_in_error")),
    "missing_details": submitting(charts_on_walls(narrative=None)),
    "ssids_required": submitting(cheating(ssids=None)),
    "student_count_mismatch": submitting(cheating(student_count=3)),
    "invalid_ssid": filing(cheating(ssids=["839104552"])),
    "duplicate_ssid": filing(cheating(ssids=[FIRST, FIRST])),
    "too_many_students": filing(cheating(ssids=ssids(501))),
    "only_ssids_allowed": uploading(a_csv([f"{ssid},Ann" for ssid in ssids(12)])),
    "upload_too_small": uploading(a_csv(ssids(10))),
    "upload_too_large": uploading(a_csv(ssids(100_000))),
    "breach_call_required": submitting(changed_answers(), SITE_COORDINATOR),
    "wrong_call_destination": phoning_the_wrong_desk,
    "reporting_closed": submitting_after_the_window,
    "not_a_draft": submitting(charts_on_walls(), times=2),
    "discovered_before_occurred": filing(charts_on_walls(discovered_at="2019-04-12T09:59:59-07:00")),
    "in_the_future": filing(charts_on_walls(discovered_at="2019-04-13T19:05:00Z")),
    "forbidden": filing(charts_on_walls(), TEST_ADMINISTRATOR),
    "filing_protocol_lea_only": filing_where_the_lea_files,
    "unknown_incident_type": filing(a_body("alien_abduction")),
    "invalid_report": filing(charts_on_walls(test="sat")),
    "ssid_in_text": filing(cheating(narrative=f"It was {FIRST}.")),
    "upload_unreadable": uploading(b"\xff\xff" + a_csv(ssids(12))),
    "case_not_submitted": noting_on_a_draft,
    "upload_hidden_rows": uploading(hiding_rows()),
    "rate_limited": naming_too_many_new_students,
}


def test_every_code_of_the_contract_is_provoked_and_nothing_else_is() -> None:
    assert set(PROVOKED) == set(CONTRACT) | set(BESIDE_THE_CONTRACT)


def test_every_code_of_the_contract_has_a_class() -> None:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Refusal)]
    assert set(CONTRACT) <= {kind.code for kind in kinds}


@pytest.mark.parametrize("code", PROVOKED)
async def test_the_code_is_answered_as_a_problem_that_names_no_ssid(code: str) -> None:
    answer = await PROVOKED[code](Api())
    status = {**CONTRACT, **BESIDE_THE_CONTRACT}[code]
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert [ssid for ssid in (FIRST, *ssids(12)) if ssid in answer.text] == []
