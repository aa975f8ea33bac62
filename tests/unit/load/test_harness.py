from __future__ import annotations

import pytest

from tests.load.harness import Report, Round, at_least, measure, over

ROWS = [
    over("good", "its twin", "fast", "slow", at_least(2)),
    over("broken", "its twin", "gone", "slow", at_least(2)),
]


def good() -> Round:
    return {"fast": 6.0, "slow": 2.0}


def broken() -> Round:
    raise RuntimeError("the last mail did not come")


def test_a_part_that_fails_costs_its_row_and_not_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    failures: dict[str, str] = {}

    rounds = measure({"broken": broken, "good": good}, 3, failures)

    report = Report(ROWS, rounds, failures)
    assert [(row.name, report.ratios(row)) for row in report.measured()] == [("good", [3.0, 3.0, 3.0])]
    assert report.as_json()["failures"] == {"broken": "RuntimeError: the last mail did not come"}
    assert "the last mail did not come" in capsys.readouterr().err


def test_a_part_that_fails_later_keeps_the_rounds_that_it_had() -> None:
    failures: dict[str, str] = {}
    answers = iter([{"fast": 6.0, "slow": 2.0}])

    rounds = measure({"once": lambda: next(answers)}, 2, failures)

    assert Report(ROWS, rounds, failures).ratios(ROWS[0]) == [3.0]
    assert list(failures) == ["once"]
