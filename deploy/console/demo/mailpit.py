"""The mailbox of the containers: Mailpit's API, read into the same mails as the local mailbox's files."""

from __future__ import annotations

from typing import Any

import httpx

from deploy.console.errors import CommandError
from deploy.console.local.mailbox import ReceivedMail

PAGE = 200


def read_mailpit(http: httpx.Client, url: str) -> list[ReceivedMail]:
    """All mails that it keeps, each Message-ID once, with how often it came.

    :raises CommandError: it does not answer.
    """
    found: dict[str, ReceivedMail] = {}
    for summary in _summaries(http, url):
        mail = _read(http, url, summary)
        known = found.get(mail.message_id)
        found[mail.message_id] = mail if known is None else _once_more(known, mail)
    return list(found.values())


def _summaries(http: httpx.Client, url: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    while True:
        page = _get(http, f"{url}/api/v1/messages", start=len(listed), limit=PAGE)
        listed += page["messages"]
        if not page["messages"] or len(listed) >= page["total"]:
            return listed


def _read(http: httpx.Client, url: str, summary: dict[str, Any]) -> ReceivedMail:
    message = _get(http, f"{url}/api/v1/message/{summary['ID']}")
    headers = _get(http, f"{url}/api/v1/message/{summary['ID']}/headers")
    to = tuple(each["Address"] for each in message["To"] or ())
    return ReceivedMail(
        message_id=f"<{message['MessageID']}>",
        to=to,
        sender=message["From"]["Address"],
        subject=message["Subject"],
        text=message["Text"].replace("\r\n", "\n"),
        kind=next(iter(headers.get("X-STAIRS-Kind") or headers.get("X-Stairs-Kind") or ()), None),
        case_number=next(iter(headers.get("X-STAIRS-Case") or headers.get("X-Stairs-Case") or ()), None),
        arrivals=(to,),
    )


def _once_more(known: ReceivedMail, again: ReceivedMail) -> ReceivedMail:
    return ReceivedMail(**{**vars(known), "arrivals": known.arrivals + again.arrivals})


def _get(http: httpx.Client, url: str, **query: int) -> Any:  # noqa: ANN401 - any JSON
    try:
        answer = http.get(url, params=query)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise CommandError(f"Mailpit does not answer {url}: {type(error).__name__}") from error
    return answer.json()
