"""Every operation has an example that its schema admits; what no other test calls is called here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from jsonschema import Draft202012Validator

from deploy.console.ports import SERVICES
from shared.http.readiness import Readiness
from shared.kernel.actor import Actor
from tests.support.appeals.service import Service as Appeals
from tests.support.appeals.states import CALTAC, CDE, CHEATING, SITE_COORDINATOR, STUDENT
from tests.support.contracts.openapi_documents import application, document
from tests.support.http.tokens import LEA_COORDINATOR, SYSTEM, authenticator, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import cheating
from tests.support.incidents.student_files import a_csv, ssids

Json = dict[str, Any]
AT = datetime(2019, 4, 12, 19, 0, tzinfo=UTC)
ROW = {
    "id": UUID(int=1), "version": 1, "clock": "K3", "title": "Report within 24 hours", "state": "running",
    "due_at": AT, "zone": "America/Los_Angeles", "case_number": "2018-19-000001", "lea": "1964733",
    "school": "19647336012345", "set_at": AT, "met_at": None, "late_by_seconds": None, "waived_at": None,
    "waived_because": None, "warnings": [], "retimings": [], "rulebook": "2018-19",
    "rulebook_version": "2018-19.1", "calendar_version": None, "noticed_at": None,
    "about": {"incident_id": str(UUID(int=2))},
}  # fmt: skip


class OneDeadline:
    """``Search`` and ``PublicEvents`` with one of each."""

    async def find(self, *_asked: object, **_how: object) -> list[Json]:
        return [ROW]

    async def page(self, after: int, _limit: int, _wait: float) -> Json:
        event = {"specversion": "1.0", "id": "1", "type": "stairs.incident.submitted.v1"}
        return {"items": [event], "next_after": after + 1}


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics", "/v1/deadlines", "/v1/changes"])
@pytest.mark.parametrize("service", SERVICES)
async def test_what_all_services_have_is_answered(service: str, address: str) -> None:
    by = bearer(SYSTEM if address == "/v1/changes" else LEA_COORDINATOR)
    async with _asking(service, Readiness()) as http:
        answer = await http.get(address, headers=by)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("service", SERVICES)
async def test_a_process_that_cannot_work_says_why(service: str) -> None:
    async def away() -> str:
        return "the database does not answer"

    async with _asking(service, Readiness(store=away)) as http:
        answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, {"store": "the database does not answer"})


async def test_a_file_of_students_is_taken_and_the_case_is_found() -> None:
    api, by = Api(), bearer(LEA_COORDINATOR)
    draft = await api.http.post("/v1/incidents", json=cheating(ssids=None, student_count=12), headers=by)
    listed = ssids(12)
    files = {"file": ("students.csv", a_csv(listed))}
    url = f"{draft.headers['location']}/students/upload"
    uploaded = await api.http.post(url, files=files, headers=by)
    assert (uploaded.status_code, len(uploaded.json()["students"])) == (200, 12)
    found = await api.http.post("/v1/incidents/search", json={"ssid": listed[0]}, headers=by)
    assert [item["id"] for item in found.json()["items"]] == [draft.json()["id"]]


async def test_an_approved_appeal_fails_is_resubmitted_and_executed() -> None:
    service = Appeals(CHEATING)
    async with service.client() as http:

        async def act(word: str, by: Actor, **words: str) -> str:
            answer = await http.post(f"/v1/appeals/{appeal}/{word}", json=words, headers=bearer(by))
            assert answer.status_code == 200, answer.text
            status: str = answer.json()["status"]
            return status

        appeal = await _requested(http)
        assert await act("approve", CDE) == "approved"
        assert await act("fail", CALTAC, reason="The test is not there.") == "processing_failed"
        assert await act("resubmit", CALTAC) == "approved"
        assert await act("process", CALTAC, comments="Done.") == "processed"


async def test_a_request_is_taken_back_with_a_reason() -> None:
    async with Appeals(CHEATING).client() as http:
        url, words = f"/v1/appeals/{await _requested(http)}/withdraw", {"reason": "It was another student."}
        answer = await http.post(url, json=words, headers=bearer(SITE_COORDINATOR))
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_and_every_answer_has_an_example(service: str) -> None:
    missing = [where for where, content in _contents(document(service)) if "example" not in content]
    assert missing == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_example_is_what_its_schema_says(service: str) -> None:
    made = document(service)
    wrong = []
    for where, content in _contents(made):
        schema = {**content["schema"], "components": made["components"]}
        checked = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        wrong += [f"{where}: {error.message}" for error in checked.iter_errors(content.get("example"))]
    assert wrong == []


async def _requested(http: httpx.AsyncClient) -> str:
    students = [{"student_ref": STUDENT, "event_state": "started"}]
    body = {"case_number": CHEATING.case_number, "appeal_type": "invalidate", "students": students}
    made = await http.post("/v1/appeals", json=body, headers=bearer(SITE_COORDINATOR))
    appeal: str = made.json()["appeals"][0]["id"]
    return appeal


def _asking(service: str, readiness: Readiness) -> httpx.AsyncClient:
    """A client of the application as it is served, over parts that answer at once."""
    app = application(service)
    app.state.deadlines = app.state.changes = OneDeadline()
    app.state.authenticator, app.state.readiness = authenticator(), readiness
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{service}")


def _contents(made: Json) -> Iterator[tuple[str, Json]]:
    """Every body and every answer that is no refusal."""
    for path, item in made["paths"].items():
        for method, operation in item.items():
            where = f"{method.upper()} {path}"
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{where} body", content
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    if kind != "application/problem+json":
                        yield f"{where} {status}", content
