from __future__ import annotations

import io
import json
import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.trail import Trail
from shared.observability.correlation import (
    accepted_or_new,
    accepted_traceparent,
    correlation_id,
    following,
    sane_traceparent,
)
from shared.observability.log_lines import level_of
from shared.observability.logging import tell
from shared.observability.redaction import MASK, redact, redact_value

SSID = "8472615039"


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_says_what_happened_when_and_to_whom_it_belongs(log: io.StringIO) -> None:
    token = correlation_id.set("corr-1")
    structlog.get_logger("services.incidents").info("case_submitted", number="2018-19-000123")
    correlation_id.reset(token)
    (line,) = lines(log)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "case_submitted",
        "level": "info",
        "logger": "services.incidents",
        "service": "sample",
        "correlation_id": "corr-1",
        "number": "2018-19-000123",
    }


def test_other_peoples_lines_go_the_same_way(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("student %s", SSID)
    (line,) = lines(log)
    assert (line["event"], line["level"], line["service"]) == (f"student {MASK}", "warning", "sample")


def test_no_ssid_reaches_the_log_in_whatever_it_hides(log: io.StringIO) -> None:
    logger = structlog.get_logger("x")
    logger.info(
        *[f"filed {SSID}"],
        ssid=SSID,
        float=float(SSID),
        number=int(SSID),
        listed=[{SSID: (SSID, b"x" + SSID.encode())}],
    )
    logger.info("bound", **{f"key_{SSID}": {SSID}, "thing": Thing()})
    try:
        int(f"no number, but {SSID}")
    except ValueError:
        logger.exception("failed")
        logging.getLogger("elsewhere").exception("failed %s", SSID)
    assert SSID not in log.getvalue()
    assert len(lines(log)) == 4


class Thing:
    def __repr__(self) -> str:
        return f"Thing({SSID})"


def test_a_line_names_the_trace_and_masks_what_an_older_one_holds(log: io.StringIO) -> None:
    for trace_id in ("4bf92f3577b34da6a3ce929d0e0e4736", f"ab{SSID}cd43dd8448eb211c8031"):
        with following(Trail("corr-1", f"00-{trace_id}-b7ad6b7169203331-01")):
            structlog.get_logger("x").info("case_submitted", ssid=SSID)
    usual, old = lines(log)
    assert (usual["correlation_id"], usual["trace_id"], usual["ssid"]) == (
        "corr-1", "4bf92f3577b34da6a3ce929d0e0e4736", MASK,
    )  # fmt: skip
    assert old["trace_id"] == f"ab{MASK}cd43dd8448eb211c8031"


@pytest.mark.parametrize(
    "form",
    ["00-ab{}cd43dd8448eb211c8031-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-ab{}cdef-01"],
)
def test_a_traceparent_that_hides_an_ssid_is_masked_and_still_one(form: str) -> None:
    masked = accepted_traceparent(form.format(SSID))
    assert masked == form.format("f" * 10)
    assert accepted_traceparent(masked) == masked


@pytest.mark.parametrize(
    "form", ["{}", "x-{}", "6f0c1d5e-0000-4000-8000-ab{}", "6f0c1d5e-0000-4000-8000-{}ab"]
)
def test_a_correlation_id_that_hides_an_ssid_is_replaced(form: str) -> None:
    assert SSID not in accepted_or_new(form.format(SSID))


@pytest.mark.parametrize("sent", ["corr-1", "6f0c1d5e-0000-4000-8000-abcdef123456"])
def test_a_harmless_correlation_id_is_kept(sent: str) -> None:
    assert accepted_or_new(sent) == sent


HOSTILE = "a\x1b[2J\x1b]0;t\x07\x9b31m\rb\x08\u202e\u2028c\nforged 2026-01-01 [info ] x"


def test_no_control_character_reaches_a_terminal_by_the_log(console_log: io.StringIO) -> None:
    logger = structlog.get_logger("x")
    logger.info(HOSTILE, value=HOSTILE, **{HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]})
    logging.getLogger("uvicorn.error").warning("%s", HOSTILE)
    try:
        int(HOSTILE + "x")
    except ValueError:
        logger.exception("it_broke")
    said = console_log.getvalue()
    assert said.replace("\n", "").isprintable()
    assert not any(line.startswith("forged") for line in said.splitlines())
    assert [level_of(line) for line in said.splitlines() if level_of(line)] == [20, 30, 40]


def test_no_control_character_is_in_a_line_for_machines(log: io.StringIO) -> None:
    structlog.get_logger("x").info(HOSTILE, value=HOSTILE)
    assert log.getvalue().rstrip("\n").isprintable()
    assert lines(log)[0]["value"] == HOSTILE


@pytest.mark.parametrize("near", ["{}a" * 3, "0{}", "x{}", "00-{}", "{}-{}"])
def test_what_is_no_trace_id_saves_no_ssid(near: str) -> None:
    assert SSID not in redact(near.format(*[f"a{SSID}b"] * 3))


def test_a_line_of_the_hot_path_reads_like_the_others(log: io.StringIO) -> None:
    with following(Trail("corr-1")):
        tell("x", "request_done", status=201)
        structlog.get_logger("x").info("request_done", status=201)
    quick, usual = lines(log)
    assert quick.pop("timestamp")[-1] == usual.pop("timestamp")[-1] == "Z"
    assert quick == usual


def test_people_see_lines_of_the_hot_path_too(console_log: io.StringIO) -> None:
    tell("x", "request_done", status=201)
    assert "request_done" in console_log.getvalue()


def test_people_get_a_plain_traceback(console_log: io.StringIO) -> None:
    try:
        int(f"no number, but {SSID}")
    except ValueError:
        structlog.get_logger("x").exception("it_broke")
    assert "Traceback (most recent call last)" in console_log.getvalue()
    assert SSID not in console_log.getvalue()


@pytest.mark.parametrize("level", ["info", "warning", "error", "critical"])
def test_a_line_for_people_names_its_level(console_log: io.StringIO, level: str) -> None:
    getattr(structlog.get_logger("x"), level)("mail_tried", said="[error] [debug]")
    logging.getLogger("uvicorn.error").log(logging.getLevelNamesMapping()[level.upper()], "[info] %s", "x y")
    said = console_log.getvalue().splitlines()
    assert [level_of(line) for line in said] == [logging.getLevelNamesMapping()[level.upper()]] * 2


@pytest.mark.parametrize(
    "line", ["", "Traceback (most recent call last):", "  raise Trouble[info] x", "[info] x"]
)
def test_other_lines_have_no_level(line: str) -> None:
    assert level_of(line) is None


@pytest.mark.parametrize(
    "left_alone", ["19647336012345", "1964733", "2018-19-000123", "123456789", "12345678901", "stu_abc", ""]
)
def test_only_runs_of_exactly_ten_digits_are_masked(left_alone: str) -> None:
    assert redact(left_alone) == left_alone


@pytest.mark.parametrize("around", ["{}", "a{}b", "{},{}", "-{}.", "0x{}", "\n{}\n", "é{}"])
def test_ten_digits_are_masked_wherever_they_stand(around: str) -> None:
    assert SSID not in redact(around.format(SSID, SSID))


@given(st.uuids())
def test_a_uuid_stays_whole(value: UUID) -> None:
    assert redact(f"case {value} filed") == f"case {value} filed"


def test_ten_digits_at_the_end_of_a_uuid_are_no_ssid() -> None:
    assert redact(f"6f0c1d5e-0000-4000-8000-ab{SSID} {SSID}") == f"6f0c1d5e-0000-4000-8000-ab{SSID} {MASK}"


@given(st.text(), st.text())
def test_no_text_around_it_saves_an_ssid(before: str, after: str) -> None:
    assert redact_value(f"{before} {SSID} {after}") == f"{redact(before)} {MASK} {redact(after)}"


def test_values_keep_their_kinds() -> None:
    value = {"a": [1, 2.5, None, True], "id": uuid4()}
    assert redact_value(value) == {"a": [1, 2.5, None, True], "id": str(value["id"])}


@pytest.mark.parametrize(
    "odd",
    [
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "",
        None,
    ],
)
def test_an_odd_traceparent_is_dropped(odd: str | None) -> None:
    assert sane_traceparent(odd) is None


def test_a_traceparent_is_kept() -> None:
    sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert sane_traceparent(sent) == sent
