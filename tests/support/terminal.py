"""Words on the terminal, whatever becomes of the tests: the figures of a run."""

from __future__ import annotations

import pytest


def report(config: pytest.Config, words: str) -> None:
    """A line that is shown although output is captured."""
    plugins = config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(f"\n{words}")
