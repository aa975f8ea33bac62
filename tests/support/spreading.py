"""How pytest-xdist spreads the tests over its processes: `pytest -n 2`.

A module stays in one process, in its order, because its tests may share a system; what runs once for each
transport is two such parts; modules that start the same costly server are one. What takes longest is given
out first: no process waits for another at the end.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TRANSPORTS = ("feeds", "kafka")
ON_ONE_SERVER = {  # each process that runs one of these starts a secured Kafka of its own
    "tests/integration/deploy/test_bad_settings.py": "a secured Kafka",
    "tests/integration/shared/test_secured_kafka.py": "a secured Kafka",
}
LONGEST_FIRST = ("e2e", "faults", "integration", "contract", "unit")


class Spreading(LoadScopeScheduling):  # type: ignore[misc]  # xdist is not typed
    """By module and transport."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """The name of the part to which a test belongs."""
    module, _, test = nodeid.partition("::")
    words = test.rstrip("]").replace("[", "-").split("-")
    return " ".join([ON_ONE_SERVER.get(module, module), *(each for each in TRANSPORTS if each in words)])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spreading:
    """In the process that gives the tests out."""
    config.option.loadscopereorder = False
    return Spreading(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In each process: the order in which they are given out."""
    if hasattr(config, "workerinput"):
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    layer = item.nodeid.split("/")[1]
    return LONGEST_FIRST.index(layer) if layer in LONGEST_FIRST else -1
