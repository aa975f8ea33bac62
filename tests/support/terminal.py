"""Words on the terminal, whatever becomes of the tests: the figures of a run."""

from __future__ import annotations

import sys

import pytest


def report(config: pytest.Config, words: str) -> None:
    """A line that is shown although output is captured."""
    plugins = config.pluginmanager
    terminal = plugins.getplugin("terminalreporter")
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        if terminal is not None:
            terminal.write_line(f"\n{words}")
        else:
            # one of several processes of pytest-xdist, which has the standard error of the first alone
            sys.stderr.write(f"\n{words}\n")
