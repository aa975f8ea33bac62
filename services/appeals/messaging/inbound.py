"""What this service learns from others. A message may come again, and in any order."""

from __future__ import annotations

from collections.abc import Mapping

from services.appeals.domain.values import KnownCase
from services.appeals.read_model import known_cases, testing_windows
from services.appeals.read_model.testing_windows import HeardWindow
from shared.contracts import incidents_v1
from shared.contracts.envelope import CloudEvent
from shared.contracts.incidents_v1 import IncidentSubmitted, TestingWindowSet
from shared.messaging.consumer import Handler
from shared.persistence.unit import Unit

SOURCE = incidents_v1.SOURCE
TOPIC = incidents_v1.TOPIC


async def when_incident_submitted_know_the_case(event: CloudEvent, unit: Unit) -> None:
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


async def when_testing_window_set_know_its_end(event: CloudEvent, unit: Unit) -> None:
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


def handlers() -> Mapping[str, Handler]:
    """Which event leads to what."""
    return {
        IncidentSubmitted.TYPE: when_incident_submitted_know_the_case,
        TestingWindowSet.TYPE: when_testing_window_set_know_its_end,
    }
