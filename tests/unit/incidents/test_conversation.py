"""Notes, further action, concerns, the filing protocol (§3.2, §3.3, §6.2; HR-01; N6, N7, N11; E50)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from services.incidents.api import conversation
from services.incidents.domain.appeals import NotedAppeal
from services.incidents.domain.discussion import Discussion
from services.incidents.messaging.outbound import publish
from shared.contracts.incidents_v1 import (
    AdditionalActionRequired,
    ConcernRecorded,
    FilingProtocolSet,
    NoteAdded,
)
from shared.kernel.actor import Actor
from tests.support.http.tokens import (
    AUDITOR,
    CALTAC_AGENT,
    CDE_REVIEWER,
    EVERYBODY,
    LEA,
    LEA_COORDINATOR,
    NEIGHBOUR_SCHOOL,
    NEIGHBOUR_SITE_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
    TEST_EXAMINER,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import FIRST, charts_on_walls, cheating, swapped_logons
from tests.support.incidents.states import NOON, a_submitted_case
from tests.support.scenario import given

MINE, CDE = bearer(LEA_COORDINATOR), bearer(CDE_REVIEWER)
WORDS = "It was room 14, not room 12."


@pytest.fixture
def api() -> Api:
    return Api()


async def submitted(api: Api) -> str:
    url = (await api.http.post("/v1/incidents", json=charts_on_walls(), headers=MINE)).headers["location"]
    assert (await api.http.post(f"{url}/submit", headers=MINE)).status_code == 200
    return str(url)


def told(api: Api) -> list[object]:
    found = [publish(recorded.fact) for recorded in api.store.all_facts()]
    return [one for one in found if isinstance(one, NoteAdded | AdditionalActionRequired | ConcernRecorded)]


async def test_a_correction_after_submission_is_a_note(api: Api) -> None:
    url = await submitted(api)
    before = (await api.http.get(url, headers=MINE)).json()
    answer = await api.http.post(f"{url}/notes", json={"text": WORDS}, headers=MINE)
    assert answer.status_code == 201
    conversation.NoteResource.model_validate_json(answer.content)
    shown = (await api.http.get(f"{url}/notes", headers=CDE)).json()
    assert [(note["text"], note["author"]["sub"]) for note in shown["items"]] == [(WORDS, "lea-1")]
    assert (await api.http.get(url, headers=MINE)).json() == before
    history = (await api.http.get(f"{url}/history", headers=MINE)).json()["items"]
    assert [item["what"] for item in history] == ["drafted", "submitted", "note_added"]
    assert history[-1]["version"] is None
    assert WORDS not in str(history)


async def test_n6_a_note_is_told_without_its_words(api: Api) -> None:
    url = await submitted(api)
    await api.http.post(f"{url}/notes", json={"text": WORDS}, headers=CDE)
    (note,) = told(api)
    assert isinstance(note, NoteAdded)
    assert (note.key, note.case_number, note.lea) == (url.rpartition("/")[2], "2018-19-000001", LEA)
    assert (note.added_by.sub, note.case_submitted_by.sub) == ("cde-1", "lea-1")
    assert note.administration_year == "2018-19"
    assert WORDS not in note.model_dump_json()


async def desks_of_a_note(api: Api, url: str, by: Actor = LEA_COORDINATOR) -> tuple[str, ...]:
    await api.http.post(f"{url}/notes", json={"text": WORDS}, headers=bearer(by))
    note = told(api)[-1]
    assert isinstance(note, NoteAdded)
    return note.for_desks


async def test_n6_a_coordinators_note_concerns_caltac_or_whoever_asked_for_more(api: Api) -> None:
    url = await submitted(api)
    assert await desks_of_a_note(api, url) == ("caltac",)
    assert await desks_of_a_note(api, url, SITE_COORDINATOR) == ("caltac",)
    await api.http.post(f"{url}/additional-action", json={"text": "Train the staff."}, headers=CDE)
    assert await desks_of_a_note(api, url) == ("cde",)
    settled = {"text": "Done.", "required": False}
    await api.http.post(f"{url}/additional-action", json=settled, headers=bearer(CALTAC_AGENT))
    assert await desks_of_a_note(api, url) == ("caltac",)


async def test_n6_a_note_of_a_desk_concerns_no_desk(api: Api) -> None:
    url = await submitted(api)
    assert [await desks_of_a_note(api, url, desk) for desk in (CDE_REVIEWER, CALTAC_AGENT)] == [(), ()]


@pytest.mark.parametrize(
    ("body", "deciders", "desks"),
    [
        (cheating(), [], ["caltac"]),
        (cheating(), ["cde"], ["cde"]),
        (cheating(), ["caltac"], ["caltac"]),
        (cheating(), ["caltac", "cde"], ["caltac", "cde"]),
        (swapped_logons(), [], ["cde"]),
    ],
    ids=["nobody yet", "the CDE decides", "CalTAC decides", "both decide", "the CDE is waited for"],
)
def test_n6_a_note_concerns_whoever_decides_on_the_case_or_is_waited_for(
    body: dict[str, object], deciders: list[str], desks: list[str]
) -> None:
    case = a_submitted_case(body)
    for number, decider in enumerate(deciders):
        appeal = NotedAppeal(f"a{number}", f"A{number}", "invalidate", "stu", "denied", decider)
        case.note_appeal(appeal, SYSTEM, NOON)
    discussion = Discussion.open(case, LEA_COORDINATOR, NOON)
    discussion.add_note(case.id, WORDS, case, LEA_COORDINATOR, NOON)
    (note,) = [each for each in discussion.collect_events() if isinstance(each, Discussion.NoteAdded)]
    assert note.for_desks == desks


async def test_notes_at_the_same_moment_are_all_kept(api: Api) -> None:
    url = await submitted(api)
    notes = [api.http.post(f"{url}/notes", json={"text": f"Note {n}."}, headers=MINE) for n in range(3)]
    assert {answer.status_code for answer in await asyncio.gather(*notes)} == {201}
    shown = (await api.http.get(f"{url}/notes", headers=MINE)).json()["items"]
    assert sorted(note["text"] for note in shown) == ["Note 0.", "Note 1.", "Note 2."]


async def test_the_same_note_under_one_key_is_one_note(api: Api) -> None:
    url, keyed = await submitted(api), {**MINE, "Idempotency-Key": "n-1"}
    first = await api.http.post(f"{url}/notes", json={"text": WORDS}, headers=keyed)
    again = await api.http.post(f"{url}/notes", json={"text": WORDS}, headers=keyed)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert len(told(api)) == 1


@pytest.mark.parametrize("actor", EVERYBODY, ids=lambda actor: actor.sub)
async def test_who_writes_notes_and_who_asks_for_more(api: Api, actor: Actor) -> None:
    url = await submitted(api)
    note = await api.http.post(f"{url}/notes", json={"text": WORDS}, headers=bearer(actor))
    more = await api.http.post(f"{url}/additional-action", json={"text": WORDS}, headers=bearer(actor))
    writes = {LEA_COORDINATOR: 201, SITE_COORDINATOR: 201, CALTAC_AGENT: 201, CDE_REVIEWER: 201}
    foreign = {OTHER_LEA_COORDINATOR, NEIGHBOUR_SITE_COORDINATOR} | {
        a for a in EVERYBODY if a.sub == "site-3"
    }
    assert note.status_code == writes.get(actor, 404 if actor in foreign else 403)
    assert more.status_code == (200 if actor in (CALTAC_AGENT, CDE_REVIEWER) else 403)


async def test_n11_what_the_cde_asks_for_stands_on_the_case_until_it_is_settled(api: Api) -> None:
    url = await submitted(api)
    demand = {"text": "Train the staff of the school."}
    asked = await api.http.post(f"{url}/additional-action", json=demand, headers=CDE)
    again = await api.http.post(f"{url}/additional-action", json=demand, headers=CDE)
    assert (asked.status_code, asked.json()["additional_action"]) == (200, demand["text"])
    assert again.json() == asked.json()
    shown = (await api.http.get(url, headers=MINE)).json()
    assert (shown["additional_action"], shown["status"]) == (demand["text"], "submitted")
    (told_once,) = told(api)
    assert isinstance(told_once, AdditionalActionRequired)
    assert told_once.administration_year == "2018-19"
    assert demand["text"] not in told_once.model_dump_json()
    settled = {"text": "Done.", "required": False}
    await api.http.post(f"{url}/additional-action", json=settled, headers=bearer(CALTAC_AGENT))
    assert (await api.http.get(url, headers=MINE)).json()["additional_action"] is None
    assert len(told(api)) == 1


async def test_a_draft_has_no_notes_and_nothing_is_asked_of_it(api: Api) -> None:
    url = (await api.http.post("/v1/incidents", json=charts_on_walls(), headers=MINE)).headers["location"]
    for path, headers in (("notes", MINE), ("additional-action", CDE)):
        answer = await api.http.post(f"{url}/{path}", json={"text": WORDS}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "case_not_submitted")
    assert api.facts() == ["Drafted"]


@pytest.mark.parametrize("path", ["notes", "additional-action"])
async def test_what_is_said_holds_no_ssid_and_is_not_blank(api: Api, path: str) -> None:
    url = await submitted(api)
    for text, code in ((f"It was {FIRST}.", "ssid_in_text"), ("  ", "validation_failed")):
        answer = await api.http.post(f"{url}/{path}", json={"text": text}, headers=CDE)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert FIRST not in answer.text
    stale = {**CDE, "If-Match": '"1"'}
    answer = await api.http.post(f"{url}/{path}", json={"text": WORDS}, headers=stale)
    assert (answer.status_code, answer.json()["code"]) == (412, "version_conflict")
    assert told(api) == []


@pytest.mark.parametrize("actor", [TEST_ADMINISTRATOR, TEST_EXAMINER, SITE_COORDINATOR], ids=lambda a: a.role)
async def test_e50_n7_who_may_not_file_a_case_tells_a_concern(api: Api, actor: Actor) -> None:
    mine = bearer(actor)
    if actor is not SITE_COORDINATOR:
        filed = await api.http.post("/v1/incidents", json=charts_on_walls(), headers=mine)
        assert (filed.status_code, "/v1/concerns" in filed.json()["detail"]) == (403, True)
    body = {"text": WORDS, "severity_guess": "breach", "observed_at": "2019-04-12T18:00:00Z"}
    answer = await api.http.post("/v1/concerns", json=body, headers=mine)
    assert (answer.status_code, answer.json()["school"]) == (201, SCHOOL)
    shown = await api.http.get(answer.headers["location"], headers=mine)
    assert (shown.json(), shown.headers["etag"]) == (answer.json(), '"1"')
    for other in (TEST_ADMINISTRATOR, TEST_EXAMINER, OTHER_LEA_COORDINATOR):
        seen = await api.http.get(answer.headers["location"], headers=bearer(other))
        assert seen.status_code == (200 if other is actor else 404)
    for reader in (CDE_REVIEWER, AUDITOR):
        assert (await api.http.get(answer.headers["location"], headers=bearer(reader))).json() == shown.json()
    (concern,) = told(api)
    assert isinstance(concern, ConcernRecorded)
    assert (concern.school, concern.lea, concern.severity_guess) == (SCHOOL, LEA, "breach")
    assert WORDS not in concern.model_dump_json()


async def test_concerns_are_listed_for_those_in_whose_scope_they_are_and_for_who_told_them(api: Api) -> None:
    for school in (SCHOOL, NEIGHBOUR_SCHOOL):
        body = {"text": f"Seen at {school[:7]}.", "school": school}
        assert (await api.http.post("/v1/concerns", json=body, headers=MINE)).status_code == 201
    told = await api.http.post("/v1/concerns", json={"text": WORDS}, headers=bearer(TEST_ADMINISTRATOR))
    assert told.status_code == 201
    seen = {}
    for actor in EVERYBODY:
        answer = await api.http.get("/v1/concerns", headers=bearer(actor))
        seen[actor.sub] = len(answer.json()["items"]) if answer.status_code == 200 else answer.status_code
    assert seen == {
        "lea-1": 3, "site-1": 2, "site-2": 1, "ta-1": 1, "te-1": 0, "lea-2": 0, "site-3": 0,
        "caltac-1": 3, "cde-1": 3, "audit-1": 3, "system": 403,
    }  # fmt: skip
    first = (await api.http.get("/v1/concerns?limit=1", headers=MINE)).json()
    conversation.ConcernPage.model_validate(first)
    second = await api.http.get(f"/v1/concerns?limit=1&cursor={first['next_cursor']}", headers=MINE)
    assert second.json()["items"][0]["id"] != first["items"][0]["id"]
    foreign = await api.http.get(
        f"/v1/concerns/{first['items'][0]['id']}", headers=bearer(OTHER_LEA_COORDINATOR)
    )
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    ("actor", "body", "code"),
    [
        (CDE_REVIEWER, {"text": WORDS, "school": SCHOOL}, "forbidden"),
        (AUDITOR, {"text": WORDS, "school": SCHOOL}, "forbidden"),
        (LEA_COORDINATOR, {"text": WORDS}, "forbidden"),
        (TEST_ADMINISTRATOR, {"text": WORDS, "school": NEIGHBOUR_SCHOOL}, "forbidden"),
        (TEST_ADMINISTRATOR, {"text": f"Student {FIRST}"}, "ssid_in_text"),
        (TEST_ADMINISTRATOR, {"text": WORDS, "observed_at": "2019-04-13T18:00:00Z"}, "in_the_future"),
        (TEST_ADMINISTRATOR, {"text": WORDS, "student": "Ann"}, "validation_failed"),
    ],
)
async def test_a_concern_that_cannot_be_taken(
    api: Api, actor: Actor, body: dict[str, str], code: str
) -> None:
    answer = await api.http.post("/v1/concerns", json=body, headers=bearer(actor))
    assert answer.json()["code"] == code
    assert api.facts() == []


async def test_m_p49_an_lea_that_files_for_its_sites(api: Api) -> None:
    url, site = f"/v1/filing-protocol/{LEA}", bearer(SITE_COORDINATOR)
    draft = await api.http.post("/v1/incidents", json=cheating(), headers=site)
    default = (await api.http.get(url, headers=site)).json()
    assert (draft.status_code, default["filing_protocol"], default["version"]) == (201, "site_allowed", 0)
    chosen = await api.http.put(url, json={"filing_protocol": "lea_only"}, headers=MINE)
    assert (chosen.json()["filing_protocol"], chosen.headers["etag"]) == ("lea_only", '"1"')
    refused = [
        await api.http.post("/v1/incidents", json=cheating(), headers=site),
        await api.http.post(f"{draft.headers['location']}/submit", headers=site),
        await api.http.patch(draft.headers["location"], json={"narrative": "More"}, headers=site),
        await api.http.put(f"{draft.headers['location']}/students", json={"ssids": [FIRST]}, headers=site),
        await api.http.delete(draft.headers["location"], headers=site),
    ]
    assert {(one.status_code, one.json()["code"]) for one in refused} == {(403, "filing_protocol_lea_only")}
    assert (await api.http.post(f"{draft.headers['location']}/submit", headers=MINE)).status_code == 200
    back = await api.http.put(
        url, json={"filing_protocol": "site_allowed"}, headers={**MINE, "If-Match": '"1"'}
    )
    assert (back.json()["version"], (await api.http.get(url, headers=MINE)).json()) == (2, back.json())
    assert (await api.http.post("/v1/incidents", json=cheating(), headers=site)).status_code == 201


async def test_every_choice_is_published_under_the_lea(api: Api) -> None:
    url = f"/v1/filing-protocol/{LEA}"
    for choice in ("lea_only", "lea_only", "site_allowed"):
        await api.http.put(url, json={"filing_protocol": choice}, headers=MINE)
    told = [publish(recorded.fact) for recorded in api.store.all_facts()]
    chosen = [each for each in told if isinstance(each, FilingProtocolSet)]
    assert [(each.key, each.filing_protocol, each.version) for each in chosen] == [
        (LEA, "lea_only", 1),
        (LEA, "site_allowed", 2),
    ]


async def test_the_protocol_is_the_leas_own_to_choose(api: Api) -> None:
    url, body = f"/v1/filing-protocol/{LEA}", {"filing_protocol": "lea_only"}
    others = (SITE_COORDINATOR, OTHER_LEA_COORDINATOR, CALTAC_AGENT, CDE_REVIEWER, TEST_ADMINISTRATOR, SYSTEM)
    for actor in others:
        assert (await api.http.put(url, json=body, headers=bearer(actor))).status_code == 403
    stale = await api.http.put(url, json=body, headers={**MINE, "If-Match": '"3"'})
    assert (stale.status_code, api.facts()) == (412, [])
    assert (await api.http.get(url, headers=bearer(OTHER_LEA_COORDINATOR))).status_code == 403
    assert (await api.http.get("/v1/filing-protocol/12", headers=MINE)).status_code == 404


def test_settling_what_nobody_asked_for_changes_nothing() -> None:
    case = a_submitted_case(charts_on_walls())
    discussion = Discussion.open(case, CDE_REVIEWER, NOON)
    given(discussion).when(lambda it: it.settle_action(case, CDE_REVIEWER, NOON)).then()


async def test_a_concern_that_is_not_there_is_not_found(api: Api) -> None:
    answer = await api.http.get(f"/v1/concerns/{UUID(int=1)}", headers=MINE)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no such concern in your scope."
