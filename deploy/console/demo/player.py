"""Plays one story by the public APIs, and finds out whether everything came out as the manual says."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from deploy.console.demo.public_api import Json, PublicApi
from deploy.console.demo.story import PACIFIC, ExpectedAppeal, Story, filled_in
from deploy.console.keys.tokens import PEOPLE, SCHOOL
from deploy.console.local.mailbox import ReceivedMail
from deploy.console.local.programs import CDE_EMAIL
from shared.kernel.actor import Role

MailKey = tuple[str, tuple[str, ...]]  # kind, and whom it went to


@dataclass
class StoryOutcome:
    """What was seen of one story."""

    story: Story
    case: Json = field(default_factory=dict)
    appeals: dict[str, Json] = field(default_factory=dict)  # by the student's label
    mails: Counter[MailKey] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)

    def check(self, what: str, seen: object, expected: object) -> None:
        """Note it if it is not as expected."""
        if seen != expected:
            self.missing.append(f"{what}: expected {expected}, seen {seen}")


@dataclass
class Player:
    """Plays stories: by the public APIs, with a view of the mailbox, at the time of the services."""

    api: PublicApi
    mails: Callable[[], list[ReceivedMail]]  # what lies in the mailbox now
    now: datetime
    say: Callable[[str], None]

    def play(self, outcome: StoryOutcome) -> None:
        """The whole story, then the look at what came out.

        :raises deploy.console.demo.public_api.UnexpectedAnswer: a service refused what the story does.
        """
        story = outcome.story
        ssids = invented(story.students)
        self.say("draft")
        drafted = self._file(story, ssids)
        incident = f"/v1/incidents/{drafted['id']}"
        if story.breach_call:
            self.say("phone call")
            call = filled_in(story.breach_call.model_dump(), self.now, ssids)
            self.api.post("incidents", f"{incident}/breach-calls", Role.LEA_COORDINATOR, call)
        self.say("submit")
        outcome.case = self.api.post("incidents", f"{incident}/submit", story.filed_by, {})
        self._appeal(outcome, ssids)
        for step in story.steps:
            self.say(f"{step.act} ({step.student})")
            self._step(
                outcome, step.student, step.act, step.by, step.model_dump(include={"reason", "comments"})
            )
        self.say("outcome")
        self._see(outcome, incident)
        self.say("mails")
        self._see_mails(outcome)

    def _file(self, story: Story, ssids: dict[str, str]) -> Json:
        body = {"school": SCHOOL, "ssids": list(ssids.values())} | filled_in(story.case, self.now, ssids)
        return self.api.post("incidents", "/v1/incidents", story.filed_by, body)

    def _appeal(self, outcome: StoryOutcome, ssids: dict[str, str]) -> None:
        request = outcome.story.appeal
        if request is None:
            return
        self.say(f"{request.appeal_type} appeal")
        references = {
            person["ssid_masked"][-4:]: person["student_ref"] for person in outcome.case["students"]
        }
        asked = [
            {"student_ref": references[ssids[label][-4:]], **state}
            for label, state in request.students.items()
        ]
        body = {
            "case_number": outcome.case["case_number"],
            "appeal_type": request.appeal_type,
            "students": asked,
        } | ({"comments": request.comments} if request.comments else {})
        made = self.api.post("appeals", "/v1/appeals", outcome.story.filed_by, body)["appeals"]
        by_reference = {appeal["student_ref"]: appeal for appeal in made}
        for label in request.students:
            outcome.appeals[label] = by_reference[references[ssids[label][-4:]]]

    def _step(self, outcome: StoryOutcome, student: str, act: str, by: Role, words: Json) -> None:
        appeal = outcome.appeals[student]
        body = {name: value for name, value in words.items() if value}
        outcome.appeals[student] = self.api.post("appeals", f"/v1/appeals/{appeal['id']}/{act}", by, body)

    def _see(self, outcome: StoryOutcome, incident: str) -> None:
        expected = outcome.story.expect
        outcome.case = self.api.eventually(
            lambda: self.api.get("incidents", incident, outcome.story.filed_by),
            lambda case: bool(case["status"] == expected.status),
        )
        for name in ("severity", "recommended_action", "pre_action", "cde_copy", "late", "status"):
            outcome.check(name, outcome.case.get(name), getattr(expected, name))
        outcome.check("appeal_types", sorted(outcome.case["appeal_types"]), sorted(expected.appeal_types))
        for wanted in expected.appeals:
            self._see_appeal(outcome, wanted)

    def _see_appeal(self, outcome: StoryOutcome, wanted: ExpectedAppeal) -> None:
        found = self.api.get("appeals", f"/v1/appeals/{outcome.appeals[wanted.student]['id']}", Role.AUDITOR)
        outcome.appeals[wanted.student] = found
        for name in ("appeal_type", "decider", "routing", "status"):
            outcome.check(f"{wanted.student}'s appeal, {name}", found.get(name), getattr(wanted, name))
        if wanted.business_days is not None:
            days = business_days(found["received_at"], found["decide_by"])
            # a request outside business hours counts from the next opening; holidays come on top
            allowed = range(wanted.business_days, wanted.business_days + 5)
            if days not in allowed:
                outcome.missing.append(f"{wanted.student}'s appeal is due after {days} business days")

    def _see_mails(self, outcome: StoryOutcome) -> None:
        expected = Counter(
            {
                (mail.kind, tuple(sorted(map(address_of, mail.to)))): mail.times
                for mail in outcome.story.expect.mails
            }
        )
        seen = self.api.eventually(
            lambda: self._arrived(outcome.case["case_number"]), lambda found: found >= expected
        )
        outcome.mails = seen
        outcome.missing += [
            f"mail missing: {_words(key)} × {count}" for key, count in (expected - seen).items()
        ]
        outcome.missing += [
            f"mail too many: {_words(key)} × {count}" for key, count in (seen - expected).items()
        ]

    def _arrived(self, case_number: str) -> Counter[MailKey]:
        """The mails about the case that lie in the mailbox, each Message-ID once."""
        return Counter(
            (mail.kind or "", tuple(sorted(address.lower() for address in mail.to)))
            for mail in self.mails()
            if mail.case_number == case_number
        )


def invented(labels: tuple[str, ...]) -> dict[str, str]:
    """An SSID for each student that nobody has, with different last digits (the mask shows four)."""
    start = secrets.randbelow(9000)
    return {label: f"9{secrets.randbelow(10**5):05}{start + at:04}" for at, label in enumerate(labels)}


def address_of(who: str) -> str:
    """Where a role's person, or the CDE's desk, gets mail."""
    return CDE_EMAIL if who == "cde_desk" else PEOPLE[Role(who)].email


def business_days(received: str, due: str) -> int:
    """Weekdays after the day of receipt up to the day it is due, in California."""
    first, last = (datetime.fromisoformat(at).astimezone(PACIFIC).date() for at in (received, due))
    days = (first.fromordinal(day) for day in range(first.toordinal() + 1, last.toordinal() + 1))
    return sum(day.weekday() < 5 for day in days)


def _words(key: MailKey) -> str:
    kind, to = key
    return f"{kind} to {', '.join(to) or 'nobody'}"
