"""What the image adds to the services: its words, its health check, the lock without a laptop's packages."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from deploy.container import __main__ as entry
from deploy.container.health import door
from deploy.container.served import LAPTOP, served
from deploy.container.welcome import lines
from shared.http.signing_key import SigningKey
from shared.kernel.actor import Role

ROOT = Path(__file__).parents[3]


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the entry point turned into."""
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, words: seen.append(list(words[1:])))
    return seen


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (["incidents", "api"], ["-m", "services.incidents", "api"]),
        (["notifications", "migrate"], ["-m", "services.notifications", "migrate"]),
        (["topics"], ["-m", "deploy.kafka", "topics"]),
        (["welcome"], ["-m", "deploy.container.welcome"]),
        (["token", "auditor", "--hours", "1"], ["-m", "deploy.console", "token", "auditor", "--hours", "1"]),
    ],
)
def test_the_words_say_what_a_container_is(
    words: list[str], module: list[str], became: list[list[str]]
) -> None:
    entry.main(words)
    assert became == [module]


@pytest.mark.parametrize("words", [[], ["billing", "api"], ["topics", "now"]])
def test_words_that_nobody_knows_are_answered_with_those_that_there_are(
    words: list[str], became: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(words) == 2
    assert became == []
    assert "incidents|appeals|notifications" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "port"),
    [
        ({"WORKER_HEALTH_PORT": "8010"}, 8010),
        ({"APPEALS_PORT": "8002"}, 8002),
        ({"WORKER_HEALTH_PORT": "8010", "APPEALS_PORT": "8002"}, 8010),
        ({"APPEALS_PORT": ""}, None),
        ({}, None),
    ],
)
def test_the_health_check_asks_where_the_settings_say(environment: dict[str, str], port: int | None) -> None:
    assert door(environment) == port


def test_a_container_without_a_port_to_ask_is_told_which_settings_give_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("WORKER_HEALTH_PORT", "INCIDENTS_PORT", "APPEALS_PORT", "NOTIFICATIONS_PORT"):
        monkeypatch.delenv(name, raising=False)
    assert entry.main(["health"]) == 2
    assert "WORKER_HEALTH_PORT" in capsys.readouterr().err


def test_the_lock_for_the_image_has_every_package_but_a_laptops() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    names = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    kept = served(lock)
    assert set(re.findall(r"^([a-z0-9._-]+)==", kept, re.MULTILINE)) == names - LAPTOP
    assert not LAPTOP - names
    assert kept.count("--hash=sha256:") > len(names)


def test_the_welcome_gives_every_address_and_a_token_for_every_role(tmp_path: Path) -> None:
    said = lines({"INCIDENTS_URL": "http://127.0.0.1:8001"}, SigningKey.in_folder(tmp_path))
    assert any("http://127.0.0.1:8001/docs" in line for line in said)
    assert {role.value for role in Role} <= set(said)
    assert sum(line.startswith("eyJ") for line in said) == len(Role)
