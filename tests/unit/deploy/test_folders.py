"""One folder holds the state of one local system, and one process holds the folder."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import secret_key, secret_text
from deploy.console.local.run_options import AddressOverrides
from deploy.console.local.run_record import RunRecord
from deploy.console.ports import Ports

NOTES = RunRecord(urls={}, ports={}, kafka=None, socket="/tmp", separate_relays=False, pid=1)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    place = StateFolder.at(tmp_path)
    key = secret_key(place.keys / "incidents.kek")
    assert stat.S_IMODE(place.keys.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_whatever_a_run_writes_lies_in_folders_of_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir(mode=0o755)  # as earlier versions made it
    place = StateFolder.at(tmp_path)
    folders = (place.log, place.audit, place.mail, place.run, place.keys, place.tokens)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_notes_that_may_name_a_mail_servers_password_are_their_owners_alone(tmp_path: Path) -> None:
    place = StateFolder.at(tmp_path)
    place.run_record.touch(mode=0o644)
    replace(NOTES, smtp="smtp://stairs:password@mail.example").write(place)
    assert stat.S_IMODE(place.run_record.stat().st_mode) == 0o600
    assert RunRecord.read(place).smtp == "smtp://stairs:password@mail.example"


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    first = secret_text(tmp_path / "password")
    assert secret_text(tmp_path / "password") == first


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert secret_text(tmp_path / "one") != secret_text(tmp_path / "two")


def test_a_second_run_on_the_same_place_is_refused(tmp_path: Path) -> None:
    place = StateFolder.at(tmp_path)
    with place.alone(), pytest.raises(CommandError, match="in use by another"), place.alone():
        pass


def test_a_place_is_free_again_after_a_run(tmp_path: Path) -> None:
    place = StateFolder.at(tmp_path)
    with place.alone():
        pass
    with place.alone():
        assert place.run.exists()


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(CommandError, match="cannot use"):
        StateFolder.at(tmp_path / "var")


def test_all_ports_are_moved_together() -> None:
    assert Ports().shifted(100).named(kafka=True) == {
        name: port + 100 for name, port in Ports().named(kafka=True).items()
    }


def test_kafkas_ports_are_opened_only_with_kafka() -> None:
    assert not any(name.startswith("kafka") for name in Ports().named(kafka=False))


def test_notes_are_read_as_they_were_written(tmp_path: Path) -> None:
    place = StateFolder.at(tmp_path)
    NOTES.write(place)
    assert RunRecord.read(place) == NOTES


def test_without_a_running_system_there_are_no_notes(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no running system"):
        RunRecord.read(StateFolder.at(tmp_path))


def test_what_stands_in_between_is_told_by_the_environment() -> None:
    told = {"STAIRS_POSTGRES_SOCKET": "/run/pooler", "STAIRS_SMTP_URL": "smtp://relay:25"}
    assert AddressOverrides.from_environment(told) == AddressOverrides("/run/pooler", None, "smtp://relay:25")
    assert AddressOverrides.from_environment({"STAIRS_SMTP_URL": ""}) == AddressOverrides()
