"""`make abuses` measures what it says; how fast this machine is, is no test."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.console.folders import ROOT

pytestmark = pytest.mark.timeout(300)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="attackers need a processor of their own")
def test_an_abuse_is_shown_beside_the_rest_values() -> None:
    command = [sys.executable, "-m", "tests.load.abuses", "--seconds", "0.5", "--only", "bad tokens"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr[-3000:]
    rows = [[cell.strip() for cell in line.split("│")] for line in done.stdout.splitlines()]
    (seen,) = (row for row in rows if row[1:2] == ["1,000 bad tokens a second"])
    assert "401" in seen[2]
    assert [float(figure.replace(",", "")) > 0 for figure in seen[3:9]] == [True] * 6
