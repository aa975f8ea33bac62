"""Which way the infrastructure came, and how many tests ran on it: said at the end of every run."""

from __future__ import annotations

from collections import Counter

import pytest

_ways: dict[str, str] = {}  # fixture → where it came from
_tests: Counter[str] = Counter()  # fixture → tests that ran on it
_own = 0  # tests with a broker of their own
_all = 0  # tests on anything in a container


def came(fixture: str, way: str) -> None:
    """Note where a session's server is from: an image, or words."""
    _ways[fixture] = way


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Count the test with everything that it stands on."""
    global _own, _all  # noqa: PLW0603 - one count per run
    request = getattr(item, "_request", None)  # knows those too that a fixture asked for by name
    asked = set(getattr(request, "_fixture_defs", ())) | set(getattr(item, "fixturenames", ()))
    stands_on = [fixture for fixture in _ways if fixture in asked]
    _tests.update(stands_on)
    _all += any(_ways[fixture].startswith("container") for fixture in stands_on)
    _own += "own_broker" in asked


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line; none where nothing was asked for."""
    if not _ways:
        return
    parts = [f"{_tests[fixture]} on {way}" for fixture, way in _ways.items()]
    contained = [f"{_all} tests ran on containers"] if _all else []
    own = [f"{_own} with a broker of their own from the jars, to stop and kill it"] if _own else []
    terminalreporter.write_line("infrastructure: " + "; ".join([*contained, *parts, *own]))
