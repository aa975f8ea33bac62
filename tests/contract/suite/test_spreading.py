"""What must run in one process does, and a transport has a system of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.servers.ports import of_this_process
from tests.support.spreading import ON_ONE_SERVER, together


def test_a_module_stays_together() -> None:
    assert together("tests/unit/test_a.py::test_one") == together(
        "tests/unit/test_a.py::test_two[3-kafkaesque]"
    )


def test_each_transport_is_a_part() -> None:
    parts = {together(f"tests/e2e/test_a.py::test_one[{name}]") for name in ("feeds", "kafka", "x-kafka")}
    assert parts == {"tests/e2e/test_a.py feeds", "tests/e2e/test_a.py kafka"}


def test_modules_on_one_server_are_a_part_and_exist() -> None:
    assert len({together(f"{module}::test_one") for module in ON_ONE_SERVER}) == 1
    assert all(Path(module).exists() for module in ON_ONE_SERVER)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_two_processes_take_ports_of_the_same_part(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", str(workers))
    parts = []
    for worker in range(workers):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{worker}")
        parts.append(set(of_this_process(range(1000))))
    assert sum(map(len, parts)) == len(set().union(*parts)) == 1000 // workers * workers
