"""The mails about a case stand on it (M p44; domain §7): kind, status, time, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.incidents.api.resources import ShownCase
from services.incidents.messaging.mail import of_notifications
from shared.contracts import notifications_v1
from shared.contracts.envelope import Published
from tests.support.http.tokens import LEA_COORDINATOR, SITE_COORDINATOR, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import charts_on_walls

MAIL = {
    "notification_id": UUID(int=7),
    "kind": "case_submitted",
    "status": "delivered",
    "at": datetime(2019, 4, 12, 19, 0, 2, tzinfo=UTC),
}
TOLD = {**MAIL, "notification_id": str(UUID(int=7)), "at": "2019-04-12T19:00:02Z"}


async def test_a_case_shows_what_became_of_its_mails() -> None:
    api = Api()
    answer = await api.http.post("/v1/incidents", json=charts_on_walls(), headers=bearer(LEA_COORDINATOR))
    url = answer.headers["location"]
    api.mail.known[UUID(answer.json()["id"])] = [MAIL]
    for reader in (LEA_COORDINATOR, SITE_COORDINATOR):
        shown = (await api.http.get(url, headers=bearer(reader))).json()
        assert shown["notifications"] == [TOLD]
        assert ShownCase.model_validate(shown)


async def test_what_answers_a_filing_says_nothing_of_mails() -> None:
    api, mine = Api(), bearer(LEA_COORDINATOR)
    drafted = await api.http.post("/v1/incidents", json=charts_on_walls(), headers=mine)
    submitted = await api.http.post(f"{drafted.headers['location']}/submit", headers=mine)
    assert submitted.status_code == 200
    assert "notifications" not in {**drafted.json(), **submitted.json()}


@pytest.mark.parametrize("kind", [kind for kind in vars(notifications_v1).values() if isinstance(kind, type)])
def test_every_event_of_a_mail_is_followed(kind: type) -> None:
    if issubclass(kind, Published) and "TYPE" in vars(kind):
        assert kind.TYPE in of_notifications()
