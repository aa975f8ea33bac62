"""Who may do what: the page is of the rows that guards read, and the services answer as §3.3 says.

The expected matrix is written down from the domain document, row by row; never from the code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.appeals.application import searches as appeal_searches
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.errors import NotForThisRole
from services.appeals.domain.permissions import require_decider
from services.appeals.domain.values import AppealType
from services.incidents.application import searches as incident_searches
from services.incidents.domain.permissions import PERMISSIONS, IncidentAct
from services.notifications.application import reading as message_reads
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Forbidden
from tests.rules.permissions import PAGE, page
from tests.support.appeals import states as appeal_states
from tests.support.appeals.service import Service
from tests.support.appeals.states import (
    CHEATING,
    MISSING_SUPPORT,
    RESET_IN_ERROR,
    STARTED,
    STUDENT,
    WAS_RESET,
)
from tests.support.http.tokens import (
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
    TEST_EXAMINER,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import changed_answers, charts_on_walls
from tests.support.incidents.states import LIBRARY

TA, SITE, LEA, CALTAC, CDE = "TA/TE", "Site coord.", "LEA coord.", "CalTAC", "CDE"

FILERS = {SITE, LEA, CALTAC}

MATRIX: dict[str, set[str]] = {
    "Report a concern upward": {TA, SITE, LEA},
    "Create / edit / delete draft case": FILERS,
    "Submit case: impropriety, irregularity": FILERS,
    "Submit case: breach, the phone call is not recorded": {LEA, CALTAC},
    "Submit case: breach, the phone call is recorded": FILERS,
    "Record the breach phone call": {LEA, CALTAC, CDE},
    "File reset / re-open / invalidate / GPE appeal": FILERS,
    "File restore": {CALTAC},
    "Withdraw a pending appeal": {SITE, LEA},
    "Decide invalidate": {CDE},
    "Decide GPE": {CDE},
    "Decide re-open": {CALTAC},
    "Decide restore": {CALTAC},
    "Decide ordinary reset": {CALTAC},
    "Decide reset under incorrect_test_settings": {CDE},
    "Flag additional action required on a case": {CALTAC, CDE},
    "Search / view cases": {SITE, LEA, CALTAC, CDE},
    "Search / view appeals": {SITE, LEA, CALTAC, CDE},
    "Case notes": {SITE, LEA, CALTAC, CDE},
}

PEOPLE: dict[str, tuple[Actor, ...]] = {
    TA: (TEST_ADMINISTRATOR, TEST_EXAMINER),
    SITE: (SITE_COORDINATOR,),
    LEA: (LEA_COORDINATOR,),
    CALTAC: (CALTAC_AGENT,),
    CDE: (CDE_REVIEWER,),
}

IN_APPEALS: dict[str, tuple[Actor, ...]] = {
    TA: (
        appeal_states.ADMINISTRATOR,
        appeal_states.someone(Role.TEST_EXAMINER, lea=appeal_states.LEA, school=appeal_states.SCHOOL),
    ),
    SITE: (appeal_states.SITE_COORDINATOR,),
    LEA: (appeal_states.LEA_COORDINATOR,),
    CALTAC: (appeal_states.CALTAC,),
    CDE: (appeal_states.CDE,),
}

CALL = {"called": "cde", "called_at": "2019-04-12T11:00:00-07:00"}

Asks = Callable[[Actor], Awaitable[httpx.Response]]


async def concern(by: Actor) -> httpx.Response:
    return await Api().http.post("/v1/concerns", json={"text": "Seen.", "school": SCHOOL}, headers=bearer(by))


async def draft(by: Actor) -> httpx.Response:
    return await Api().http.post("/v1/incidents", json=charts_on_walls(), headers=bearer(by))


async def edit(by: Actor) -> httpx.Response:
    api = Api()
    return await api.http.patch(await drafted(api), json={"narrative": "More."}, headers=bearer(by))


async def delete(by: Actor) -> httpx.Response:
    api = Api()
    return await api.http.delete(await drafted(api), headers=bearer(by))


async def submit(by: Actor) -> httpx.Response:
    api = Api()
    return await api.http.post(f"{await drafted(api)}/submit", headers=bearer(by))


async def submit_uncalled_breach(by: Actor) -> httpx.Response:
    api = Api()
    return await api.http.post(f"{await drafted(api, changed_answers())}/submit", headers=bearer(by))


async def submit_called_breach(by: Actor) -> httpx.Response:
    api = Api()
    url = await drafted(api, changed_answers())
    await api.http.post(f"{url}/breach-calls", json=CALL, headers=bearer(LEA_COORDINATOR))
    return await api.http.post(f"{url}/submit", headers=bearer(by))


async def record_call(by: Actor) -> httpx.Response:
    api = Api()
    url = await drafted(api, changed_answers())
    return await api.http.post(f"{url}/breach-calls", json=CALL, headers=bearer(by))


async def ask_for_more(by: Actor) -> httpx.Response:
    api = Api()
    url = await submitted(api)
    return await api.http.post(f"{url}/additional-action", json={"text": "Train them."}, headers=bearer(by))


async def note(by: Actor) -> httpx.Response:
    api = Api()
    return await api.http.post(f"{await submitted(api)}/notes", json={"text": "Room 14."}, headers=bearer(by))


async def read_notes(by: Actor) -> httpx.Response:
    api = Api()
    return await api.http.get(f"{await submitted(api)}/notes", headers=bearer(by))


async def view_case(by: Actor) -> httpx.Response:
    api = Api()
    return await api.http.get(await submitted(api), headers=bearer(by))


async def search_cases(by: Actor) -> httpx.Response:
    return await Api().http.get("/v1/incidents", headers=bearer(by))


async def search_cases_by_body(by: Actor) -> httpx.Response:
    return await Api().http.post("/v1/incidents/search", json={}, headers=bearer(by))


async def file_invalidate(by: Actor) -> httpx.Response:
    return await file(by, "invalidate", "started")


async def file_restore(by: Actor) -> httpx.Response:
    return await file(by, "restore", "reset", RESET_IN_ERROR)


async def withdraw(by: Actor) -> httpx.Response:
    service, appeal_id = await filed()
    return await asked(service, "POST", f"/v1/appeals/{appeal_id}/withdraw", by)


async def deny(by: Actor) -> httpx.Response:
    service, appeal_id = await filed()
    return await asked(service, "POST", f"/v1/appeals/{appeal_id}/deny", by, {"reason": "No."})


async def view_appeal(by: Actor) -> httpx.Response:
    service, appeal_id = await filed()
    return await asked(service, "GET", f"/v1/appeals/{appeal_id}", by)


async def search_appeals(by: Actor) -> httpx.Response:
    return await asked(Service(CHEATING), "GET", "/v1/appeals", by)


async def drafted(api: Api, body: dict[str, Any] | None = None) -> str:
    """A draft, begun by the site coordinator, of whose school it is."""
    made = await api.http.post(
        "/v1/incidents", json=body or charts_on_walls(), headers=bearer(SITE_COORDINATOR)
    )
    return str(made.headers["location"])


async def submitted(api: Api) -> str:
    url = await drafted(api)
    await api.http.post(f"{url}/submit", headers=bearer(SITE_COORDINATOR))
    return url


async def asked(
    service: Service, method: str, path: str, by: Actor, body: dict[str, Any] | None = None
) -> httpx.Response:
    async with service.client() as http:
        return await http.request(method, path, json=body, headers=bearer(by))


async def file(by: Actor, appeal_type: str, state: str, case: Any = CHEATING) -> httpx.Response:  # noqa: ANN401 - a known case
    student = {"student_ref": STUDENT, "event_state": state}
    body = {"case_number": case.case_number, "appeal_type": appeal_type, "students": [student]}
    return await asked(Service(case), "POST", "/v1/appeals", by, body)


async def filed() -> tuple[Service, str]:
    """An appeal of the site coordinator's that waits for the CDE."""
    service = Service(CHEATING)
    student = {"student_ref": STUDENT, "event_state": "started"}
    body = {"case_number": CHEATING.case_number, "appeal_type": "invalidate", "students": [student]}
    made = await asked(service, "POST", "/v1/appeals", appeal_states.SITE_COORDINATOR, body)
    return service, made.json()["appeals"][0]["id"]


@pytest.mark.parametrize(
    ("row", "asks", "people"),
    [
        ("Report a concern upward", concern, PEOPLE),
        ("Create / edit / delete draft case", draft, PEOPLE),
        ("Create / edit / delete draft case", edit, PEOPLE),
        ("Create / edit / delete draft case", delete, PEOPLE),
        ("Submit case: impropriety, irregularity", submit, PEOPLE),
        ("Submit case: breach, the phone call is not recorded", submit_uncalled_breach, PEOPLE),
        ("Submit case: breach, the phone call is recorded", submit_called_breach, PEOPLE),
        ("Record the breach phone call", record_call, PEOPLE),
        ("Flag additional action required on a case", ask_for_more, PEOPLE),
        ("Search / view cases", search_cases, PEOPLE),
        ("Search / view cases", search_cases_by_body, PEOPLE),
        ("Search / view cases", view_case, PEOPLE),
        ("Case notes", note, PEOPLE),
        ("Case notes", read_notes, PEOPLE),
        ("File reset / re-open / invalidate / GPE appeal", file_invalidate, IN_APPEALS),
        ("File restore", file_restore, IN_APPEALS),
        ("Withdraw a pending appeal", withdraw, IN_APPEALS),
        ("Decide invalidate", deny, IN_APPEALS),
        ("Search / view appeals", view_appeal, IN_APPEALS),
        ("Search / view appeals", search_appeals, IN_APPEALS),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_the_services_answer_as_the_matrix_says(
    row: str, asks: Asks, people: dict[str, tuple[Actor, ...]]
) -> None:
    may, codes = set(), set()
    for column, actors in people.items():
        answers = [await asks(actor) for actor in actors]
        if all(answer.is_success for answer in answers):
            may.add(column)
        else:
            codes |= {answer.json()["code"] for answer in answers}
    assert may == MATRIX[row]
    assert codes <= {"forbidden", "restore_through_caltac", "breach_call_required"}


@pytest.mark.parametrize(
    ("row", "appeal"),
    [
        ("Decide invalidate", appeal_states.an_invalidation()),
        ("Decide GPE", appeal_states.an_extension()),
        ("Decide re-open", appeal_states.a_re_open()),
        (
            "Decide restore",
            appeal_states.requested(RESET_IN_ERROR, AppealType.RESTORE, WAS_RESET, by=appeal_states.CALTAC),
        ),
        ("Decide ordinary reset", appeal_states.requested(MISSING_SUPPORT, AppealType.RESET, STARTED)),
        ("Decide reset under incorrect_test_settings", appeal_states.a_settings_reset()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_appeal_is_decided_by_the_desk_of_the_matrix(row: str, appeal: Appeal) -> None:
    may = {column for column, actors in IN_APPEALS.items() if all(decides(actor, appeal) for actor in actors)}
    assert may == MATRIX[row]


def decides(actor: Actor, appeal: Appeal) -> bool:
    try:
        require_decider(actor, appeal)
    except NotForThisRole:
        return False
    return True


class Watched:
    """A list of deadlines that remembers who asked it."""

    def __init__(self) -> None:
        self.asked: list[Actor] = []

    async def find(self, wanted: str, actor: Actor, *, after: object, limit: int) -> list[dict[str, Any]]:
        self.asked.append(actor)
        return [{"wanted": wanted, "after": after, "limit": limit}]


@pytest.mark.parametrize(
    "searches",
    [incident_searches.DeadlinesOfCases, appeal_searches.DeadlinesOfAppeals, message_reads.DeadlinesOfMails],
    ids=["incidents", "appeals", "notifications"],
)
async def test_deadlines_are_for_who_sees_what_they_are_about(searches: type[Any]) -> None:
    rows = Watched()
    search = searches(rows)
    for refused in (TEST_ADMINISTRATOR, TEST_EXAMINER):
        with pytest.raises(Forbidden):
            await search.find("overdue", refused, after=None, limit=5)
    assert rows.asked == []
    found = await search.find("overdue", SITE_COORDINATOR, after=None, limit=5)
    assert (found, rows.asked) == ([{"wanted": "overdue", "after": None, "limit": 5}], [SITE_COORDINATOR])


def test_the_page_is_of_the_rows_that_the_guards_read() -> None:
    assert PAGE.read_text() == page(), "make permissions"


def test_the_row_of_the_breach_call_is_that_of_the_year_of_the_manual() -> None:
    assert PERMISSIONS[IncidentAct.RECORD_BREACH_CALL].roles == LIBRARY.for_year("2018-19").breach_callers


GUARDED = [
    path
    for room in ("domain", "application", "read_model", "api")
    for path in sorted(Path("services").glob(f"*/{room}/*.py"))
]


@pytest.mark.parametrize("path", GUARDED, ids=str)
def test_what_raises_is_called_require(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    old = re.compile(r"_?(may|check|refuse|sees|forbid|ensure)_")
    assert [each.name for each in functions if old.match(each.name) and returns_nothing(each)] == []


@pytest.mark.parametrize("path", [path for path in GUARDED if path.name == "permissions.py"], ids=str)
def test_a_guard_says_what_it_raises_and_a_predicate_raises_nothing(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            kind = re.match(r"require_|is_|can_", node.name)
            assert kind, node.name
            assert (kind[0] == "require_") is (":raises " in (ast.get_docstring(node) or "")), node.name
            assert (kind[0] == "require_") is returns_nothing(node), node.name


def returns_nothing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return isinstance(function.returns, ast.Constant) and function.returns.value is None
