"""Three services in memory, each with the same things at three schools, and one thing that is gone.

A world stands as it was built: ``World.ask`` puts it back before each request, so that every cell of the
matrix is asked of the same state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import httpx
from eventsourcing.domain import DomainEvent
from fastapi import FastAPI

from services.appeals.application.searches import DeadlinesOfAppeals
from services.incidents.application.searches import DeadlinesOfCases
from services.notifications.application.reading import DeadlinesOfMails
from services.notifications.domain.values import MessageKind
from shared.deadlines import routes as deadlines
from shared.deadlines.deadline import Deadline
from shared.deadlines.search import DeadlineCriteria, DeadlineRow, LastSeen
from shared.deadlines.table import DeadlineList
from shared.kernel.actor import Actor
from shared.kernel.store import Receipt
from tests.support.appeals import states as appeal_states
from tests.support.appeals.service import Service as AppealsService
from tests.support.authorisation.expected import Target
from tests.support.http.tokens import (
    CALTAC_AGENT,
    CDE_REVIEWER,
    LEA,
    LEA_COORDINATOR,
    NEIGHBOUR_SCHOOL,
    NEIGHBOUR_SITE_COORDINATOR,
    OTHER_LEA,
    OTHER_LEA_COORDINATOR,
    OTHER_SCHOOL,
    OTHER_SITE_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import changed_answers, charts_on_walls, cheating
from tests.support.incidents.student_files import a_csv, ssids
from tests.support.logbooks import deadline_states
from tests.support.logbooks.memory_store import MemoryStore
from tests.support.notifications.service import Service as NotificationsService
from tests.support.notifications.states import a_submitted_case

NEVER = UUID("5ba27a2e-3c1f-4a6e-8f0e-6d2f9c1b7e44")
"""The id of nothing."""

NOWHERE, NO_LEA = "99999999999999", "9999999"
PLACES = {"home": (LEA, SCHOOL), "neighbour": (LEA, NEIGHBOUR_SCHOOL), "abroad": (OTHER_LEA, OTHER_SCHOOL)}
SITES = {
    "home": SITE_COORDINATOR,
    "neighbour": NEIGHBOUR_SITE_COORDINATOR,
    "abroad": OTHER_SITE_COORDINATOR,
}
TELLERS = {
    "home": TEST_ADMINISTRATOR,
    "neighbour": replace(TEST_ADMINISTRATOR, sub="ta-2", school=NEIGHBOUR_SCHOOL),
    "abroad": replace(TEST_ADMINISTRATOR, sub="ta-3", lea=OTHER_LEA, school=OTHER_SCHOOL),
}
BOSSES = {"home": LEA_COORDINATOR, "neighbour": LEA_COORDINATOR, "abroad": OTHER_LEA_COORDINATOR}
MARKS = {"home": "Larkspur", "neighbour": "Manzanita", "abroad": "Toyon"}
"""A word that stands in everything of a place, by which a leak is found."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request, but for who makes it."""

    method: str
    path: str
    json: Json | None = None
    params: Mapping[str, str] | None = None
    upload: bytes | None = None


COMMON = {"listDeadlines": Asked("GET", "/v1/deadlines"), "listChanges": Asked("GET", "/v1/changes")}
"""The operations that every service has."""


class DeadlineRows:
    """A deadline of each place."""

    def __init__(self) -> None:
        self.rows = [self._row(place) for place in PLACES]

    async def find(
        self, _wanted: DeadlineCriteria, actor: Actor, *, after: LastSeen | None, limit: int
    ) -> Sequence[DeadlineRow]:
        return [row for row in self.rows if after is None and actor.sees(row["school"])][:limit]

    @staticmethod
    def _row(place: str) -> DeadlineRow:
        lea, school = PLACES[place]
        about = {"case_number": MARKS[place], "school": school, "lea": lea}
        begun = Deadline.begin("logbooks", deadline_states.due(about=about, subject=place))
        row: DeadlineRow | None = None
        for fact in begun.collect_events():
            assert isinstance(fact, DomainEvent)
            row = DeadlineList().fold(row, fact)
        assert row is not None
        return row


class World(ABC):
    """One service with its things.

    ``ids`` names things by kind and place; what the request of an operation is about, ``asked`` says.
    """

    store: MemoryStore
    app: FastAPI

    def __init__(self) -> None:
        self.ids: dict[tuple[str, str], str] = {}
        self._built = 0

    async def build(self) -> None:
        """Make all things, and remember the state."""
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url="http://service"
        )
        for place in PLACES:
            await self.furnish(place)
        self._built = len(self.store.rows)

    @abstractmethod
    async def furnish(self, place: str) -> None:
        """Make the things of one place."""

    @abstractmethod
    def requests(self, target: Target) -> Mapping[str, Asked]:
        """The requests about a target, by row of the matrix."""

    def asked(self, row: str, target: Target) -> Asked:
        """The request of a row about a target."""
        return ({**self.requests(target), **COMMON})[row]

    def targets(self, row: str) -> list[Target]:
        """What the row is asked about: a thing of each place, one that never was, one that is gone."""
        there = [
            Target(place, lea, school, by=self.owner(row, place)) for place, (lea, school) in PLACES.items()
        ]
        if row in self.of_nothing:
            return there[:1]
        if row in self.of_lists:
            return there
        if row in self.of_places:
            return [*there, Target("unknown", NO_LEA, NOWHERE)]
        unknown = Target("unknown", LEA, SCHOOL, is_there=False)
        return [*there, unknown, replace(unknown, name="deleted")]

    of_places: frozenset[str] = frozenset()
    """The rows that name a place, which is no thing that can be there or not."""

    of_nothing: frozenset[str] = frozenset({"listChanges"})
    """The rows that name nothing and show nothing of anybody."""

    of_lists: frozenset[str] = frozenset()
    """The rows that answer a list, of which a caller is shown what is in scope."""

    def owner(self, _row: str, place: str) -> str:
        """The ``sub`` of whose request or word the thing is."""
        return SITES[place].sub

    def id_of(self, kind: str, target: Target) -> str:
        """The id to ask by."""
        return self.ids.get((kind, target.name), str(NEVER))

    async def ask(self, asked: Asked, caller: Actor | None, **headers: str) -> httpx.Response:
        """The answer to a request, in the state that was built."""
        self.back()
        return await self.ask_on(asked, caller, **headers)

    async def ask_on(self, asked: Asked, caller: Actor | None, **headers: str) -> httpx.Response:
        """The answer to a request, in the state as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            asked.method,
            asked.path,
            json=asked.json,
            params=asked.params,
            files=None if asked.upload is None else {"file": ("students.csv", asked.upload)},
            headers={**(bearer(caller) if caller else {}), **named},
        )

    def back(self) -> None:
        """Put the state back to what was built."""
        self.store.go_back_to(self._built)

    async def made(self, asked: Asked, by: Actor) -> Json:
        answer = await self.ask_on(asked, by)
        assert answer.is_success, (asked, answer.text)
        content: Json = answer.json()
        return content

    def receipts(self) -> Sequence[Receipt]:
        """All kept answers."""
        return list(self.store.receipts.values())


CALL = {"called": "cde", "called_at": "2019-04-12T11:00:00-07:00"}
CHOICE = {"filing_protocol": "site_allowed"}
WINDOW = {"opens_on": "2019-03-01", "closes_on": "2019-05-31"}
CLASS = {place: ssids(11, 7_310_000_000 + 1000 * at) for at, place in enumerate(PLACES)}
"""SSIDs of each place's students; they are marks too."""


class IncidentsWorld(World):
    """Drafts, submitted cases, concerns, windows; one deleted draft."""

    of_places = frozenset(
        {
            "draftCase", "recordConcern", "setFilingProtocol", "getFilingProtocol", "setTestingWindow",
            "getTestExpiry",
        }
    )  # fmt: skip
    of_nothing = World.of_nothing | {
        "classifyReport", "listRulebooks", "getRulebook", "listIncidentTypes", "getIncidentType",
        "judgePause",
    }  # fmt: skip
    of_lists = frozenset({"listCases", "searchCases", "listConcerns", "listDeadlines"})

    def __init__(self) -> None:
        super().__init__()
        self._api = Api()
        self.app, self.store = self._api.app, self._api.store
        self.app.state.deadlines = DeadlinesOfCases(DeadlineRows())

    async def furnish(self, place: str) -> None:
        _, school = PLACES[place]
        about = {"school": school, "narrative": MARKS[place]}
        two = CLASS[place][:2]
        drafts = {
            "draft": charts_on_walls(**about),
            "listing": cheating(**about, ssids=None),
            "upload": cheating(**about, ssids=None, student_count=11),
            "breach": changed_answers(**about, ssids=two[:1]),
            "case": cheating(**about, ssids=two),
        }
        for kind, body in drafts.items():
            made = await self.made(Asked("POST", "/v1/incidents", body), BOSSES[place])
            self.ids[kind, place] = made["id"]
        await self.made(Asked("POST", f"/v1/incidents/{self.ids['case', place]}/submit"), BOSSES[place])
        note = Asked("POST", f"/v1/incidents/{self.ids['case', place]}/notes", {"text": MARKS[place]})
        await self.made(note, BOSSES[place])
        told = await self.made(Asked("POST", "/v1/concerns", {"text": MARKS[place]}), TELLERS[place])
        self.ids["concern", place] = told["id"]
        await self.made(Asked("PUT", f"/v1/testing-windows/{school}/2018-19", WINDOW), CDE_REVIEWER)
        if place == "home":
            await self._delete_one(charts_on_walls(**about))

    async def _delete_one(self, body: Json) -> None:
        gone = (await self.made(Asked("POST", "/v1/incidents", body), LEA_COORDINATOR))["id"]
        answer = await self.ask_on(Asked("DELETE", f"/v1/incidents/{gone}"), LEA_COORDINATOR)
        assert answer.status_code == 204
        for kind in ("draft", "listing", "upload", "breach", "case", "concern"):
            self.ids[kind, "deleted"] = gone

    def owner(self, row: str, place: str) -> str:
        return TELLERS[place].sub if row in ("getConcern", "listConcerns") else SITES[place].sub

    def targets(self, row: str) -> list[Target]:
        found = super().targets(row)
        return found[:-1] if row == "getTestingWindow" else found  # a window is never deleted

    def requests(self, target: Target) -> Mapping[str, Asked]:
        kinds = ("draft", "listing", "upload", "breach", "case")
        draft, listing, upload, breach, case = (f"/v1/incidents/{self.id_of(kind, target)}" for kind in kinds)
        unknown = target.name == "unknown"
        school, lea = (NOWHERE, NO_LEA) if unknown else (target.school, target.lea)
        window, year = f"/v1/testing-windows/{school}/2018-19", "/v1/rulebooks/2018-19"
        paused = {"minutes_paused": "25", "pages": "1-3,4-10"}
        started = {"started_on": "2019-04-01", "cds": school}
        return {
            "draftCase": Asked("POST", "/v1/incidents", charts_on_walls(school=school)),
            "listCases": Asked("GET", "/v1/incidents"),
            "searchCases": Asked("POST", "/v1/incidents/search", {}),
            "getCase": Asked("GET", case),
            "reviseCase": Asked("PATCH", draft, {"narrative": "More."}),
            "deleteDraft": Asked("DELETE", draft),
            "replaceStudents": Asked("PUT", f"{listing}/students", {"ssids": CLASS["home"][:2]}),
            "uploadStudents": Asked("POST", f"{upload}/students/upload", upload=a_csv(CLASS["home"])),
            "submitCase": Asked("POST", f"{draft}/submit"),
            "recordBreachCall": Asked("POST", f"{breach}/breach-calls", CALL),
            "readStudents": Asked("GET", f"{case}/students"),
            "getCaseHistory": Asked("GET", f"{case}/history"),
            "addNote": Asked("POST", f"{case}/notes", {"text": "Room 14."}),
            "listNotes": Asked("GET", f"{case}/notes"),
            "requireAdditionalAction": Asked("POST", f"{case}/additional-action", {"text": "Train them."}),
            "recordConcern": Asked("POST", "/v1/concerns", {"text": "Seen.", "school": school}),
            "listConcerns": Asked("GET", "/v1/concerns"),
            "getConcern": Asked("GET", f"/v1/concerns/{self.id_of('concern', target)}"),
            "setFilingProtocol": Asked("PUT", f"/v1/filing-protocol/{lea}", CHOICE),
            "getFilingProtocol": Asked("GET", f"/v1/filing-protocol/{lea}"),
            "classifyReport": Asked("POST", "/v1/classify", charts_on_walls()),
            "listRulebooks": Asked("GET", "/v1/rulebooks"),
            "getRulebook": Asked("GET", year),
            "listIncidentTypes": Asked("GET", f"{year}/incident-types"),
            "getIncidentType": Asked("GET", f"{year}/incident-types/student_cheating"),
            "judgePause": Asked("GET", "/v1/tests/sb_ela_cat/pause", params=paused),
            "getTestExpiry": Asked("GET", "/v1/tests/sb_ela_cat/expiry", params=started),
            "setTestingWindow": Asked("PUT", window, {**WINDOW, "closes_on": "2019-06-07"}),
            "getTestingWindow": Asked("GET", window),
        }


class AppealsWorld(World):
    """Appeals that wait for the CDE and for CalTAC, approved and failed ones, each under its own case."""

    of_lists = frozenset({"listAppeals", "listDeadlines"})

    def __init__(self) -> None:
        super().__init__()
        self._service = AppealsService()
        self.store = self._service.store
        self.app = self._service.app()
        self.app.router.routes.extend(deadlines.router.routes)
        self.app.state.deadlines = DeadlinesOfAppeals(DeadlineRows())

    async def furnish(self, place: str) -> None:
        kinds = {
            "case": appeal_states.CHEATING,
            "cde": appeal_states.CHEATING,
            "caltac": appeal_states.ILLNESS,
            "approved": appeal_states.CHEATING,
            "failed": appeal_states.CHEATING,
        }
        for kind, case in kinds.items():
            lea, school = PLACES[place]
            serial = 100 + len(self._service.cases.cases)
            known = replace(
                case,
                incident_id=uuid4(),
                case_number=f"2018-19-{serial:06d}",
                lea=lea,
                school=school,
                student_refs=frozenset({self._student(kind, place)}),
            )
            self._service.cases.cases[known.case_number] = known
            self.ids["number", f"{kind} {place}"] = known.case_number
            if kind != "case":
                await self._appeal(kind, place)
        self.ids["number", "case deleted"] = "2018-19-999998"
        for kind in ("cde", "caltac", "approved", "failed"):
            # what is gone leaves no id here; the id of the case is one of something else that is there
            self.ids[kind, "deleted"] = str(known.incident_id)

    async def _appeal(self, kind: str, place: str) -> None:
        body = self._request(self.ids["number", f"{kind} {place}"], kind, place)
        made = await self.made(Asked("POST", "/v1/appeals", {**body, "comments": MARKS[place]}), SITES[place])
        appeal_id = self.ids[kind, place] = made["appeals"][0]["id"]
        if kind in ("approved", "failed"):
            await self.made(Asked("POST", f"/v1/appeals/{appeal_id}/approve"), CDE_REVIEWER)
        if kind == "failed":
            await self.made(Asked("POST", f"/v1/appeals/{appeal_id}/fail", {"reason": "No."}), CALTAC_AGENT)

    @staticmethod
    def _student(kind: str, place: str) -> str:
        return f"stu_{place}{kind}aaaaaaaaaa"

    def _request(self, number: str, kind: str, place: str) -> Json:
        late = kind == "caltac"
        student = {"student_ref": self._student(kind, place), "event_state": "expired" if late else "started"}
        asked = "re_open" if late else "invalidate"
        return {"case_number": number, "appeal_type": asked, "students": [student]}

    def _number(self, target: Target) -> str:
        return "2018-19-999999" if target.name == "unknown" else self.ids["number", f"case {target.name}"]

    def requests(self, target: Target) -> Mapping[str, Asked]:
        place = target.name if target.name in PLACES else "home"
        number = self._number(target)
        ids = {"the CDE": self.id_of("cde", target), "CalTAC": self.id_of("caltac", target)}
        appeal = f"/v1/appeals/{self.id_of('cde', target)}"
        approved, failed = (f"/v1/appeals/{self.id_of(kind, target)}" for kind in ("approved", "failed"))
        found = {
            "listOffers": Asked("GET", "/v1/offers", params={"case_number": number}),
            "requestAppeals": Asked("POST", "/v1/appeals", self._request(number, "case", place)),
            "listAppeals": Asked("GET", "/v1/appeals"),
            "getAppeal": Asked("GET", appeal),
            "getAppealHistory": Asked("GET", f"{appeal}/history"),
            "withdrawAppeal": Asked("POST", f"{appeal}/withdraw", {"comments": "So."}),
            "processAppeal": Asked("POST", f"{approved}/process"),
            "failAppeal": Asked("POST", f"{approved}/fail", {"reason": "No."}),
            "resubmitAppeal": Asked("POST", f"{failed}/resubmit"),
        }
        for desk, appeal_id in ids.items():
            many = {"decision": "approve", "appeals": [appeal_id]}
            found[f"decideAppeals, for {desk}"] = Asked("POST", "/v1/appeals/decisions", many)
            one = f"/v1/appeals/{appeal_id}"
            found[f"approveAppeal, for {desk}"] = Asked("POST", f"{one}/approve", {"comments": "So."})
            found[f"denyAppeal, for {desk}"] = Asked("POST", f"{one}/deny", {"reason": "No."})
        return found


class NotificationsWorld(World):
    """Messages and directory entries; an outside mailer delivers."""

    of_places = frozenset({"putDirectoryEntry", "putMailDomains"})
    of_lists = frozenset({"listNotifications", "listDeadlines"})

    def __init__(self) -> None:
        super().__init__()
        self._service = NotificationsService(outside=True)
        self.store = self._service.store
        self.app = self._service.app()
        self.app.router.routes.extend(deadlines.router.routes)
        self.app.state.deadlines = DeadlinesOfMails(DeadlineRows())

    async def furnish(self, place: str) -> None:
        lea, school = PLACES[place]
        case = a_submitted_case(lea=lea, school=school, incident_title=MARKS[place])
        for kind in ("fresh", "settled"):
            told = await self._service.tell(MessageKind.CASE_SUBMITTED, case, f"{kind}-{place}.1")
            self.ids[kind, place] = str(told)
        delivered = Asked("POST", f"/v1/notifications/{self.ids['settled', place]}/attempts", DELIVERED)
        await self.made(delivered, SYSTEM)
        await self.made(Asked("PUT", f"/v1/directory/{school}", self._contacts(place)), BOSSES[place])
        await self.made(Asked("PUT", f"/v1/directory/{school}/mail-domains", DOMAINS), CALTAC_AGENT)
        for kind in ("fresh", "settled"):
            # no message is ever deleted; a case's id is one of something else
            self.ids[kind, "deleted"] = str(case.incident_id)

    @staticmethod
    def _contacts(place: str) -> Json:
        person = {
            "role": "site_coordinator",
            "name": MARKS.get(place, "Ann"),
            "email": f"{place}@school.example.org",
        }
        return {"contacts": [person]}

    def targets(self, row: str) -> list[Target]:
        found = super().targets(row)
        # an entry and mail domains are never deleted
        return found[:-1] if row in ("getDirectoryEntry", "getMailDomains") else found

    def requests(self, target: Target) -> Mapping[str, Asked]:
        directory = f"/v1/directory/{NOWHERE if target.name == 'unknown' else target.school}"
        settled, fresh = (f"/v1/notifications/{self.id_of(kind, target)}" for kind in ("settled", "fresh"))
        return {
            "putDirectoryEntry": Asked("PUT", directory, self._contacts("anybody")),
            "getDirectoryEntry": Asked("GET", directory),
            "putMailDomains": Asked("PUT", f"{directory}/mail-domains", DOMAINS),
            "getMailDomains": Asked("GET", f"{directory}/mail-domains"),
            "listNotifications": Asked("GET", "/v1/notifications"),
            "getNotification": Asked("GET", settled),
            "resendNotification": Asked("POST", f"{settled}/resend"),
            "reportAttempt": Asked("POST", f"{fresh}/attempts", DELIVERED),
        }


DOMAINS: Json = {"domains": ["school.example.org"]}
DELIVERED = {"outcome": "delivered", "detail": "250 2.0.0 Ok", "at": "2019-04-16T16:00:00Z"}
WORLDS: Mapping[str, type[World]] = {
    "incidents": IncidentsWorld,
    "appeals": AppealsWorld,
    "notifications": NotificationsWorld,
}
