"""What of the logs a person sees under the addresses and the tokens."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from deploy.console.local.log_view import LogScreen

AT = "2026-11-27T20:38:03.778578Z"
INFO = f"{AT} [info     ] mail_tried                     [x] verdicts={{'accepted': 2}}"
WARNING = f"{AT} [warning  ] store_did_not_answer           [x] error=OperationalError"
ERROR = f"{AT} [error    ] request_failed                 [x] route=/v1/incidents"
TRACEBACK = ("Traceback (most recent call last):", "ZeroDivisionError: division by zero")


def shown(folder: Path, *lines: str, level: int = logging.WARNING) -> list[str]:
    """What is on the screen after a process wrote these lines."""
    said = io.StringIO()
    log = folder / "incidents-api.log"
    log.write_text(f"{ERROR} of an earlier run\n")
    screen = LogScreen(folder, ["incidents-api"], Console(file=said), level)
    with log.open("a") as more:
        more.writelines(f"{line}\n" for line in lines)
    screen.show_news()
    return said.getvalue().splitlines()


def test_what_goes_well_is_not_news(tmp_path: Path) -> None:
    assert shown(tmp_path, *[INFO] * 157) == []


@pytest.mark.parametrize("line", [WARNING, ERROR])
def test_what_matters_is_shown_with_the_process_it_comes_from(tmp_path: Path, line: str) -> None:
    assert shown(tmp_path, INFO, line, INFO) == [f"incidents-api │ {line}"]


def test_what_names_no_level_is_shown(tmp_path: Path) -> None:
    assert shown(tmp_path, INFO, *TRACEBACK) == [f"incidents-api │ {line}" for line in TRACEBACK]


def test_every_line_for_those_who_ask(tmp_path: Path) -> None:
    assert len(shown(tmp_path, INFO, WARNING, ERROR, level=logging.DEBUG)) == 3
