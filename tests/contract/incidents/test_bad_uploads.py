"""Two hundred bad files through the API, each read in a process of its own: refused, within bounds."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence

import pytest

from services.incidents.domain.cells import Cell
from services.incidents.providers.reading_process import MEMORY
from services.incidents.providers.sheets import LONGEST, Answer, Sheets
from tests.support.http.tokens import CALTAC_AGENT, LEA_COORDINATOR, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.bad_files import LISTED, bad_files
from tests.support.incidents.bodies import cheating

FEWEST = 200
MOST_TAKEN = 40  # one byte of an unused part, of a name or of an SSID is spoiled: it is a list still


class Measured(Sheets):
    """Notes what each reading took."""

    def __init__(self) -> None:
        super().__init__()
        self.peaks: list[int] = []
        self.seconds: list[float] = []

    async def cells(self, content: bytes, caller: str) -> Sequence[Cell]:
        started = time.perf_counter()
        try:
            return await super().cells(content, caller)
        finally:
            self.seconds.append(time.perf_counter() - started)

    def _judged(self, answer: Answer | None) -> Sequence[Cell]:
        self.peaks.append(MEMORY if answer is None else answer["peak"])
        assert answer is None or "unforeseen" not in answer, answer
        return super()._judged(answer)


async def outcomes(
    api: Api, url: str, caller: dict[str, str], files: Sequence[tuple[str, bytes]]
) -> Counter[str]:
    seen: Counter[str] = Counter()
    for kind, content in files:
        form = {"file": ("s.xlsx", content, "text/plain")}
        answer = await api.http.post(f"{url}/students/upload", files=form, headers=caller)
        assert answer.status_code in (200, 413, 422), (kind, answer.text)
        seen[f"{answer.status_code} {answer.json().get('code', 'taken')}"] += 1
    return seen


async def test_two_hundred_bad_files_bring_no_5xx_and_take_little(capsys: pytest.CaptureFixture[str]) -> None:
    sheets = Measured()
    api, files = Api(sheets), list(bad_files())
    callers = [bearer(LEA_COORDINATOR), bearer(CALTAC_AGENT)]
    body = cheating(ssids=None, student_count=None)
    urls = [
        (await api.http.post("/v1/incidents", json=body, headers=caller)).headers["location"]
        for caller in callers
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    both = await asyncio.gather(
        *(
            outcomes(api, url, caller, files[at::2])
            for at, (url, caller) in enumerate(zip(urls, callers, strict=True))
        )
    )
    seen, grown = both[0] + both[1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what the issue asks for
            f"\n{len(files)} bad uploads, 0 x 5xx: {dict(sorted(seen.items()))}\n"
            f"  memory of a process: {max(sheets.peaks) / 1e6:.0f} MB at most (limit {MEMORY / 1e6:.0f}); "
            f"the API's grew by {grown / 1000:.0f} MB\n"
            f"  seconds: {max(sheets.seconds):.2f} at most, {sum(sheets.seconds) / len(files):.3f} on average"
        )
    assert len(files) >= FEWEST
    assert seen["200 taken"] <= MOST_TAKEN
    assert max(sheets.peaks) < 100e6
    assert max(sheets.seconds) < LONGEST
    if sys.platform == "linux":
        assert grown < 30_000  # KiB: bodies, and no file unpacked
    good = {"file": ("s.xlsx", LISTED)}
    answer = await api.http.post(f"{urls[0]}/students/upload", files=good, headers=callers[0])
    assert (answer.status_code, len(answer.json()["students"])) == (200, 12)
