from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from shared.process.settings import CommonSettings, DatabaseUrl, Port, load

MINIMUM = {
    "AUTH_JWKS_URL": "file:///keys/jwks.json",
    "SAMPLE_DATABASE_URL": "postgresql:///sample?host=/run/pg",
}


class SampleSettings(CommonSettings):
    database_url: DatabaseUrl = Field(
        validation_alias="SAMPLE_DATABASE_URL", description="the database: postgresql://user@host/sample"
    )
    port: Port = Field(default=8009, validation_alias="SAMPLE_PORT", description="the port to serve on")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in (
        "AUTH_ISSUER",
        "AUTH_AUDIENCE",
        "KAFKA_BOOTSTRAP_SERVERS",
        "STAIRS_LOG",
        "STAIRS_CLOCK_FILE",
    ):
        monkeypatch.delenv(field, raising=False)
    for name, value in MINIMUM.items():
        monkeypatch.setenv(name, value)


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as end:
        load(SampleSettings)
    assert end.value.code == 78
    return capsys.readouterr().err


def test_the_minimum_is_enough() -> None:
    settings = load(SampleSettings)
    assert settings.database_url == "postgresql:///sample?host=/run/pg"
    assert (settings.port, settings.auth_issuer, settings.auth_audience) == (
        8009,
        "https://stairs.local",
        "stairs",
    )
    assert (settings.kafka_bootstrap_servers, settings.relay_embedded, settings.stairs_log) == (
        None,
        True,
        "json",
    )


def test_what_is_set_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
        "RELAY_EMBEDDED": "false",
        "STAIRS_LOG": "console",
        "STAIRS_CLOCK_FILE": "/tmp/clock",
        "SAMPLE_PORT": "8010",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load(SampleSettings)
    assert settings.kafka_bootstrap_servers == "127.0.0.1:9092"
    assert (settings.relay_embedded, settings.stairs_log, settings.port) == (False, "console", 8010)
    assert settings.stairs_clock_file == Path("/tmp/clock")


def test_a_secret_may_be_a_file_of_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "SAMPLE_DATABASE_URL").write_text("postgresql://sample:secret@postgres/sample\n")
    monkeypatch.setattr("shared.process.settings.SECRETS", tmp_path)
    monkeypatch.delenv("SAMPLE_DATABASE_URL")
    assert load(SampleSettings).database_url == "postgresql://sample:secret@postgres/sample"


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "")
    assert load(SampleSettings).kafka_bootstrap_servers is None


def test_each_missing_variable_is_one_line_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in MINIMUM:
        monkeypatch.delenv(name)
    assert sorted(refusal(capsys).splitlines()) == [
        "AUTH_JWKS_URL is not set: give the issuer's public keys: file:///path/jwks.json or https://…"
        " (http:// on loopback only)",
        "SAMPLE_DATABASE_URL is not set: give the database: postgresql://user@host/sample",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_JWKS_URL", "http://keys.example.org/jwks"),
        ("AUTH_JWKS_URL", "/keys/jwks.json"),
        ("AUTH_ISSUER", "   "),
        ("SAMPLE_DATABASE_URL", "sqlite:///x"),
        ("SAMPLE_PORT", "0"),
        ("SAMPLE_PORT", "http"),
        ("STAIRS_LOG", "xml"),
        ("RELAY_EMBEDDED", "perhaps"),
    ],
)
def test_an_unsafe_or_wrong_value_refuses_to_start_and_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = refusal(capsys).splitlines()
    assert line.startswith(f"{name} is wrong (")
    assert (
        value.strip() not in line.partition(": give")[0].replace("http:// address", "") or not value.strip()
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/jwks", "http://[::1]/jwks", "https://issuer/jwks"])
def test_keys_may_come_over_tls_or_from_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AUTH_JWKS_URL", url)
    assert load(SampleSettings).auth_jwks_url == url
