from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from shared.process.settings import CommonSettings, DatabaseUrl, Port, load

MINIMUM = {
    "AUTH_ISSUER": "https://login.example.org",
    "AUTH_AUDIENCE": "stairs-api",
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
        "STAIRS_SANDBOX",
        "AUTH_CLAIMS",
        "AUTH_ROLES",
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
        "https://login.example.org",
        "stairs-api",
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
        "AUTH_AUDIENCE is not set: give the aud claim of the tokens to be accepted, or several with commas;"
        " needed, but for a sandbox",
        "AUTH_ISSUER is not set: give the iss claim of the tokens to be accepted; needed, but for a sandbox",
        "SAMPLE_DATABASE_URL is not set: give the database: postgresql://user@host/sample",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_JWKS_URL", "http://keys.example.org/jwks"),
        ("AUTH_JWKS_URL", "/keys/jwks.json"),
        ("AUTH_ISSUER", "   "),
        ("AUTH_ISSUER", "https://stairs.local"),
        ("AUTH_ISSUER", "https://STAIRS.local:443/realm"),
        ("AUTH_ISSUER", "https://stairs.local./"),
        ("AUTH_AUDIENCE", "   "),
        ("AUTH_AUDIENCE", "a,,b"),
        ("AUTH_CLAIMS", "realm_access.roles"),
        ("AUTH_CLAIMS", "rolle=realm_access.roles"),
        ("AUTH_CLAIMS", "role=a, role=b"),
        ("AUTH_ROLES", "stairs-lea=lea"),
        ("AUTH_LONGEST_LIFE_SECONDS", "-9"),
        ("STAIRS_SANDBOX", "perhaps"),
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


def test_a_sandbox_needs_neither_issuer_nor_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAIRS_SANDBOX", "true")
    for name in ("AUTH_ISSUER", "AUTH_AUDIENCE"):
        monkeypatch.delenv(name)
    settings = load(SampleSettings)
    assert (settings.auth_issuer, *settings.audiences) == ("https://stairs.local", "stairs")


def test_a_sandbox_may_try_another_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAIRS_SANDBOX", "true")
    assert load(SampleSettings).auth_issuer == "https://login.example.org"


def test_without_an_address_the_keys_are_where_the_issuer_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTH_JWKS_URL")
    assert load(SampleSettings).auth_jwks_url is None


@pytest.mark.parametrize("issuer", ["stairs-idp", "http://login.example.org", "file:///keys"])
def test_an_issuer_that_cannot_be_asked_safely_needs_the_address_of_its_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], issuer: str
) -> None:
    monkeypatch.setenv("AUTH_ISSUER", issuer)
    assert load(SampleSettings).auth_issuer == issuer
    monkeypatch.delenv("AUTH_JWKS_URL")
    assert refusal(capsys).startswith("AUTH_JWKS_URL is not set: give the issuer's public keys")


def test_audiences_and_mappings_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_AUDIENCE", "stairs-api, api://stairs")
    monkeypatch.setenv("AUTH_CLAIMS", "role = realm_access.roles, email=preferred_username")
    monkeypatch.setenv("AUTH_ROLES", "LEA CAASPP=lea_coordinator,cde=cde_reviewer")
    settings = load(SampleSettings)
    assert settings.audiences == {"stairs-api", "api://stairs"}
    assert settings.mapping.paths == {"role": "realm_access.roles", "email": "preferred_username"}
    assert settings.mapping.roles == {"LEA CAASPP": "lea_coordinator", "cde": "cde_reviewer"}
