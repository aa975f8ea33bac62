"""Plays every flow that takes text or SSIDs, with canaries in every place that a caller can reach."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx

from deploy.console.keys.tokens import LEA, PEOPLE, SCHOOL, make_token
from shared.kernel.actor import Role
from tests.support.canaries.numbers import DISGUISES, Canaries, Kind, telephone
from tests.support.incidents.student_files import a_csv, a_workbook
from tests.support.system.system import RunningSystem

Json = dict[str, Any]
Answered = tuple[str, bytes]

PATIENCE = 90.0  # seconds until appeals knows of a case
SITE, COORDINATOR = Role.SITE_COORDINATOR, Role.LEA_COORDINATOR


@dataclass
class Flows:
    """The flows of one running system, and every answer that may show no SSID."""

    system: RunningSystem
    canaries: Canaries = field(default_factory=Canaries)
    answers: list[Answered] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)  # what should have been refused
    began: float = field(default_factory=time.time)

    def play(self) -> Flows:
        """All of them."""
        case = self._students()
        self._texts(case)
        self._names()
        self._appeals()
        self._headers(case)
        self._wrong_places()
        self._notifications()
        self._read_all()
        return self

    # --- who asks, and what is kept of the answers ---

    @contextmanager
    def _as(
        self, service: str, role: Role, *, name: str | None = None, email: str | None = None
    ) -> Iterator[httpx.Client]:
        """A client whose answers are kept."""
        person = PEOPLE[role]
        named = replace(person, name=name or person.name, email=email or person.email)
        token = make_token(self.system.place, named, hours=1)
        with httpx.Client(
            base_url=self.system.notes.urls[service],
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            event_hooks={"response": [self._keep]},
        ) as client:
            yield client

    def _keep(self, answer: httpx.Response) -> None:
        answer.read()
        path = answer.request.url.path
        if answer.is_success and answer.request.method == "GET" and path.endswith("/students"):
            return  # the one answer that shows SSIDs
        headers = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
        self.answers.append(
            (f"answer:{answer.request.method} {answer.status_code}", headers + answer.content)
        )

    def _refused(self, answer: httpx.Response, place: str, code: str | None = None) -> None:
        if not 400 <= answer.status_code < 500 or (code and answer.json()["code"] != code):
            self.taken.append(f"{place}: {answer.status_code} {answer.text[:300]}")

    def _new(self, place: str, kind: Kind = Kind.STUDENT) -> str:
        return self.canaries.new(place, kind)

    # --- students, as they are meant to be named ---

    def _students(self) -> str:
        with self._as("incidents", COORDINATOR) as http:
            listed = [self._new("ssids of a draft") for _ in range(2)]
            drafted = http.post("/v1/incidents", json=cheating(ssids=listed)).raise_for_status().json()
            url = f"/v1/incidents/{drafted['id']}"
            again = {"Idempotency-Key": f"students-{time.time_ns() % 10**6}"}
            body = cheating(ssids=[self._new("ssids of a draft, sent twice")])
            for _ in range(2):
                http.post("/v1/incidents", json=body, headers=again).raise_for_status()
            put = [self._new("list of students") for _ in range(2)]
            http.put(f"{url}/students", json={"ssids": put}).raise_for_status()
            patched = [self._new("changed list of students") for _ in range(2)]
            http.patch(url, json={"ssids": patched}).raise_for_status()
            for name, made in (("csv", a_csv), ("xlsx", a_workbook)):
                inside = [self._new(f"students by {name}") for _ in range(11)]
                draft = http.post("/v1/incidents", json=cheating(student_count=11)).raise_for_status().json()
                files = {"file": (f"students.{name}", made(inside))}
                to = f"/v1/incidents/{draft['id']}/students/upload"
                http.post(
                    to, files=files, headers={"Idempotency-Key": f"by-{name}-{time.time_ns() % 10**6}"}
                ).raise_for_status()
            pair = [self._new("a pair in the details") for _ in range(2)]
            http.post("/v1/incidents", json=swapped(*pair)).raise_for_status()
            asked = cheating(ssids=[self._new("ssids to be classified")])
            http.post("/v1/classify", json=asked).raise_for_status()
            for ssid in (patched[0], self._new("searched for, unknown")):
                http.post("/v1/incidents/search", json={"ssid": ssid}).raise_for_status()
                http.get("/v1/incidents", params={"ssid": ssid}).raise_for_status()
            http.post(f"{url}/submit", json={}).raise_for_status()
            seen = http.get(f"{url}/students").raise_for_status().json()["ssids"]
            assert seen == patched, "what is meant to be shown is shown"
            for path in ("", "/history", "/notes"):
                http.get(url + path).raise_for_status()
        return url

    # --- free text ---

    def _texts(self, case: str) -> None:
        with self._as("incidents", COORDINATOR) as http:
            for name, text in self.canaries.disguised("narrative"):
                answer = http.post("/v1/incidents", json=cheating(narrative=f"It was {text}."))
                self._refused(answer, f"narrative, {name}", "ssid_in_text")
            for name, text in self.canaries.disguised("detail"):
                details = {"what_was_done": f"{text} passed a slip", "finished_test": True}
                answer = http.post("/v1/incidents", json=cheating(details=details))
                self._refused(answer, f"detail, {name}", "ssid_in_text")
            for name, text in self.canaries.disguised("note"):
                self._refused(
                    http.post(f"{case}/notes", json={"text": text}), f"note, {name}", "ssid_in_text"
                )
            for name, text in self.canaries.disguised("concern"):
                body = {"text": text, "school": SCHOOL}
                self._refused(http.post("/v1/concerns", json=body), f"concern, {name}", "ssid_in_text")
            draft = http.post("/v1/incidents", json=cheating()).raise_for_status().json()
            for name, text in self.canaries.disguised("changed narrative"):
                answer = http.patch(f"/v1/incidents/{draft['id']}", json={"narrative": text})
                self._refused(answer, f"changed narrative, {name}", "ssid_in_text")
            self._own_student(http)
            passed = telephone(self._new("narrative, a telephone number", Kind.TELEPHONE))
            http.post("/v1/incidents", json=cheating(narrative=f"Call {passed}.")).raise_for_status()
        with self._as("incidents", Role.CALTAC_AGENT) as http:
            for name, text in self.canaries.disguised("further action"):
                answer = http.post(f"{case}/additional-action", json={"text": text})
                self._refused(answer, f"further action, {name}", "ssid_in_text")

    def _own_student(self, http: httpx.Client) -> None:
        """A student of the case is named in no form, before, with and after the list (A-55)."""
        own = self._new("own student in every form", Kind.OWN)
        listed = {"ssids": [own]}
        case = http.post("/v1/incidents", json=cheating(**listed)).raise_for_status().json()
        url = f"/v1/incidents/{case['id']}"
        for name, disguise in DISGUISES.items():
            body = cheating(narrative=disguise(own), **listed)
            self._refused(http.post("/v1/incidents", json=body), f"own narrative, {name}", "ssid_in_text")
            later = http.patch(url, json={"narrative": disguise(own)})
            self._refused(later, f"own narrative later, {name}", "ssid_in_text")
        breach = http.post("/v1/incidents", json=instagram(ssids=[own])).raise_for_status().json()
        calls = f"/v1/incidents/{breach['id']}/breach-calls"
        called = {"called": "caltac", "called_at": moments_ago(1)}
        for where in ("reference", "spoke_with"):
            self._refused(http.post(calls, json={**called, where: own}), f"own {where}", "ssid_in_text")
            reference = {**called, where: self._new(f"{where} of a call", Kind.CALL)}
            http.post(calls, json=reference).raise_for_status()
        http.post(f"{url}/submit", json={}).raise_for_status()
        for text in (telephone(own), own):
            self._refused(http.post(f"{url}/notes", json={"text": text}), "own note", "ssid_in_text")

    # --- names, which tokens bring ---

    def _names(self) -> None:
        for disguise, name in self.canaries.disguised("name of a token"):
            with self._as("incidents", SITE, name=f"Ann {name} Lee") as http:
                drafted = http.post("/v1/incidents", json=charts(disguise))
                if drafted.status_code == 401:  # a name that hides something is no name at all
                    continue
                url = f"/v1/incidents/{drafted.raise_for_status().json()['id']}"
                http.post(f"{url}/submit", json={}).raise_for_status()
                http.post(f"{url}/notes", json={"text": "Seen."}).raise_for_status()
                http.post("/v1/concerns", json={"text": "A chart."}).raise_for_status()
                http.get(f"{url}/history").raise_for_status()
            with self._as("notifications", Role.LEA_COORDINATOR, name=f"{name} Lee") as http:
                http.put(f"/v1/directory/{LEA}", json=directory()).raise_for_status()
        address = f"{self._new('address of a token')}@school.example"
        with self._as("incidents", SITE, email=address) as http:
            drafted = http.post("/v1/incidents", json=charts("address")).raise_for_status().json()
            http.post(f"/v1/incidents/{drafted['id']}/submit", json={}).raise_for_status()
        with self._as("incidents", SITE) as http:
            for token in (
                self._new("a token that is none"),
                f"{self._new('a part of a token')}.e30.x",
            ):
                answer = http.get("/v1/incidents", headers={"Authorization": f"Bearer {token}"})
                self._refused(answer, "no token", None)
        for claim in ("lea", "school", "role"):
            with self._as("incidents", SITE) as http:
                bearer = {"Authorization": f"Bearer {self._odd_token(claim)}"}
                answer = http.get("/v1/incidents", headers=bearer)
                self._refused(answer, f"claim {claim}", None)

    def _odd_token(self, claim: str) -> str:
        """A token in which a claim of another form holds a canary, as an issuer may send one."""
        number, person = self._new(f"claim {claim}"), PEOPLE[SITE]
        odd = {
            "lea": replace(person, lea=number),
            "school": replace(person, school=number),
            "role": replace(person, role=cast("Role", number)),
        }
        return make_token(self.system.place, odd[claim], hours=1)

    # --- appeals ---

    def _appeals(self) -> None:
        with self._as("incidents", COORDINATOR) as http:
            body = cheating(ssids=[self._new("student of an appeal")])
            case = http.post("/v1/incidents", json=body).raise_for_status().json()
            url = f"/v1/incidents/{case['id']}"
            number = http.post(f"{url}/submit", json={}).raise_for_status().json()["case_number"]
            ref = http.get(url).json()["students"][0]["student_ref"]
        asked = {"case_number": number, "appeal_type": "invalidate", "students": [student(ref)]}
        with self._as("appeals", COORDINATOR) as http:
            self._known(http, number)
            for name, text in self.canaries.disguised("comments of a request"):
                answer = http.post("/v1/appeals", json={**asked, "comments": text})
                self._refused(answer, f"comments, {name}", "ssid_in_text")
            for where in ("case_number", "appeal_type"):
                wrong = {**asked, where: self._new(f"{where} of a request")}
                self._refused(http.post("/v1/appeals", json=wrong), where)
            wrong = {**asked, "students": [student(self._new("student_ref of a request"))]}
            self._refused(http.post("/v1/appeals", json=wrong), "student_ref")
            params = {"case_number": number, "student_ref": self._new("student_ref of offers")}
            self._refused(http.get("/v1/offers", params=params), "offers")
            telling = {**asked, "comments": f"Call {telephone(self._new('comments', Kind.TELEPHONE))}."}
            asking = http.post("/v1/appeals", json=telling)
            assert asking.is_success, asking.text
            made = asking.json()["appeals"][0]
        with self._as("appeals", Role.CDE_REVIEWER, name=f"Cde {self._new('name of a decider')}") as http:
            deny = f"/v1/appeals/{made['id']}/deny"
            for name, text in self.canaries.disguised("reason"):
                self._refused(http.post(deny, json={"reason": text}), f"reason, {name}", "ssid_in_text")
            many = {"decision": "deny", "appeals": [made["id"]], "reason": self._new("reason for many")}
            self._refused(http.post("/v1/appeals/decisions", json=many), "reason for many", "ssid_in_text")
            http.post(deny, json={"reason": "No item was seen."}).raise_for_status()
            http.get(f"/v1/appeals/{made['id']}/history").raise_for_status()

    def _known(self, http: httpx.Client, number: str) -> None:
        until = time.monotonic() + PATIENCE
        while http.get("/v1/offers", params={"case_number": number}).status_code != 200:
            assert time.monotonic() < until, "appeals does not hear of a case"
            time.sleep(0.2)

    # --- headers ---

    def _headers(self, case: str) -> None:
        with self._as("incidents", COORDINATOR) as http:
            for name in (
                "X-Correlation-ID",
                "User-Agent",
                "Referer",
                "Origin",
                "Cookie",
                "X-Forwarded-For",
                "X-Request-ID",
                "Accept",
                "Accept-Language",
                "tracestate",
                "baggage",
                "If-None-Match",
            ):
                for disguise in ("plain", "blank", "dashes"):
                    sent = DISGUISES[disguise](self._new(f"header {name}, {disguise}"))
                    http.get(case, headers={name: sent})
            for disguise in ("plain", "dashes"):
                keyed = {"Idempotency-Key": DISGUISES[disguise](self._new(f"Idempotency-Key, {disguise}"))}
                http.post("/v1/incidents", json=charts("key"), headers=keyed).raise_for_status()
                told = {"X-Correlation-ID": f"order-{DISGUISES[disguise](self._new('id of an act'))}"}
                http.post("/v1/incidents", json=charts("id"), headers=told).raise_for_status()
            traced = f"00-{self._new('traceparent')}{'a' * 22}-00f067aa0ba902b7-01"
            http.post(
                "/v1/incidents", json=charts("trace"), headers={"traceparent": traced}
            ).raise_for_status()
            uuid = f"{self._new('in a UUID')[:8]}-0000-4000-8000-{self._new('at the end of a UUID')}aa"
            http.get(case, headers={"X-Correlation-ID": uuid})
            for name in ("If-Match", "Content-Type", "Content-Encoding", "Expect"):
                bad = {name: self._new(f"header {name}")}
                self._refused(http.post(f"{case}/notes", content=b'{"text": "x"}', headers=bad), name)
            http.get(case, headers={f"X-{self._new('name of a header')}": "x"})

    # --- where nothing of the kind belongs ---

    def _wrong_places(self) -> None:
        new = self._new
        with self._as("incidents", COORDINATOR) as http:
            for name, disguise in DISGUISES.items():
                text = disguise(new(f"path, {name}"))
                self._refused(http.get(f"/v1/incidents/{text}"), "path")
                http.get("/v1/incidents", params={"case_number": text})  # there is none of that number
                self._refused(http.get("/v1/incidents", params={text: "1"}), "name of a parameter")
                self._refused(http.post("/v1/incidents", json={**charts("x"), text: 1}), "name of a property")
                odd = {**charts("x"), "details": {text: 1}}
                self._refused(http.post("/v1/incidents", json=odd), "name of a detail")
            for path in (
                "/students/{}",
                "/v1/testing-windows/{}/2018-19",
                "/v1/rulebooks/{}",
                "/v1/concerns/{}",
            ):
                self._refused(http.get(path.format(new(f"path {path}"))), path)
            for query in ("limit", "cursor", "school", "lea", "status", "submitted_from"):
                self._refused(http.get("/v1/incidents", params={query: new(f"query {query}")}), query)
            for name in charts("x"):
                # text that is judged is told above
                value: object = int(new(f"number as {name}"))
                self._refused(http.post("/v1/incidents", json={**charts("x"), name: value}), name)
                nested = [{new(f"list as {name}"): new(f"value in {name}")}]
                self._refused(http.post("/v1/incidents", json={**charts("x"), name: nested}), name)
            for number, content in enumerate(
                (
                    '{{"ssids": ["{}"',
                    "{}",
                    '"{}"',
                    '{{"narrative": "{}\\u0000"}}',
                    "ssid={}",
                    '{{"a": {}e999}}',
                )
            ):
                body = content.format(new(f"malformed {number}"))
                typed = {"Content-Type": "application/json"}
                self._refused(http.post("/v1/incidents", content=body, headers=typed), f"malformed {number}")
            latin = b'{"narrative": "' + new("no UTF-8").encode() + b'\xff"}'
            self._refused(http.post("/v1/incidents", content=latin), "no UTF-8")
            self._refused(http.request(new("method"), "/v1/incidents"), "method")
            bad = [new("repeated in a list")] * 2
            self._refused(http.post("/v1/incidents", json=cheating(ssids=bad)), "repeated")
            bad = [f"{new('with a letter')}x", new("beside it")]
            self._refused(http.post("/v1/incidents", json=cheating(ssids=bad)), "with a letter")
            self._files(http)
        with httpx.Client(base_url=self.system.notes.urls["incidents"], timeout=30) as stranger:
            stranger.event_hooks = {"response": [self._keep]}
            self._refused(stranger.get(f"/v1/incidents?ssid={new('without a token')}"), "without a token")
            unsigned = cheating(ssids=[new("body without a token")])
            self._refused(stranger.post("/v1/incidents", json=unsigned), "body without a token")

    def _files(self, http: httpx.Client) -> None:
        new = self._new
        draft = http.post("/v1/incidents", json=cheating(student_count=11)).raise_for_status().json()
        to = f"/v1/incidents/{draft['id']}/students/upload"
        for made in (a_csv, a_workbook):
            named = [*(new("beside a name in a file") for _ in range(10)), f"Ann Lee {new('name in a file')}"]
            twice = [new("twice in a file")] * 2 + [new("beside them") for _ in range(9)]
            few = [new("too few in a file") for _ in range(3)]
            for content in (made(named), made(twice), made(few)):
                self._refused(http.post(to, files={"file": ("students", content)}), "file")
        odd = (f"{new('name of a file')}.csv", new("in a file that is none").encode(), f"text/{new('type')}")
        self._refused(http.post(to, files={"file": odd}), "odd file")
        self._refused(http.post(to, files={new("name of a field"): ("a.csv", b"x")}), "odd field")
        beside = {"file": ("a.csv", b"x")}
        self._refused(http.post(to, files=beside, data={"n": new("field beside")}), "field beside")

    # --- notifications ---

    def _notifications(self) -> None:
        with self._as("notifications", COORDINATOR) as http:
            for name, text in self.canaries.disguised("contact"):
                answer = http.put(f"/v1/directory/{LEA}", json=directory(name=f"Ann {text}"))
                self._refused(answer, f"contact, {name}")
            for part in ("{}@school.example", "ann@x{}.example"):
                address = part.format(self._new("address of a contact"))
                self._refused(http.put(f"/v1/directory/{LEA}", json=directory(email=address)), "address")
            self._refused(http.get(f"/v1/directory/{self._new('place of the directory')}"), "place")
            http.get("/v1/notifications", params={"recipient": self._new("recipient asked for")})
            message = f"/v1/notifications/{self._some_message(http)}"
            http.post(f"{message}/resend", headers={"Idempotency-Key": self._new("key of a resend")})
        with self._as("notifications", Role.CALTAC_AGENT) as http:
            domains = {"domains": [f"x{self._new('mail domain')}.example"]}
            self._refused(http.put(f"/v1/directory/{LEA}/mail-domains", json=domains), "mail domain")
        with self._as("notifications", Role.SYSTEM) as http:
            for _, text in self.canaries.disguised("what a mail server said"):
                report = {"outcome": "temporary_failure", "detail": f"for {text}", "at": moments_ago(0)}
                http.post(f"{message}/attempts", json=report)

    def _some_message(self, http: httpx.Client) -> str:
        until = time.monotonic() + PATIENCE
        while not (items := http.get("/v1/notifications").raise_for_status().json()["items"]):
            assert time.monotonic() < until, "nobody is mailed"
            time.sleep(0.2)
        return str(items[0]["id"])

    # --- what anybody may read ---

    def _read_all(self) -> None:
        for role in (COORDINATOR, SITE, Role.AUDITOR, Role.CDE_REVIEWER, Role.CALTAC_AGENT):
            for service, path in (
                ("incidents", "/v1/incidents"),
                ("incidents", "/v1/concerns"),
                ("incidents", "/v1/deadlines"),
                ("appeals", "/v1/appeals"),
                ("appeals", "/v1/deadlines"),
                ("notifications", "/v1/notifications"),
                ("notifications", "/v1/deadlines"),
            ):
                with self._as(service, role) as http:
                    page = http.get(path, params={"limit": "200"})
                    for item in page.json().get("items", ())[:60]:
                        if "id" in item:
                            http.get(f"{path}/{item['id']}")
                            if service != "notifications" and "case_number" in item:
                                http.get(f"{path}/{item['id']}/history")


def moments_ago(hours: float) -> str:
    """An instant as a body says it."""
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")


def a_body(incident_type: str, details: Json, **changes: object) -> Json:
    """A report of what was seen two hours ago."""
    return {
        "incident_type": incident_type,
        "school": SCHOOL,
        "occurred_at": moments_ago(2),
        "discovered_at": moments_ago(1),
        "administration_year": "2018-19",
        "grade": "11",
        "test": "sb_math_cat",
        "delivery_mode": "online",
        "narrative": "What was seen, and by whom.",
        "details": details,
        **changes,
    }


def with_count(changes: Json) -> Json:
    """As many students as are named."""
    return {"student_count": len(changes.get("ssids", ())), **changes}


def cheating(**changes: object) -> Json:
    """A case that can be appealed."""
    details = {"what_was_done": "passed a slip of paper", "finished_test": True}
    return a_body("student_cheating", **{"details": details, **with_count(changes)})


def charts(room: str) -> Json:
    """A case without students."""
    details = {"room": f"Room {room}", "what_was_visible": "a chart"}
    return a_body("instructional_materials_displayed", details, student_count=0)


def instagram(**changes: object) -> Json:
    """A breach: somebody is to be phoned."""
    details = {
        "platform": "Instagram",
        "url_or_handle": "a private account",
        "found_at": moments_ago(1),
        "still_visible": False,
    }
    return a_body("social_media_exposure_student", details, **with_count(changes))


def swapped(one: str, other: str) -> Json:
    """A case whose details name students."""
    details = {
        "pairs": [{"logon_ssid": one, "tested_ssid": other}],
        "parts_completed": "both finished part 1",
    }
    listed: Json = {"student_count": 2, "ssids": [one, other]}
    return a_body("access_to_other_student_work_unintentional", details, **listed)


def student(ref: str) -> Json:
    """Somebody for whom an appeal is asked."""
    return {"student_ref": ref, "event_state": "completed"}


def directory(name: str = "Lea Coronado", email: str = "lea.coordinator@district.example") -> Json:
    """An LEA's entry."""
    return {"contacts": [{"role": "lea_coordinator", "name": name, "email": email}]}
