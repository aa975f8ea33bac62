"""Every variable of a service stands in its example file with its meaning; the console tells only such."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.console.folders import StateFolder
from deploy.console.local.programs import service_environment
from deploy.console.local.run_record import record_for
from deploy.console.ports import SERVICES, Ports
from tests.support.contracts.env_examples import example, path_of, settings_class, variables


@pytest.mark.parametrize("service", SERVICES)
def test_the_example_file_is_that_of_the_settings(service: str) -> None:
    assert path_of(service).read_text("utf-8") == example(service), (
        "run: python -m tests.support.contracts.env_examples"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_says_what_it_means(service: str) -> None:
    found = variables(settings_class(service))
    assert [name for name, field in found.items() if not field.description] == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_console_tells_a_service_only_what_it_knows(service: str, tmp_path: Path) -> None:
    notes = record_for(Ports(), "/run/postgres", kafka=True)
    told = service_environment(service, StateFolder.at(tmp_path), notes)
    assert set(told) <= set(variables(settings_class(service)))


@pytest.mark.parametrize("service", SERVICES)
def test_the_console_tells_a_service_all_that_it_needs(service: str, tmp_path: Path) -> None:
    needed = {name for name, field in variables(settings_class(service)).items() if field.is_required()}
    told = service_environment(service, StateFolder.at(tmp_path), record_for(Ports(), "/run/postgres"))
    assert needed <= set(told)
