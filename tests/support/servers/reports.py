"""Delivery status notifications as mail servers write them (RFC 3464), and the way in which they come."""

from __future__ import annotations

import asyncio
import contextlib

import aiosmtplib

from tests.support.eventually import eventually

PLAIN_MAIL = b"From: lee@lea.example.org\r\nSubject: Out of office\r\n\r\nBack on Monday.\r\n"


def a_report(
    *addresses: str,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 no such user",
    original: bool = True,
) -> bytes:
    """A report about these recipients."""
    blocks = [
        "".join(
            (
                f"Original-Recipient: rfc822;{address}\n" if original else "",
                f"Final-Recipient: rfc822; {address}\n",
                f"Action: {action}\nStatus: {status}\n",
                f"Diagnostic-Code: {diagnostic}\n",
            )
        )
        for address in addresses
    ]
    text = f"""\
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9B095B5ADSN=_01D31B4D/mx.example.org"

This is a MIME-encapsulated message.

--9B095B5ADSN=_01D31B4D/mx.example.org
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--9B095B5ADSN=_01D31B4D/mx.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Tue, 16 Apr 2019 11:00:00 -0700 (PDT)

{chr(10).join(blocks)}
--9B095B5ADSN=_01D31B4D/mx.example.org
Content-Type: text/rfc822-headers

Subject: STAIRS case 2018-19-000123

--9B095B5ADSN=_01D31B4D/mx.example.org--
"""
    return text.replace("\n", "\r\n").encode()


async def handed_over(port: int, to: str, content: bytes, sender: str = "") -> tuple[int, str]:
    """What the listener at a port answers to this mail: to the first command it refuses, or to the mail."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, local_hostname="mx.example.org", timeout=20.0)

    async def connected() -> bool:
        with contextlib.suppress(aiosmtplib.SMTPConnectError):
            await client.connect()
        return client.is_connected

    await eventually(connected, within=30)
    try:
        await client.sendmail(sender, [to], content)
    except aiosmtplib.SMTPRecipientsRefused as refused:
        return refused.recipients[0].code, refused.recipients[0].message
    except aiosmtplib.SMTPResponseException as refused:
        return refused.code, refused.message
    finally:
        if client.is_connected:
            await client.quit()
    return 250, "OK"


async def connections(port: int, count: int) -> list[bytes]:
    """The first line that each of so many connections gets while all are open."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    lines = [await asyncio.wait_for(reader.readline(), 20) for reader, _ in opened]
    for _, writer in opened:
        writer.close()
    return lines
