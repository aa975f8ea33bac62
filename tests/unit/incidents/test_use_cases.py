"""The use cases over an in-memory store: what is sealed, what is asked first, what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.incidents.api.schemas import CaseBody
from services.incidents.application.cases import Cases
from services.incidents.application.commands import (
    Classify,
    ConcludeCase,
    DeleteDraft,
    DraftCase,
    ListStudents,
    NoteAppeal,
    ReadStudents,
    RecordBreachCall,
    ReviseCase,
    SubmitCase,
    UploadStudents,
)
from services.incidents.application.corrections import Corrections
from services.incidents.application.outcomes import Outcomes
from services.incidents.application.records import Records
from services.incidents.application.searches import DeadlinesOfCases
from services.incidents.application.uploads import Uploads
from services.incidents.application.windows import SetWindow, Windows
from services.incidents.domain.case import Case
from services.incidents.domain.cells import Cell
from services.incidents.domain.errors import (
    CaseNotFound,
    DuplicateSsid,
    InvalidReport,
    InvalidSsid,
    MissingDetails,
    NotADraft,
    NotAllowed,
    ReportingClosed,
    SsidInText,
    SsidsRequired,
)
from services.incidents.domain.values import BreachCall, CallDestination, CaseStatus
from services.incidents.domain.windows import Window
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal, Stale
from shared.kernel.store import StreamUnknown
from tests.support.http.tokens import (
    AUDITOR,
    CDE_REVIEWER,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
)
from tests.support.incidents.api import CountedNumbers, FoldedSearch
from tests.support.incidents.bodies import (
    FIRST,
    SECOND,
    THIRD,
    changed_answers,
    charts_on_walls,
    cheating,
    instagram,
    swapped_logons,
)
from tests.support.incidents.states import LIBRARY, NOON, PlayVault, an_appeal
from tests.support.logbooks.memory_store import MemoryStore


class Office:
    """All use cases over one store."""

    def __init__(self) -> None:
        self.store, self.vault, self.numbers = MemoryStore(), PlayVault(), CountedNumbers()
        self.corrections = Corrections(FoldedSearch(self.store))
        self.cases = Cases(self.store, self.vault, self.numbers, LIBRARY, self.corrections)
        self.records = Records(self.store, self.store, self.vault)
        self.outcomes = Outcomes(self.store)
        self.windows = Windows(self.store, LIBRARY)

    async def draft(self, body: dict[str, Any], by: Actor = LEA_COORDINATOR) -> Case:
        parsed = CaseBody.model_validate(body)
        return await self.cases.draft(
            DraftCase(uuid4(), parsed.report(), tuple(parsed.ssids or ()), by, NOON)
        )

    async def revise(self, case_id: UUID, changes: Mapping[str, object], **more: Any) -> Case:  # noqa: ANN401 - the rest of the command
        ssids = more.pop("ssids", None)
        by = more.pop("by", LEA_COORDINATOR)
        return await self.cases.revise(ReviseCase(case_id, changes, ssids, by, NOON, **more))

    async def submit(self, case_id: UUID, expected: int | None = None) -> Case:
        return await self.cases.submit(SubmitCase(case_id, LEA_COORDINATOR, NOON, expected))

    def facts(self) -> list[str]:
        return [type(recorded.fact).__name__ for recorded in self.store.all_facts()]


@pytest.fixture
def office() -> Office:
    return Office()


async def test_ssids_are_sealed_once_each_and_nowhere_plain(office: Office) -> None:
    await office.draft(swapped_logons())
    assert office.vault.sealed == [FIRST, SECOND]
    stored = b"".join(row.state for row in office.store.rows)
    assert [ssid for ssid in (FIRST, SECOND) if ssid.encode() in stored] == []


async def test_a_case_without_students_asks_no_vault(office: Office) -> None:
    await office.draft(charts_on_walls())
    assert office.vault.sealed == []


@pytest.mark.parametrize(
    ("body", "by"),
    [
        (cheating(), TEST_ADMINISTRATOR),
        (cheating(), OTHER_LEA_COORDINATOR),
        (cheating(assessment_kind="interim"), LEA_COORDINATOR),
        (cheating(narrative=f"see {FIRST}"), LEA_COORDINATOR),
        (cheating(details={"what": "x"}), LEA_COORDINATOR),
        (cheating(ssids=[FIRST, "x"]), LEA_COORDINATOR),
    ],
)
async def test_what_is_refused_is_neither_sealed_nor_stored(
    office: Office, body: dict[str, Any], by: Actor
) -> None:
    with pytest.raises(Refusal):
        await office.draft(body, by)
    assert (office.vault.sealed, office.store.rows) == ([], [])


@pytest.mark.parametrize(
    "text", [f"{FIRST}", f"SSID:{FIRST}.", f"({FIRST})", f"x{FIRST}x", "on ١٢٣٤٥٦٧٨٩٠ it was"]
)
async def test_ten_digits_in_a_row_are_an_ssid(office: Office, text: str) -> None:
    with pytest.raises(SsidInText) as refusal:
        await office.draft(charts_on_walls(narrative=text))
    assert FIRST not in refusal.value.detail
    assert [issue.pointer for issue in refusal.value.issues] == ["/narrative"]


@pytest.mark.parametrize("text", ["12345678901", "123456789", "916-445-8765", "8:30 to 10:45 on 2019-04-12"])
async def test_other_numbers_are_none(office: Office, text: str) -> None:
    assert (await office.draft(charts_on_walls(narrative=text))).report.narrative == text


async def test_a_call_with_an_ssid_in_it_is_refused(office: Office) -> None:
    case = await office.draft(instagram())
    call = BreachCall(CallDestination.CALTAC, NOON, "the agent", f"about {FIRST}")
    with pytest.raises(SsidInText):
        await office.cases.record_breach_call(RecordBreachCall(case.id, call, LEA_COORDINATOR, NOON))


@pytest.mark.shows("HR-11", "HR-12")
@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({"administration_year": "2015-16"}, False),
        ({"administration_year": "2015-16", "occurred_at": None}, False),
        ({"occurred_at": "2016-04-12T10:00:00-07:00"}, True),
    ],
    ids=["an earlier year stated", "and no day said", "an incident of that year"],
)
async def test_no_site_coordinator_phones_by_stating_a_year_in_which_they_might(
    office: Office, changes: dict[str, Any], allowed: bool
) -> None:
    case = await office.draft(changed_answers(**changes), SITE_COORDINATOR)
    call = RecordBreachCall(case.id, BreachCall(CallDestination.CDE, NOON), SITE_COORDINATOR, NOON)
    if allowed:
        assert (await office.cases.record_breach_call(call)).breach_calls
    else:
        with pytest.raises(NotAllowed):
            await office.cases.record_breach_call(call)


async def test_a_revision_keeps_what_it_does_not_name(office: Office) -> None:
    case = await office.draft(swapped_logons())
    pairs = case.report.details["pairs"]
    revised = await office.revise(case.id, {"narrative": "More is known."})
    assert (revised.report.narrative, revised.report.details["pairs"]) == ("More is known.", pairs)
    assert revised.report.student_count == 2


async def test_another_type_starts_without_the_details_of_the_former(office: Office) -> None:
    case = await office.draft(cheating())
    revised = await office.revise(case.id, {"incident_type": "student_left_room"})
    assert (revised.report.details, revised.assessment.severity) == ({}, "impropriety")


async def test_a_revision_judges_and_seals_new_details(office: Office) -> None:
    case = await office.draft(swapped_logons())
    details = {"pairs": [{"logon_ssid": FIRST, "tested_ssid": THIRD}]}
    revised = await office.revise(case.id, {"details": details}, ssids=(FIRST, THIRD))
    assert THIRD not in str(revised.report)
    assert len(revised.students) == 2
    with pytest.raises(InvalidReport):
        await office.revise(case.id, {"details": {"room": "12"}})


async def test_a_null_clears_a_field(office: Office) -> None:
    case = await office.draft(charts_on_walls())
    await office.revise(case.id, {"narrative": None})
    with pytest.raises(MissingDetails):
        await office.submit(case.id)


async def test_a_revision_may_not_move_a_case_out_of_scope(office: Office) -> None:
    case = await office.draft(charts_on_walls())
    with pytest.raises(NotAllowed):
        await office.revise(case.id, {"school": "37683386098765"})
    assert office.facts() == ["Drafted"]


async def test_an_older_version_decides_nothing(office: Office) -> None:
    case = await office.draft(charts_on_walls())
    await office.revise(case.id, {"narrative": "Newer."}, expected=1)
    for act in (
        office.revise(case.id, {"narrative": "Older."}, expected=1),
        office.submit(case.id, expected=1),
        office.cases.delete_draft(DeleteDraft(case.id, LEA_COORDINATOR, NOON, 1)),
        office.cases.list_students(ListStudents(case.id, (FIRST,), LEA_COORDINATOR, NOON, 1)),
    ):
        with pytest.raises(Stale):
            await act
    assert office.facts() == ["Drafted", "Revised"]


async def test_a_refused_submission_spends_no_number(office: Office) -> None:
    case = await office.draft(cheating(ssids=None))
    with pytest.raises(SsidsRequired):
        await office.submit(case.id)
    assert office.numbers.issued == 0


async def test_of_two_submissions_at_once_one_wins(office: Office) -> None:
    case = await office.draft(cheating())
    ended = await asyncio.gather(office.submit(case.id), office.submit(case.id), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ended) == ["Case", "NotADraft"]
    assert office.facts() == ["Drafted", "Submitted"]


class Interrupted(CountedNumbers):
    """Numbers that take so long that somebody changes the draft meanwhile, once."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._meanwhile: list[Callable[[], Awaitable[object]]] = [meanwhile]

    async def issue(self, year: str) -> str:
        number = await super().issue(year)
        while self._meanwhile:
            await self._meanwhile.pop()()
        return number


async def submitted_while(office: Office, body: dict[str, Any], changes: Mapping[str, object]) -> Case:
    case = await office.draft(body)
    numbers = Interrupted(lambda: office.revise(case.id, changes))
    return await Cases(office.store, office.vault, numbers, LIBRARY, office.corrections).submit(
        SubmitCase(case.id, LEA_COORDINATOR, NOON, None)
    )


async def test_hr_20_a_draft_that_changes_while_it_is_submitted_is_held_to_the_window_again(
    office: Office,
) -> None:
    closed = Window(SCHOOL, date(2019, 3, 1), date(2019, 4, 1))
    await office.windows.set(SetWindow(closed, "2018-19", LEA_COORDINATOR, NOON))
    harmless = {"incident_type": "student_left_room"}
    with pytest.raises(ReportingClosed):
        await submitted_while(office, changed_answers(), harmless)


async def test_a_draft_that_changes_year_while_it_is_submitted_gets_a_number_of_that_year(
    office: Office,
) -> None:
    case = await submitted_while(office, charts_on_walls(), {"administration_year": "2020-21"})
    assert case.case_number == "2020-21-000001"


async def test_of_two_revisions_at_once_the_details_fit_the_type_that_stands(office: Office) -> None:
    case = await office.draft(cheating())
    ended = await asyncio.gather(
        office.revise(case.id, {"incident_type": "student_left_room"}),
        office.revise(case.id, {"details": {"what_was_done": "whispered"}}),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ended) in (["Case", "InvalidReport"], ["Case", "Case"])
    assert (await office.cases.get(case.id, LEA_COORDINATOR)).report.details == {}


async def test_students_are_listed_and_replaced_on_drafts_only(office: Office) -> None:
    case = await office.draft(cheating())
    listed = await office.cases.list_students(ListStudents(case.id, (SECOND, THIRD), LEA_COORDINATOR, NOON))
    assert [student.student_ref for student in listed.students] == [
        office.vault.ref(SECOND),
        office.vault.ref(THIRD),
    ]
    await office.submit(case.id)
    with pytest.raises(NotADraft):
        await office.cases.list_students(ListStudents(case.id, (FIRST,), LEA_COORDINATOR, NOON))


async def test_a_case_that_is_not_there_looks_like_one_out_of_scope(office: Office) -> None:
    case = await office.draft(charts_on_walls())
    for case_id, by in ((uuid4(), LEA_COORDINATOR), (case.id, OTHER_LEA_COORDINATOR)):
        with pytest.raises(CaseNotFound) as refusal:
            await office.cases.get(case_id, by)
        assert refusal.value.detail == CaseNotFound().detail
        with pytest.raises(CaseNotFound):
            await office.cases.delete_draft(DeleteDraft(case_id, by, NOON))
        with pytest.raises(CaseNotFound):
            await office.records.history(case_id, by)
    with pytest.raises(NotAllowed):
        await office.cases.get(uuid4(), TEST_ADMINISTRATOR)


async def test_full_ssids_are_read_by_those_who_work_on_the_case_and_every_read_is_a_fact(
    office: Office,
) -> None:
    case = await office.draft(cheating())
    for by in (LEA_COORDINATOR, CDE_REVIEWER):
        students = await office.records.read_students(ReadStudents(case.id, by, NOON))
    assert [student.ssid for student in students] == [FIRST, SECOND]
    for by in (AUDITOR, SYSTEM, TEST_ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            await office.records.read_students(ReadStudents(case.id, by, NOON))
    assert office.facts() == ["Drafted", "StudentsFirstRead", "StudentsRead"]
    assert (await office.cases.get(case.id, LEA_COORDINATOR)).version == 1


async def test_reads_at_the_same_moment_are_all_recorded(office: Office) -> None:
    case = await office.draft(cheating())
    command = ReadStudents(case.id, LEA_COORDINATOR, NOON)
    await asyncio.gather(*(office.records.read_students(command) for _ in range(3)))
    assert len(office.facts()) == 4


async def test_history_is_everything_in_its_order(office: Office) -> None:
    case = await office.draft(cheating())
    await office.records.read_students(ReadStudents(case.id, LEA_COORDINATOR, NOON))
    await office.submit(case.id)
    history = await office.records.history(case.id, LEA_COORDINATOR)
    told = [type(recorded.fact).__name__ for recorded in history]
    assert told == ["Drafted", "StudentsFirstRead", "Submitted"]


async def test_masks_are_for_those_who_may_read_ssids(office: Office) -> None:
    case = await office.draft(swapped_logons())
    shown = await office.cases.masks(case, LEA_COORDINATOR)
    assert shown == {office.vault.ref(FIRST): "******5527", office.vault.ref(SECOND): "******5528"}
    assert await office.cases.masks(case, LEA_COORDINATOR, (FIRST, SECOND)) == shown
    assert await office.cases.masks(case, AUDITOR) == {}


def test_classify_judges_and_stores_nothing(office: Office) -> None:
    body = CaseBody.model_validate(changed_answers())
    found = office.cases.classify(Classify(body.report(), (FIRST,), LEA_COORDINATOR, NOON))
    assert (found.assessment.severity, found.assessment.pre_action) == ("breach", "call_cde")
    assert (found.late, found.report_due_at is not None) == (False, True)
    assert (office.store.rows, office.vault.sealed) == ([], [])


async def test_the_end_of_the_last_appeal_ends_the_case(office: Office) -> None:
    case = await office.draft(cheating())
    await office.submit(case.id)
    for status in ("pending_cde", "approved", "processed", "processed"):
        await office.outcomes.note_appeal(NoteAppeal(case.id, an_appeal(status), CDE_REVIEWER, NOON))
    ended = await office.cases.get(case.id, LEA_COORDINATOR)
    assert ended.status is CaseStatus.PROCESSED
    assert office.facts()[2:] == ["AppealNoted", "AppealNoted", "AppealNoted", "Processed"]


async def test_a_case_nobody_knows_cannot_be_concluded(office: Office) -> None:
    with pytest.raises(StreamUnknown):
        await office.outcomes.conclude(ConcludeCase(uuid4(), SYSTEM, NOON))


async def test_a_correction_names_a_submitted_case_of_the_callers_scope(office: Office) -> None:
    wrong = await office.draft(charts_on_walls())
    right = await office.draft(charts_on_walls())
    with pytest.raises(InvalidReport) as refused:
        await office.revise(right.id, {"corrects": "2018-19-000001"})
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/corrects", "unknown_case")]
    number = (await office.submit(wrong.id)).case_number
    revised = await office.revise(right.id, {"corrects": number})
    assert revised.report.corrects == number


async def test_a_list_of_nobody_lists_nobody(office: Office) -> None:
    case = await office.draft(cheating())
    with pytest.raises(SsidsRequired):
        await office.cases.list_students(ListStudents(case.id, (), LEA_COORDINATOR, NOON))
    assert office.facts() == ["Drafted"]


@pytest.mark.parametrize(
    ("pair", "refusal"),
    [((FIRST, "839104552"), InvalidSsid), ((FIRST, FIRST), DuplicateSsid)],
    ids=["nine digits", "one student twice"],
)
async def test_ssids_in_details_are_judged_before_anything_is_sealed(
    office: Office, pair: tuple[str, str], refusal: type[Refusal]
) -> None:
    pairs = [dict(zip(("logon_ssid", "tested_ssid"), pair, strict=True))]
    details = {**swapped_logons()["details"], "pairs": pairs}
    with pytest.raises(refusal):
        await office.draft(swapped_logons(details=details))
    assert (office.vault.sealed, office.store.rows) == ([], [])


class Sheet:
    """A file that was read already."""

    def __init__(self, *ssids: str) -> None:
        self.cells_of_it = [Cell(f"A{row}", ssid) for row, ssid in enumerate(ssids, start=1)]
        self.asked: list[tuple[bytes, str]] = []

    async def cells(self, content: bytes, caller: str) -> list[Cell]:
        self.asked.append((content, caller))
        return self.cells_of_it


ELEVEN = [f"{8391045500 + n}" for n in range(11)]


async def test_students_are_listed_from_a_file_in_place_of_those_before(office: Office) -> None:
    case = await office.draft(cheating(student_count=11, ssids=[FIRST, SECOND]))
    sheet = Sheet(*ELEVEN)
    command = UploadStudents(case.id, b"the file", LEA_COORDINATOR, NOON)
    listed = await Uploads(office.cases, sheet).list_students(command)
    assert [student.student_ref for student in listed.students] == list(map(office.vault.ref, ELEVEN))
    assert sheet.asked == [(b"the file", "lea-1")]


async def test_a_file_is_read_once_though_a_race_is_lost(office: Office) -> None:
    case = await office.draft(cheating(student_count=11, ssids=[FIRST, SECOND]))
    sheet = Sheet(*ELEVEN)
    office.store.races_to_lose = 1
    await Uploads(office.cases, sheet).list_students(
        UploadStudents(case.id, b"the file", LEA_COORDINATOR, NOON)
    )
    assert (office.store.races_to_lose, len(sheet.asked)) == (0, 1)


async def test_a_file_for_a_submitted_case_is_not_even_read(office: Office) -> None:
    case = await office.draft(cheating())
    await office.submit(case.id)
    sheet = Sheet(*ELEVEN)
    with pytest.raises(NotADraft):
        await Uploads(office.cases, sheet).list_students(UploadStudents(case.id, b"", LEA_COORDINATOR, NOON))
    assert sheet.asked == []


class AskedRows:
    """A list of deadlines; it answers with what it was asked."""

    async def find(
        self, wanted: str, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[dict[str, Any]]:
        return [{"wanted": wanted, "actor": actor, "after": after, "limit": limit}]


async def test_who_sees_cases_finds_their_deadlines_and_nobody_else_does() -> None:
    deadlines, place = DeadlinesOfCases[str](AskedRows()), (NOON, uuid4())
    (asked,) = await deadlines.find("overdue", AUDITOR, after=place, limit=20)
    assert asked == {"wanted": "overdue", "actor": AUDITOR, "after": place, "limit": 20}
    with pytest.raises(NotAllowed):
        await deadlines.find("overdue", TEST_ADMINISTRATOR, after=None, limit=20)
