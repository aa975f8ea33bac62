"""What the processes are, what each is told, and what the supervisor is told about them."""

from __future__ import annotations

import configparser
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.console.folders import StateFolder
from deploy.console.local.programs import (
    owner_environment,
    plain_environment,
    programs,
    service_environment,
)
from deploy.console.local.run_record import RunRecord, record_for
from deploy.console.local.supervisor import configuration, socket_path
from deploy.console.ports import SERVICES, Ports


@pytest.fixture
def place(tmp_path: Path) -> StateFolder:
    return StateFolder.at(tmp_path)


@pytest.fixture
def notes() -> RunRecord:
    return record_for(Ports(), "/run/postgres")


def test_each_service_has_an_api_and_a_worker(place: StateFolder, notes: RunRecord) -> None:
    names = [program.name for program in programs(place, notes)]
    assert names == ["mailbox", *(f"{s}-api" for s in SERVICES), *(f"{s}-worker" for s in SERVICES)]


def test_relays_run_apart_when_asked(place: StateFolder, notes: RunRecord) -> None:
    apart = replace(notes, separate_relays=True, kafka="127.0.0.1:9092")
    assert {f"{s}-relay" for s in SERVICES} <= {program.name for program in programs(place, apart)}
    assert service_environment("appeals", place, apart)["RELAY_EMBEDDED"] == "false"


def test_without_kafka_no_relay_is_started(place: StateFolder, notes: RunRecord) -> None:
    apart = replace(notes, separate_relays=True)
    assert not [each.name for each in programs(place, apart) if each.name.endswith("-relay")]


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_is_told_anothers_database(service: str, place: StateFolder, notes: RunRecord) -> None:
    told = service_environment(service, place, notes)
    assert [name for name in told if name.endswith("_DATABASE_URL")] == [f"{service.upper()}_DATABASE_URL"]


def test_no_process_is_told_how_the_owner_logs_in(place: StateFolder, notes: RunRecord) -> None:
    told = {name for program in programs(place, notes) for name in program.environment}
    owners = set().union(*(owner_environment(service, place, notes) for service in SERVICES))
    assert (told & owners, len(owners)) == (set(), len(SERVICES))


@pytest.mark.parametrize("service", ["appeals", "notifications"])
def test_only_incidents_is_told_where_the_keys_of_ssids_are(
    service: str, place: StateFolder, notes: RunRecord
) -> None:
    assert not [
        name for name in service_environment(service, place, notes) if "KEK" in name or "REF_KEY" in name
    ]


def test_kafka_is_named_only_when_it_runs(place: StateFolder, notes: RunRecord) -> None:
    assert "KAFKA_BOOTSTRAP_SERVERS" not in service_environment("appeals", place, notes)
    told = service_environment("appeals", place, replace(notes, kafka="127.0.0.1:19092"))
    assert told["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:19092"


def test_settings_of_the_callers_shell_do_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    assert "KAFKA_BOOTSTRAP_SERVERS" not in plain_environment()


def test_the_supervisor_restarts_what_dies_and_stops_workers_before_apis(
    place: StateFolder, notes: RunRecord
) -> None:
    conf = configparser.RawConfigParser()
    conf.read_string(configuration(place, programs(place, notes)))
    api, worker = conf["program:incidents-api"], conf["program:incidents-worker"]
    assert (api["autorestart"], worker["autorestart"]) == ("true", "true")
    assert int(api["priority"]) < int(worker["priority"])


def test_a_percent_sign_in_a_value_is_not_taken_for_an_expansion(
    place: StateFolder, notes: RunRecord
) -> None:
    odd = replace(notes, socket="/run/a b%c")
    assert "host=/run/a%%20b%%25c" in configuration(place, programs(place, odd))


def test_a_socket_never_has_too_long_a_path(tmp_path: Path) -> None:
    deep = StateFolder(tmp_path / ("d" * 120))
    assert len(str(socket_path(deep))) < 108


def test_mails_go_to_the_mailbox_unless_another_server_is_named(place: StateFolder, notes: RunRecord) -> None:
    told = service_environment("notifications", place, notes)
    assert told["NOTIFICATIONS_SMTP_URL"] == f"smtp://127.0.0.1:{notes.ports['smtp']}"
    elsewhere = service_environment("notifications", place, replace(notes, smtp="smtp://relay:25"))
    assert elsewhere["NOTIFICATIONS_SMTP_URL"] == "smtp://relay:25"
