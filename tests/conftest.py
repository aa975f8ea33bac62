"""Every test's layer is its folder; the unit layer has no network."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket, enable_socket

from shared.observability.logging import configure

pytest_plugins = [
    "tests.support.exchanges",
    "tests.support.contracts.openapi_examples",
    "tests.support.servers.shared_servers",
    "tests.support.spreading",
    "tests.support.servers.ways",
    "tests.support.servers.postgres",
    "tests.support.servers.kafka",
    "tests.support.servers.secured_broker",
    "tests.support.logs",
    "tests.support.logbooks.event_store",
    "tests.support.contracts.event_schemas",
    "tests.support.declared_answers",
    "tests.support.logbooks.logbook_clocks",
    "tests.support.system.system",
]

HERE = Path(__file__).parent
LAYERS = {"unit", "contract", "integration", "e2e", "faults"}


def layer_of(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0]


def pytest_configure() -> None:
    configure("console", service="tests")
    # How long an example takes says how busy the machine is, not whether the rule holds.
    settings.register_profile("stairs", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("stairs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        layer = layer_of(item)
        if layer in LAYERS:
            item.add_marker(getattr(pytest.mark, layer))


def pytest_collection_finish() -> None:
    """What was collected stays for the run: the collector need not walk it after every few tests."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if layer_of(item) == "unit":
        disable_socket(allow_unix_socket=True)
    else:
        enable_socket()
