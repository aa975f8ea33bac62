"""Which way the infrastructure came, and how many tests ran on it: said at the end of every run."""

from __future__ import annotations

from collections import Counter

import pytest

KEY = "ways"  # of what a worker of pytest-xdist reports
OWN = "own_broker"
CONTAINED = "containers"

_ways: dict[str, str] = {}  # fixture → where it came from
_tests: Counter[str] = Counter()  # fixture, OWN or CONTAINED → tests that ran on it


def came(fixture: str, way: str) -> None:
    """Note where a run's server is from: an image, or words."""
    _ways[fixture] = way


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Count the test with everything that it stands on."""
    request = getattr(item, "_request", None)  # knows those too that a fixture asked for by name
    asked = set(getattr(request, "_fixture_defs", ())) | set(getattr(item, "fixturenames", ()))
    stands_on = [fixture for fixture in _ways if fixture in asked]
    _tests.update(stands_on)
    _tests[CONTAINED] += any(_ways[fixture].startswith("container") for fixture in stands_on)
    _tests[OWN] += OWN in asked


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist reports what it has counted."""
    reported = getattr(session.config, "workeroutput", None)
    if reported is not None:
        reported[KEY] = (_ways, dict(_tests))


class FromWorkers:
    """Where pytest-xdist is: what its workers report is added up."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Add what this worker has counted."""
        ways, tests = getattr(node, "workeroutput", {}).get(KEY, ({}, {}))
        _ways.update(ways)
        _tests.update(tests)


def pytest_configure(config: pytest.Config) -> None:
    """Listen to workers, where there are any."""
    config.pluginmanager.register(FromWorkers())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line; none where nothing was asked for."""
    if not _ways:
        return
    parts = [f"{_tests[fixture]} on {way}" for fixture, way in _ways.items()]
    contained = [f"{_tests[CONTAINED]} tests ran on containers"] if _tests[CONTAINED] else []
    own = (
        [f"{_tests[OWN]} with a broker of their own from the jars, to stop and kill it"]
        if _tests[OWN]
        else []
    )
    terminalreporter.write_line("infrastructure: " + "; ".join([*contained, *parts, *own]))
