"""The audit of acts: a line says who, what, where and with which verdict, and never an SSID."""

from __future__ import annotations

import io
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.trail import Trail
from shared.observability import audit
from shared.observability.audit import BURST, AuditStream, configure_audit, record
from shared.observability.correlation import following
from tests.support.http.issuer import Ticking

SSID = "8472615039"


@pytest.fixture
def paper() -> Iterator[io.StringIO]:
    written = io.StringIO()
    configure_audit("sample", None, stream=written)
    yield written
    audit.close()


def lines(paper: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in paper.getvalue().splitlines()]


def test_a_line_says_who_what_and_in_which_request(paper: io.StringIO) -> None:
    with following(Trail("corr-1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")):
        record("refused", {"who": "lea-1", "route": "/v1/x", "verdict": "forbidden", "school": None})
    (line,) = lines(paper)
    assert line.pop("at").endswith("Z")
    assert line == {
        "stream": "audit",
        "service": "sample",
        "act": "refused",
        "who": "lea-1",
        "route": "/v1/x",
        "verdict": "forbidden",
        "correlation_id": "corr-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_neither_an_ssid_nor_a_control_character_is_in_a_line(paper: io.StringIO) -> None:
    record("refused", {"who": f"a\x1b[2J\x9b\u202e{SSID}\nb", "on": {"cds": SSID}})
    text = paper.getvalue()
    assert SSID not in text
    assert text.rstrip("\n").isprintable()
    assert lines(paper)[0]["who"] == "a\x1b[2J\x9b\u202e**********\nb"


def test_a_flood_of_unknown_callers_is_counted_and_hides_nobody_known() -> None:
    paper, clock = io.StringIO(), Ticking()
    stream = AuditStream("sample", logging.StreamHandler(paper), now=clock)
    for _ in range(BURST + 30):
        stream.record("refused", {"verdict": "invalid_token"}, known=False)
    stream.record("refused", {"who": "lea-1"})
    clock.now += 1.0
    stream.record("refused", {"verdict": "invalid_token"}, known=False)
    said = lines(paper)
    assert [line["count"] for line in said if line["act"] == "refusals_withheld"] == [30]
    assert [line.get("who") for line in said[-2:]] == ["lea-1", None]
    assert len(said) == BURST + 3


def test_a_file_is_its_owners_alone_appended_to_and_may_be_moved_away(
    tmp_path: Path,
) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text("before\n")
    configure_audit("sample", file)
    record("migrated", {"who": "root"})
    moved = file.rename(tmp_path / "audit.1")
    record("migrated", {"who": "root"})
    assert len(moved.read_text().splitlines()) == 2
    assert len(file.read_text().splitlines()) == 1
    fresh = tmp_path / "fresh.jsonl"
    configure_audit("sample", fresh)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
    audit.close()
