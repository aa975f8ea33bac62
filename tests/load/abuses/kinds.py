"""The ten abuses, and what an attacker sends for each: bytes, on so many connections, again and again."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.load.filing import BODY
from tests.support.http.raw_requests import form_of_files, request
from tests.support.incidents.student_files import a_workbook, ssids

NUMBER = b"@NUMBER@"
"""Where it stands in what is sent, a running number of the same length takes its place."""

MEGABYTES_24 = 370  # headers of 65 kB
WITH_TOKEN = 8  # connections of one token; the shares allow 50 requests with a body at once


@dataclass(frozen=True)
class Aim:
    """What an attacker knows: a token of theirs, and two drafts of their own.

    :ivar listed: a draft of 500 students.
    :ivar unlisted: one without any.
    """

    token: str
    listed: str
    unlisted: str


@dataclass(frozen=True)
class Said:
    """What is sent on each connection.

    :ivar pieces: how often in a row it is sent before an answer is waited for.
    :ivar a_second: of all connections together; 0: as fast as they are answered.
    :ivar holds: nothing more is sent then, and the connection stays open.
    :ivar reads: whether answers are taken.
    """

    content: bytes
    connections: int
    pieces: int = 1
    a_second: int = 0
    holds: bool = False
    reads: bool = True

    def as_json(self) -> dict[str, Any]:
        """For the attacker's process."""
        return {**asdict(self), "content": base64.b64encode(self.content).decode()}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Said:
        """The same there."""
        return cls(**{**told, "content": base64.b64decode(told["content"])})


@dataclass(frozen=True)
class Abuse:
    """One abuse in the issue's words.

    :ivar token: whether it is by somebody whom the service knows; what they may do is then bounded by shares.
    """

    name: str
    say: Callable[[Aim], Said]
    token: bool = False

    @property
    def title(self) -> str:
        """Its row."""
        return f"{self.name}, with a token" if self.token and self in AGAIN else self.name


JSON_800 = json.dumps({"narrative": "x" * 800_000}).encode()
FORM_1000 = {f"field{at}": b"value" for at in range(1_000)}
SILENT = Said(b"", connections=400, holds=True)


def _json_800(token: str | None) -> Said:
    return Said(request("POST", "/v1/incidents", JSON_800, token=token), connections=4)


def _form_1000(aim: Aim, token: str | None) -> Said:
    kind, body = form_of_files(FORM_1000)
    path = f"/v1/incidents/{aim.unlisted}/students/upload"
    return Said(request("POST", path, body, kind=kind, token=token), connections=4)


def _bad_tokens(aim: Aim) -> Said:
    """Well formed, of a known key, and each another: only the signature tells."""
    head, claims, signature = aim.token.split(".")
    bad = f"{head}.{claims}.{NUMBER.decode().replace('@', 'A')}{signature[8:]}"
    sent = request("GET", "/v1/incidents", token=bad).replace(NUMBER.replace(b"@", b"A"), NUMBER)
    return Said(sent, connections=16, a_second=1_000)


def _unfinished(token: str | None) -> Said:
    whole = request("POST", "/v1/incidents", JSON_800, token=token)
    return Said(whole[:-200_000], connections=200, holds=True)


def _heads_24(_aim: Aim) -> Said:
    """The head has no end; all of it is sent, however early it is refused."""
    piece = b"GET / HTTP/1.1\r\nHost: stairs\r\nX: " + b"x" * 65_000 + b"\r\n"
    return Said(piece, connections=4, pieces=MEGABYTES_24)


def _lists_200(aim: Aim) -> Said:
    return Said(request("GET", "/v1/incidents?limit=200", token=aim.token), connections=WITH_TOKEN)


def _reads_500(aim: Aim) -> Said:
    path = f"/v1/incidents/{aim.listed}/students"
    return Said(request("GET", path, token=aim.token), connections=WITH_TOKEN)


def _drafts_18(aim: Aim) -> Said:
    """As long a narrative as is taken, in letters of two bytes, with numbers that might be somebody's."""
    seen = (
        "Проверяющие рассказывали, ученики переписывали двенадцатую страницу, "
        "учительница телефонировала: 916-555-0142. "
    )
    told = (seen * 200)[:9_990]
    body = json.dumps({**BODY, "narrative": told}, ensure_ascii=False).encode()
    return Said(request("POST", "/v1/incidents", body, token=aim.token), connections=WITH_TOKEN)


def _files_20000(aim: Aim) -> Said:
    kind, body = form_of_files({"file": a_workbook(ssids(20_000))})
    path = f"/v1/incidents/{aim.unlisted}/students/upload"
    return Said(request("POST", path, body, kind=kind, token=aim.token), connections=WITH_TOKEN)


TEN = (
    Abuse("4 connections of 800 kB JSON", lambda _: _json_800(None)),
    Abuse("multipart of 1,000 fields", lambda aim: _form_1000(aim, None)),
    Abuse("1,000 bad tokens a second", _bad_tokens),
    Abuse("200 unfinished bodies", lambda _: _unfinished(None)),
    Abuse("heads of 24 MB", _heads_24),
    Abuse("400 silent connections", lambda _: SILENT),
    Abuse("lists of 200", _lists_200, token=True),
    Abuse("reads of 500 students", _reads_500, token=True),
    Abuse("drafts of 18 kB", _drafts_18, token=True),
    Abuse("20,000-row files", _files_20000, token=True),
)
"""As the issue lists them."""

AGAIN = (
    Abuse("4 connections of 800 kB JSON", lambda aim: _json_800(aim.token), token=True),
    Abuse("multipart of 1,000 fields", lambda aim: _form_1000(aim, aim.token), token=True),
    Abuse("200 unfinished bodies", lambda aim: _unfinished(aim.token), token=True),
)
"""Those of the first six whose body is read where somebody known sends it."""
