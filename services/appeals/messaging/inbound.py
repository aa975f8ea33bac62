"""What this service learns from others. A message may come again, and in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from services.appeals.domain.deadlines import filing_closes
from services.appeals.domain.values import KnownCase
from services.appeals.read_model import appeal_filing, filing_protocols, known_cases, testing_windows
from services.appeals.read_model.testing_windows import HeardWindow
from services.appeals.rulebooks.library import Rulebooks, read_rulebooks
from shared.contracts import incidents_v1
from shared.contracts.envelope import CloudEvent
from shared.contracts.incidents_v1 import FilingProtocolSet, IncidentSubmitted, TestingWindowSet
from shared.deadlines.changing import apply_few
from shared.messaging.consuming.consumer import Handler
from shared.persistence.unit_of_work import UnitOfWork

SERVICE = "appeals"  # in the identity of its deadlines
SOURCE = incidents_v1.SOURCE
TOPIC = incidents_v1.TOPIC


@cache
def rulebooks() -> Rulebooks:
    """The rules of every year, read when the first message needs them."""
    return read_rulebooks()


async def when_incident_submitted_know_the_case(event: CloudEvent, unit: UnitOfWork) -> None:
    """From now on appeals may be asked under this case (HR-02)."""
    submitted = IncidentSubmitted.model_validate(event.data)
    case = KnownCase(
        incident_id=submitted.incident_id,
        case_number=submitted.case_number,
        administration_year=submitted.administration_year,
        incident_type=submitted.incident_type,
        appeal_types=tuple(submitted.appeal_types),
        lea=submitted.lea,
        school=submitted.school,
        test=submitted.test,
        delivery_mode=submitted.delivery_mode,
        student_refs=frozenset(submitted.student_refs),
        submitted_by=submitted.submitted_by.model_dump(),
        disruption_cause=submitted.disruption_cause,
    )
    await known_cases.remember(unit.connection, case)
    found = await appeal_filing.without_appeal(unit.connection, case_number=case.case_number)
    await _limit_filing(found, event, unit, "the case was submitted")


async def when_testing_window_set_know_its_end(event: CloudEvent, unit: UnitOfWork) -> None:
    """From now on it limits appeals, also those under cases that were submitted before (HR-20, A-13)."""
    told = TestingWindowSet.model_validate(event.data)
    window = HeardWindow(
        cds=told.cds,
        administration_year=told.administration_year,
        opens_on=told.opens_on,
        closes_on=told.closes_on,
        version=told.version,
    )
    await testing_windows.remember(unit.connection, window)
    found = await appeal_filing.without_appeal(unit.connection, cds=told.cds, year=told.administration_year)
    await _limit_filing(found, event, unit, f"the testing window of {told.cds} ends on {told.closes_on}")


async def when_filing_protocol_set_know_who_files(event: CloudEvent, unit: UnitOfWork) -> None:
    """From now on a site of the LEA may file appeals, or may not; what it has filed stands (§3.3 note 1)."""
    told = FilingProtocolSet.model_validate(event.data)
    await filing_protocols.remember(unit.connection, told.lea, told.filing_protocol, told.version)


async def _limit_filing(cases: Sequence[KnownCase], event: CloudEvent, unit: UnitOfWork, why: str) -> None:
    """K9: appeals under these cases are taken until their window ends."""
    rules = rulebooks()
    changes = [
        filing_closes(case, case.window_closes_on, rules.for_year(case.administration_year), event.time, why)
        for case in cases
        if case.window_closes_on is not None
    ]
    await apply_few(SERVICE, unit.store, changes)


def handlers() -> Mapping[str, Handler]:
    """Which event leads to what."""
    return {
        IncidentSubmitted.TYPE: when_incident_submitted_know_the_case,
        FilingProtocolSet.TYPE: when_filing_protocol_set_know_who_files,
        TestingWindowSet.TYPE: when_testing_window_set_know_its_end,
    }
