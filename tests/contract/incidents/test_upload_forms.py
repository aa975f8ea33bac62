"""The form around a file of students: who may send it is judged first, its name does not matter."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import quote

import httpx
import pytest

from services.incidents.domain.cells import Cell
from shared.kernel.actor import Actor
from tests.support.http.tokens import (
    AUDITOR,
    LEA,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import cheating
from tests.support.incidents.student_files import a_csv, a_workbook, ssids

MINE = bearer(LEA_COORDINATOR)
TWELVE = ssids(12)
BOUNDARY = "a-boundary"


class Unread:
    """Fails when a file is read."""

    async def cells(self, _content: bytes, caller: str) -> Sequence[Cell]:
        raise AssertionError(f"a file of {caller} was read")


async def drafted(api: Api, actor: Actor = LEA_COORDINATOR) -> str:
    body = cheating(ssids=None, student_count=None)
    return str((await api.http.post("/v1/incidents", json=body, headers=bearer(actor))).headers["location"])


async def sent(
    api: Api,
    url: str,
    head: str | bytes,
    content: bytes,
    headers: dict[str, str] = MINE,
    end: bytes = b"--\r\n",
) -> httpx.Response:
    """A form with one part, byte by byte."""
    line = head.encode() if isinstance(head, str) else head
    body = b"--a-boundary\r\n" + line + b"\r\n\r\n" + content + b"\r\n--a-boundary" + end
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await api.http.post(f"{url}/students/upload", content=body, headers={**headers, **kind})


@pytest.mark.parametrize(
    ("actor", "status"), [(OTHER_LEA_COORDINATOR, 404), (TEST_ADMINISTRATOR, 403), (AUDITOR, 403)]
)
async def test_who_may_not_list_students_gets_no_file_read(actor: Actor, status: int) -> None:
    api = Api(Unread())
    url = await drafted(api)
    file = {"file": ("s.xlsx", a_workbook(ssids(20_000)))}
    answer = await api.http.post(f"{url}/students/upload", files=file, headers=bearer(actor))
    assert answer.status_code == status


async def test_a_site_whose_lea_files_for_it_gets_no_file_read() -> None:
    api = Api(Unread())
    url = await drafted(api, SITE_COORDINATOR)
    await api.http.put(f"/v1/filing-protocol/{LEA}", json={"filing_protocol": "lea_only"}, headers=MINE)
    answer = await sent(
        api, url, 'Content-Disposition: form-data; name="file"', b"", bearer(SITE_COORDINATOR)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "filing_protocol_lea_only")


async def test_nothing_is_read_of_a_stale_version_a_submitted_case_or_without_a_token() -> None:
    api = Api(Unread())
    url = await drafted(api)
    head = 'Content-Disposition: form-data; name="file"'
    stale = await sent(api, url, head, a_csv(TWELVE), {**MINE, "If-Match": '"7"'})
    assert stale.status_code == 412
    nobody = await sent(api, url, head, a_csv(TWELVE), {})
    assert nobody.status_code == 401
    whole = await api.http.post("/v1/incidents", json=cheating(), headers=MINE)
    await api.http.post(f"{whole.headers['location']}/submit", headers=MINE)
    late = await sent(api, whole.headers["location"], head, a_csv(TWELVE))
    assert (late.status_code, late.json()["code"]) == (409, "not_a_draft")


LONG = quote("Schüler der Klasse 11 – Auszug.xlsx")
NAMES = {
    "plain": 'filename="students.csv"',
    "no ending": 'filename="students"',
    "another ending": 'filename="students.xls"',
    "a trailing blank": 'filename="students.csv "',
    "no quotes": "filename=students.csv",
    "raw utf-8": 'filename="Schüler – 王.csv"',
    "RFC 2047, base64": f'filename="=?utf-8?B?{base64.b64encode("Schüler.csv".encode()).decode()}?="',
    "RFC 2047, quoted": 'filename="=?UTF-8?Q?Sch=C3=BCler.csv?="',
    "RFC 8187 alone": f"filename*=UTF-8''{LONG}",
    "RFC 8187 beside a plain one": f"filename=\"Schueler.xlsx\"; filename*=UTF-8''{LONG}",
    "RFC 2231, in pieces": 'filename*0="stu"; filename*1="dents.csv"',
    "RFC 8187, an unknown charset": "filename*=x-nothing''%FF%FE",
    "a Windows path": 'filename="C:\\lists\\students.csv"',
    "an escaped quote": 'filename="a \\"b\\"; name=\\"other\\".csv"',
    "empty": 'filename=""',
    "none": "",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [a_csv(TWELVE), a_workbook(TWELVE)], ids=["csv", "xlsx"])
async def test_a_file_is_taken_whatever_its_name_and_its_type_say(name: str, content: bytes) -> None:
    api = Api()
    parameters = f"; {NAMES[name]}" if NAMES[name] else ""
    head = f'Content-Disposition: form-data; name="file"{parameters}\r\nContent-Type: image/png'
    answer = await sent(api, await drafted(api), head, content)
    assert (answer.status_code, len(answer.json()["students"])) == (200, 12), answer.text
    assert api.read_here.callers == ["lea-1"]


@pytest.mark.parametrize("kind", ["text/csv", "application/vnd.ms-excel", "application/octet-stream"])
async def test_heads_in_another_order_folded_or_in_another_case_are_understood(kind: str) -> None:
    api = Api()
    head = f'content-type: {kind}\r\nCONTENT-DISPOSITION:form-data;\r\n NAME=file ;filename="s.csv"'
    assert (await sent(api, await drafted(api), head, a_csv(TWELVE))).status_code == 200


FILE = b'Content-Disposition: form-data; name="file"; filename="s.csv"'
BAD_HEADS: dict[str, tuple[bytes, str]] = {
    "another name": (FILE.replace(b'name="file"', b'name="students"'), "validation_failed"),
    "a name in the file's name": (
        b'Content-Disposition: form-data; filename="a; name=file"',
        "validation_failed",
    ),
    "no name": (b"Content-Disposition: form-data", "validation_failed"),
    "an attachment": (FILE.replace(b"form-data", b"attachment"), "validation_failed"),
    "no head": (b"X: y", "validation_failed"),
    "base64": (FILE + b"\r\nContent-Transfer-Encoding: base64", "malformed_request"),
    "a head as long as a book": (FILE + b"\r\nX: " + b"x" * 9000, "malformed_request"),
}


@pytest.mark.parametrize("case", BAD_HEADS)
async def test_a_part_that_is_no_file_is_refused(case: str) -> None:
    head, code = BAD_HEADS[case]
    api = Api(Unread())
    answer = await sent(api, await drafted(api), head, a_csv(TWELVE))
    assert (answer.status_code, answer.json()["code"]) == (400 if code == "malformed_request" else 422, code)


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        (f"multipart/form-data; boundary={BOUNDARY}", b"", "validation_failed"),
        (f"multipart/form-data; boundary={BOUNDARY}", b"--a-boundary--\r\n", "validation_failed"),
        (f"multipart/form-data; boundary={BOUNDARY}", b"--a-bound", "malformed_request"),
        (f"multipart/form-data; boundary={BOUNDARY}", b"--a-boundary\r\nX: y\r\n\r\n1", "malformed_request"),
        (
            f"multipart/form-data; boundary={BOUNDARY}",
            b"--a-boundaryX\r\n\r\n--a-boundary--",
            "malformed_request",
        ),
        ("multipart/form-data", b"--a-boundary--\r\n", "malformed_request"),
        ('multipart/form-data; boundary=""', b"--\r\n", "malformed_request"),
        (f"multipart/form-data; boundary={'b' * 71}", b"--\r\n", "malformed_request"),
        ("application/json", b"{}", "unsupported_media_type"),
        ("text/csv", b"8391045527", "unsupported_media_type"),
    ],
)
async def test_a_body_that_is_no_form_is_refused(content_type: str, body: bytes, code: str) -> None:
    api = Api(Unread())
    url = f"{await drafted(api)}/students/upload"
    answer = await api.http.post(url, content=body, headers={**MINE, "Content-Type": content_type})
    assert answer.json()["code"] == code
    assert answer.status_code in (400, 415, 422)


async def test_the_content_may_hold_what_looks_like_a_boundary() -> None:
    api = Api()
    content = a_csv(TWELVE) + b"\r\n--a-boundar\r\n"
    answer = await sent(api, await drafted(api), FILE, content)
    assert answer.json()["code"] == "only_ssids_allowed"  # the whole of it was read
    assert answer.json()["errors"][0]["pointer"] == "A14"


async def test_ten_thousand_parts_are_refused_as_fast_as_two() -> None:
    api = Api(Unread())
    part = b"--a-boundary\r\n" + FILE + b"\r\n\r\n1\r\n"
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    url = f"{await drafted(api)}/students/upload"
    answer = await api.http.post(url, content=part * 10_000, headers={**MINE, **kind})
    assert answer.json()["errors"][0]["code"] == "unknown_property"
