"""What the process would have logged, as its lines."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from shared.observability.logging import Form, configure


def configured(form: Form) -> Iterator[io.StringIO]:
    """Real logging into memory, for the length of a test."""
    root = logging.getLogger()
    before, level, written = root.handlers, root.level, io.StringIO()
    configure(form, service="sample", stream=written)
    yield written
    configure("console", service="tests")
    root.handlers = before
    root.setLevel(level)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The JSON log."""
    yield from configured("json")


@pytest.fixture
def console_log() -> Iterator[io.StringIO]:
    """The log for people."""
    yield from configured("console")
