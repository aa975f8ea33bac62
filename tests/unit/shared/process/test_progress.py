"""A one-off verb says how far it is."""

from __future__ import annotations

import pytest

from deploy.console.rebuilding import LINE
from shared.process.progress import told


def test_the_first_and_the_last_step_are_always_said(capsys: pytest.CaptureFixture[str]) -> None:
    progress = told("rebuild", "case_list")
    for done in range(0, 1001, 100):
        progress(done, 1000)
    said = capsys.readouterr().out.splitlines()
    assert (said[0], said[-1]) == ("rebuild case_list 0/1000", "rebuild case_list 1000/1000")
    assert len(said) < 11


def test_the_console_understands_it(capsys: pytest.CaptureFixture[str]) -> None:
    told("rebuild", "case_list")(5, 5)
    match = LINE.match(capsys.readouterr().out.strip())
    assert match is not None
    assert match.groupdict() == {"what": "case_list", "done": "5", "total": "5"}
