"""What arrives at a mail server, for every kind of mail: read from the octets that it got (domain §7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope

from services.notifications.domain.values import MessageKind
from tests.support.contracts.published import (
    LEA,
    NOON,
    additional_action_required,
    appeal_approved,
    appeal_denied,
    appeal_requested,
    appeal_withdrawn,
    breach_identified,
    concern_recorded,
    incident_submitted,
    note_added,
)
from tests.support.contracts.published_clocks import (
    deadline_at_risk,
    deadline_missed,
    decision_at_risk,
    decision_overdue,
    draft_reminder,
)
from tests.support.eventually import eventually
from tests.support.http.tokens import AUDITOR, LEA_COORDINATOR
from tests.support.notifications.world import World, settings_for, world
from tests.support.servers.arrived import bodies, parsed
from tests.support.servers.mail_servers import Script, answering

pytestmark = pytest.mark.timeout(300)

SSID = "8412345678"
TEN_DIGITS = re.compile(r"(?<!\d)\d{10}(?!\d)")
LENA = {"role": "lea_coordinator", "name": "Lena Ortiz", "email": "lena@lea.example.org"}
EVERYTHING = [
    incident_submitted(),
    appeal_requested(),
    appeal_approved(1, reason=f"It was {SSID}."),
    appeal_denied(2),
    appeal_withdrawn(3),
    note_added(),
    concern_recorded(),
    breach_identified(),
    additional_action_required(),
    draft_reminder(),
    deadline_at_risk(),
    deadline_missed(),
    decision_at_risk(),
    decision_overdue(4, decider="caltac"),
]
CALTAC = "desk@caltac.example.org"


async def everything_sent(database: str, folder: Path, script: Script) -> dict[str, str]:
    """Hand in all events at noon of that day; the ``Message-ID`` of each message by its id."""
    clock = folder / "clock"
    clock.write_text(str((NOON - datetime.now(UTC)).total_seconds()))
    async with answering(script) as port:
        settings = settings_for(
            database, port, stairs_clock_file=str(clock), NOTIFICATIONS_CALTAC_EMAIL=CALTAC
        )
        async with world(settings) as there, there.at_work():
            await there.put(f"/v1/directory/{LEA}", LEA_COORDINATOR, {"contacts": [LENA]})
            there.feed.hand_in(*EVERYTHING)
            return await eventually(lambda: all_delivered(there), within=120)


async def all_delivered(there: World) -> dict[str, str]:
    items = (await there.get("/v1/notifications", AUDITOR)).json()["items"]
    assert [item["status"] for item in items] == ["delivered"] * (len(EVERYTHING) + 1)  # and N2
    return {item["message_id"]: item["kind"] for item in items}


async def test_every_mail_on_the_wire_is_a_good_mail_of_a_machine(database: str, tmp_path: Path) -> None:
    script = Script()
    sent = await everything_sent(database, tmp_path, script)
    assert {str(parsed(each)["Message-ID"]): parsed(each)["X-STAIRS-Kind"] for each in script.taken} == sent
    assert set(sent.values()) == set(MessageKind)
    for envelope in script.taken:
        check(envelope)


def check(envelope: Envelope) -> None:
    octets, mail = envelope.original_content or b"", parsed(envelope)
    assert octets.isascii()
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998  # RFC 5322 §2.1.1
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["List-Id"] == "STAIRS / Appeals <stairs.notifications.stairs.local>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert mail["MIME-Version"] == "1.0"
    assert mail["From"].addresses[0].addr_spec == envelope.mail_from == "stairs@stairs.example.org"
    assert [each.addr_spec for each in mail["To"].addresses] == envelope.rcpt_tos
    assert abs((mail["Date"].datetime - NOON).total_seconds()) < 600
    text, html = bodies(mail)
    assert html.startswith("<!doctype html>")
    assert text.strip()
    assert TEN_DIGITS.search(f"{mail['Subject']} {mail['To']} {text} {html}") is None
    for name in ("Message-ID", "List-Id", "Auto-Submitted", "From", "To", "Subject", "Date"):
        assert len(mail.get_all(name, [])) == 1  # RFC 5322 §3.6
