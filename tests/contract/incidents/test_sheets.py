"""The process that reads a file: bounded, alone, without settings; one file of a caller at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import pytest

from services.incidents.domain.cells import Cell
from services.incidents.domain.errors import UploadsInTurn, UploadUnreadable, WorkbookTooLarge
from services.incidents.providers.reading_process import MEMORY
from services.incidents.providers.sheets import MOST_WAITING, PASSED_ON, Answer, Sheets
from shared.kernel.errors import Refusal
from shared.persistence.faults import StoreUnavailable
from tests.support.eventually import eventually
from tests.support.incidents.student_files import a_csv, a_workbook, ssids

TWELVE = ssids(12)


def reading(code: str, *, longest: float = 100.0) -> Sheets:
    """Files are read by this instead: the body of a function of ``content``."""
    begin = "import os, sys, time\nfrom services.incidents.domain.cells import Cell\n"
    begin += "from services.incidents.providers.reading_process import serve\n"
    told = "\n".join(f"    {line}" for line in code.splitlines())
    program = f"{begin}def read(content):\n{told}\nserve(read)"
    return Sheets((sys.executable, "-P", "-c", program), longest=longest)


async def test_cells_come_back_as_they_are_in_the_file() -> None:
    sheets = Sheets()
    assert await sheets.cells(a_csv(["SSID", TWELVE[0]]), "me") == [Cell("A1", "SSID"), Cell("A2", TWELVE[0])]
    cells = await sheets.cells(a_workbook(TWELVE), "me")
    assert [cell.text for cell in cells] == TWELVE


async def test_a_refusal_comes_back_with_its_words_and_places() -> None:
    with pytest.raises(Refusal) as refused:
        await Sheets().cells(a_csv([*TWELVE, "8391045777,Ann"]), "me")
    assert (refused.value.code, refused.value.issues[0].pointer) == ("only_ssids_allowed", "B13")


async def test_the_process_knows_no_setting_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCIDENTS_DATABASE_URL", "postgresql://u:secret@h/d")
    cells = await reading("return [Cell('A1', name) for name in os.environ]").cells(b"", "me")
    assert {cell.text for cell in cells} <= {*PASSED_ON, "LC_CTYPE"}


ATTACKS = {
    "all the memory": "x = []\nwhile True: x.append(bytes(10_000_000))",
    "all the time": "while True: pass",
    "a crash": "os.abort()",
    "an end without an answer": "os._exit(0)",
    "an end of another kind": "os._exit(3)",
    "an answer as long as a book": "return [Cell('A1', 'x' * 100)] * 100_000",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_what_a_file_brings_about_ends_its_process_alone(attack: str) -> None:
    sheets = reading(
        f"if content != b'good':\n    {ATTACKS[attack].replace(chr(10), chr(10) + '    ')}\nreturn []"
    )
    with pytest.raises((WorkbookTooLarge, UploadUnreadable)):
        await sheets.cells(a_csv(TWELVE), "me")
    assert await sheets.cells(b"good", "me") == []


async def test_a_process_that_says_something_else_is_ended_and_another_one_started() -> None:
    sheets = Sheets((sys.executable, "-P", "-c", "print('{' * 10_000)"))
    for _ in range(2):
        with pytest.raises(WorkbookTooLarge):
            await sheets.cells(a_csv(TWELVE), "me")


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of addresses is kept on Linux only")
async def test_no_process_takes_more_memory_than_it_may() -> None:
    with pytest.raises(WorkbookTooLarge):
        await reading(f"bytes({MEMORY})").cells(b"", "me")


async def test_a_process_that_waits_for_ever_is_ended() -> None:
    sheets = reading("time.sleep(600)", longest=0.5)
    with pytest.raises(StoreUnavailable):
        await sheets.cells(b"", "me")


async def test_where_no_process_can_be_started_it_is_not_the_files_fault() -> None:
    with pytest.raises(StoreUnavailable):
        await Sheets(("/no/such/program",)).cells(a_csv(TWELVE), "me")


async def test_a_caller_who_leaves_leaves_no_process_behind() -> None:
    sheets = reading("time.sleep(600)")
    asked = asyncio.ensure_future(sheets.cells(b"", "me"))

    async def begun() -> bool:
        return sheets.at_work != []

    await eventually(begun)
    (reader,) = sheets.at_work
    asked.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asked
    with pytest.raises(ProcessLookupError):
        os.kill(reader.pid, 0)


async def test_an_unknown_refusal_is_an_unreadable_file() -> None:
    with pytest.raises(UploadUnreadable):
        await reading("raise KeyError(content)").cells(b"", "me")


class Noted(Sheets):
    """Notes when a reading begins and ends."""

    def __init__(self) -> None:
        super().__init__()
        self.notes = ""

    async def _read(self, content: bytes) -> Answer | None:
        self.notes += f"+{content.decode()}"
        for _ in range(3):
            await asyncio.sleep(0)
        self.notes += f"-{content.decode()}"
        return {"cells": [], "peak": 0}


async def test_files_of_a_caller_are_read_one_after_the_other_and_few_may_wait() -> None:
    sheets = Noted()
    mine = [asyncio.ensure_future(sheets.cells(b"m", "me")) for _ in range(MOST_WAITING + 3)]
    ended = await asyncio.gather(*mine, return_exceptions=True)
    assert [type(one) for one in ended if one != []] == [UploadsInTurn] * 2
    assert sheets.notes == "+m-m" * (MOST_WAITING + 1)
    assert await sheets.cells(b"n", "me") == []  # and again, once there is room
    assert all(one.retry_after for one in ended if isinstance(one, UploadsInTurn))


async def test_another_caller_need_not_wait_for_mine() -> None:
    sheets = Noted()
    asked = [
        sheets.cells(name, who) for name, who in ((b"1", "me"), (b"2", "me"), (b"3", "me"), (b"a", "another"))
    ]
    await asyncio.gather(*asked)
    assert sheets.notes.index("+a") < sheets.notes.index("+2")
