"""From a draft that waits to the mails about its clock: the real ledger, the real mails (N10; K3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.incidents.bodies import charts_on_walls
from tests.support.incidents.service import drafted
from tests.support.logbooks.ledger import of_incidents
from tests.support.notifications.mail_on_cases import both
from tests.support.servers.mail_servers import Script

DUE = datetime(2019, 4, 13, 17, 30, tzinfo=UTC)  # 24 h after the bodies' discovered_at
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_a_report_that_does_not_come_is_warned_of_twice_and_missed_once(
    postgres_server: str, tmp_path: Path
) -> None:
    script = Script()
    async with both(postgres_server, tmp_path, script) as there:
        url, hands = await drafted(there.incidents, charts_on_walls()), of_incidents(there.incidents)
        sent: list[str] = []
        for instant in (DUE - 4 * HOUR + MINUTE, DUE - HOUR + MINUTE, DUE + MINUTE):
            there.incidents.clock.advance(instant - there.incidents.clock.now())
            await hands.look()
            await there.told()
            await there.hear(*await there.news())
            sent = sorted(mail["kind"] for mail in await there.mails(url))
        news = [event.data for event in await there.news() if event.type == "stairs.notification.created.v1"]
    assert sent == ["deadline_at_risk", "deadline_at_risk", "deadline_missed"]
    assert [each["subject"][:30] for each in news] == [
        "Due Saturday, April 13, 2019, ",
        "Due Saturday, April 13, 2019, ",
        "Overdue since Saturday, April ",
    ]
