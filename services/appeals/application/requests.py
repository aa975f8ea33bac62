"""The use cases of requesting: what is on offer, and one appeal per student, all or none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.appeals.application.cases import find_case
from services.appeals.application.commands import AskOffers, RequestAppeals, StudentAsked
from services.appeals.application.free_text import require_no_ssid_in
from services.appeals.application.ports import AppealNumbers, KnownCases, Policies
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.errors import StudentNotInCase, StudentRepeated
from services.appeals.domain.identity import Identity
from services.appeals.domain.offers import (
    Offers,
    Situation,
    for_whoever_files,
    offers,
    route_for,
    without_taken,
)
from services.appeals.domain.permissions import (
    require_filer,
    require_filing_left_to_sites,
    require_offers_reader,
)
from services.appeals.domain.policy import AppealPolicy, Route
from services.appeals.domain.student_test_record import Room, StudentTestRecord
from services.appeals.domain.values import Act, AppealType, KnownCase, Request
from shared.kernel.errors import Issue, Refusal
from shared.kernel.store import ReceiptFor, Store, StreamUnknown, until_first

Place = tuple[StudentTestRecord, Room]
"""A student's record, and the room that it leaves for what is asked."""

# of one request; other requests need connections of the pool, too
LOADS_AT_ONCE = 4


class AppealRequests:
    """Offers and requests."""

    def __init__(
        self, store: Store, *, cases: KnownCases, numbers: AppealNumbers, policies: Policies
    ) -> None:
        self._store = store
        self._cases = cases
        self._numbers = numbers
        self._policies = policies

    async def offers(self, asked: AskOffers) -> tuple[KnownCase, Offers]:
        """The appeals that may be requested (HR-15), or why there are none.

        :raises NotForThisRole: a role without a part in asking for appeals.
        :raises StudentNotInCase: the case does not list this student.
        """
        require_offers_reader(asked.actor)
        case = await find_case(self._cases, asked.case_number, asked.actor)
        policy = self._policies.for_year(case.administration_year)
        everybodys = offers(policy, Situation(case, asked.event, asked.actor.role, asked.at))
        found = for_whoever_files(everybodys, asked.actor, case)
        if asked.student_ref is None:
            return case, found
        if asked.student_ref not in case.student_refs:
            raise StudentNotInCase("The case does not list this student.")
        record = await self._record(case, asked.student_ref)
        return case, without_taken(found, record, case) if record else found

    async def request(self, command: RequestAppeals, receipt: ReceiptFor | None = None) -> list[Appeal]:
        """One appeal per student, all or none.

        :raises Refusal: the first student's, with an issue for each student that was refused.
        """
        require_filer(command.actor, command.appeal_type)
        require_no_ssid_in(command.comments)
        case = await find_case(self._cases, command.case_number, command.actor)
        require_filing_left_to_sites(command.actor, case)
        policy = self._policies.for_year(case.administration_year)
        routes = _routes(command, case, policy)
        # reserved in the first attempt, so that a lost race spends no further ones
        numbers: Sequence[str] = ()

        async def requested() -> list[Appeal]:
            nonlocal numbers
            places = await self._places(command, case)
            numbers = numbers or await self._numbers.reserve(case.case_number, len(command.students))
            requests = [_request(command, *pair) for pair in zip(command.students, numbers, strict=True)]
            appeals = [
                Appeal.request(asked, case, route, policy)
                for asked, route in zip(requests, routes, strict=True)
            ]
            together = [
                _admitted(place, appeal, Act(command.actor, command.at))
                for place, appeal in zip(places, appeals, strict=True)
            ]
            await self._store.save(*appeals, *together, receipt=await receipt(appeals) if receipt else None)
            return appeals

        return await until_first(requested)

    async def _places(self, command: RequestAppeals, case: KnownCase) -> list[Place | None]:
        """The students' records with the room that they leave, None where there is no record yet.

        :raises Refusal: the first student's whose record leaves no room, with an issue for each of them.
        """
        turns = asyncio.Semaphore(LOADS_AT_ONCE)

        async def one(student: StudentAsked) -> StudentTestRecord | None:
            async with turns:
                return await self._record(case, student.student_ref)

        records = await asyncio.gather(*map(one, command.students))
        places: list[Place | None] = []
        refusals: dict[int, Refusal] = {}
        for index, record in enumerate(records):
            try:
                places.append(_place(record, command.appeal_type, case.case_number))
            except Refusal as refusal:
                refusals[index] = refusal
        _require_none_refused(refusals)
        return places

    async def _record(self, case: KnownCase, student_ref: str) -> StudentTestRecord | None:
        record_id = StudentTestRecord.id_of(student_ref, case.test, case.administration_year)
        try:
            return await self._store.load(StudentTestRecord, record_id)
        except StreamUnknown:
            return None


def _routes(command: RequestAppeals, case: KnownCase, policy: AppealPolicy) -> list[Route]:
    """The routing row of each student."""
    routes: list[Route] = []
    refusals: dict[int, Refusal] = {}
    seen: set[str] = set()
    for index, student in enumerate(command.students):
        try:
            _require_student_of_case(student, case, seen)
            situation = Situation(case, student.event, command.actor.role, command.at)
            routes.append(route_for(policy, situation, command.appeal_type))
        except Refusal as refusal:
            refusals[index] = refusal
        seen.add(student.student_ref)
    _require_none_refused(refusals)
    return routes


def _require_student_of_case(student: StudentAsked, case: KnownCase, seen: set[str]) -> None:
    if student.student_ref in seen:
        raise StudentRepeated("This student is named twice; one appeal per student.")
    if student.student_ref not in case.student_refs:
        raise StudentNotInCase("The case does not list this student.")


def _require_none_refused(refusals: dict[int, Refusal]) -> None:
    """The first refusal's answer, with an issue for each refused student."""
    for first in refusals.values():
        issues = [Issue(f"/students/{i}", refusal.code, refusal.detail) for i, refusal in refusals.items()]
        raise type(first)(first.detail, issues=issues)


def _request(command: RequestAppeals, student: StudentAsked, number: str) -> Request:
    return Request(
        appeal_id=student.appeal_id,
        appeal_number=number,
        appeal_type=command.appeal_type,
        student_ref=student.student_ref,
        event=student.event,
        comments=command.comments,
        actor=command.actor,
        at=command.at,
    )


def _admitted(place: Place | None, appeal: Appeal, act: Act) -> StudentTestRecord:
    about: Identity = appeal.identity
    record, room = place or _new_place(about, act)
    record.admit(about, room, act)
    return record


def _place(record: StudentTestRecord | None, appeal_type: AppealType, case_number: str) -> Place | None:
    return None if record is None else (record, record.room_for(appeal_type, case_number))


def _new_place(about: Identity, act: Act) -> Place:
    record = StudentTestRecord.open(about, act)
    return record, record.room_for(about.appeal_type, about.case_number)
