"""From a mail server's answer to the case: two services, two databases, real SMTP (domain §7; M p44)."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.incidents.__main__ import forget_mails
from shared.contracts.envelope import CloudEvent
from tests.support.eventually import eventually
from tests.support.http.tokens import CALTAC_AGENT, LEA_COORDINATOR, bearer
from tests.support.incidents.bodies import charts_on_walls, cheating
from tests.support.incidents.service import submitted
from tests.support.notifications.mail_on_cases import PATIENCE, both
from tests.support.notifications.world import CDE
from tests.support.servers.mail_servers import Script

pytestmark = pytest.mark.timeout(400)


async def test_a_case_shows_its_mails_from_created_to_delivered_and_refused(
    postgres_server: str, tmp_path: Path
) -> None:
    script = Script(to={CDE: "550 5.1.1 no such user"})
    async with both(postgres_server, tmp_path, script) as there:
        url = await submitted(there.incidents, cheating())
        silent = await submitted(there.incidents, charts_on_walls())
        async with there.following():
            await there.told()
            await there.stand(url, ("case_submitted", "created"), ("cde_copy", "created"))
            async with there.notifications.at_work():
                mails = await there.stand(
                    url, ("case_submitted", "delivered"), ("cde_copy", "permanent_failure")
                )
                (one,) = await there.stand(silent, ("case_submitted", "delivered"))
    assert {frozenset(mail) for mail in mails} == {frozenset({"notification_id", "kind", "status", "at"})}
    assert one["notification_id"] not in {mail["notification_id"] for mail in mails}


async def test_a_mail_that_is_sent_again_is_under_way_again(postgres_server: str, tmp_path: Path) -> None:
    script = Script(data=["554 5.7.1 rejected"])
    async with both(postgres_server, tmp_path, script) as there:
        url = await submitted(there.incidents, charts_on_walls())
        async with there.following():
            await there.told()
            async with there.notifications.at_work():
                (mail,) = await there.stand(url, ("case_submitted", "permanent_failure"))
            resent = await there.notifications.post(
                f"/v1/notifications/{mail['notification_id']}/resend", CALTAC_AGENT
            )
            assert resent.status_code == 200, resent.text
            await there.stand(url, ("case_submitted", "created"))
            async with there.notifications.at_work():
                await there.stand(url, ("case_submitted", "delivered"))


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["in order", "backwards"])
async def test_repeated_and_reordered_news_end_at_the_newest(
    postgres_server: str, tmp_path: Path, order: slice
) -> None:
    async with both(postgres_server, tmp_path, Script()) as there:
        url = await submitted(there.incidents, cheating())
        await there.told()
        async with there.notifications.at_work():

            async def all_published() -> list[CloudEvent]:
                news = await there.news()
                assert len(news) == 4
                return news

            news = await eventually(all_published, within=PATIENCE)
        await there.hear(*news[order], *news)
        await there.stand(url, ("case_submitted", "delivered"), ("cde_copy", "delivered"))


async def test_what_was_forgotten_is_followed_anew_to_the_same_end(
    postgres_server: str, tmp_path: Path
) -> None:
    async with both(postgres_server, tmp_path, Script()) as there:
        url = await submitted(there.incidents, cheating())
        await there.told()
        async with there.notifications.at_work(), there.following():
            before = await there.stand(url, ("case_submitted", "delivered"), ("cde_copy", "delivered"))
        await forget_mails(there.incidents.base)
        assert await there.mails(url) == []
        async with there.following():
            assert (
                await there.stand(url, ("case_submitted", "delivered"), ("cde_copy", "delivered")) == before
            )


async def test_filing_needs_nobody_who_delivers_mail(postgres_server: str, tmp_path: Path) -> None:
    async with both(postgres_server, tmp_path, Script()) as there:
        url = await submitted(there.incidents, charts_on_walls())
        shown = (await there.incidents.http.get(url, headers=bearer(LEA_COORDINATOR))).json()
    assert (shown["status"], shown["notifications"]) == ("submitted", [])
