"""What the image adds to the services: its words, its health check, the lock without a laptop's packages."""

from __future__ import annotations

import ast
import os
import re
import stat
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.console.folders import StateFolder
from deploy.console.keys.container_secrets import make_secrets
from deploy.container.__main__ import app
from deploy.container.health import door
from deploy.container.served import LAPTOP, served
from deploy.container.welcome import lines
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
        (
            ["notifications", "dead-letters", "list", "--json"],
            ["-m", "services.notifications", "dead-letters", "list", "--json"],
        ),
        (["appeals", "--help"], ["-m", "services.appeals", "--help"]),
        (["token", "auditor", "--hours", "1"], ["-m", "deploy.console", "token", "auditor", "--hours", "1"]),
    ],
)
def test_the_words_say_what_a_container_is(
    words: list[str], module: list[str], became: list[list[str]]
) -> None:
    assert CliRunner().invoke(app, words).exit_code == 0
    assert became == [module]


@pytest.mark.parametrize("words", [[], ["billing", "api"], ["topics", "now"]])
def test_unknown_words_are_wrong_usage(words: list[str], became: list[list[str]]) -> None:
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 2
    assert "Usage: stairs" in refused.output
    assert became == []


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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("WORKER_HEALTH_PORT", "INCIDENTS_PORT", "APPEALS_PORT", "NOTIFICATIONS_PORT"):
        monkeypatch.delenv(name, raising=False)
    asked = CliRunner().invoke(app, ["health"])
    assert asked.exit_code == 2
    assert "WORKER_HEALTH_PORT" in asked.stderr


def test_the_lock_for_the_image_has_every_package_but_a_laptops() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    names = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    kept = served(lock)
    assert set(re.findall(r"^([a-z0-9._-]+)==", kept, re.MULTILINE)) == names - LAPTOP
    assert not LAPTOP - names
    assert kept.count("--hash=sha256:") > len(names)


def test_no_service_imports_a_package_that_the_image_lacks() -> None:
    """What a service imports is in the image, also where only one of its verbs needs it."""
    packages = packages_distributions()
    nodes = [
        node
        for room in ("services", "shared")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    ]
    modules = [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    imported = {module.partition(".")[0] for module in modules}
    needed = {package.lower() for name in imported for package in packages.get(name, ())}
    assert {"aiosmtpd", "fastapi"} <= needed
    assert needed & LAPTOP == set()


def test_the_welcome_gives_every_address_and_says_where_the_tokens_are() -> None:
    said = lines({"INCIDENTS_URL": "http://127.0.0.1:8001"})
    assert any("http://127.0.0.1:8001/docs" in line for line in said)
    assert said[-1] == "tokens         var/run/tokens/ROLE.jwt, valid 12 hours; new ones: make secrets"


def test_no_container_has_the_key_that_signs_tokens() -> None:
    assert "signing" not in (ROOT / "docker-compose.yml").read_text()


def test_secrets_bring_a_file_with_a_token_for_each_role(tmp_path: Path) -> None:
    state = StateFolder.at(tmp_path)
    made = make_secrets(state)
    assert not (made / "signing-key.json").exists()
    kept = {path.stem: path for path in state.tokens.glob("*.jwt")}
    assert kept.keys() == {role.value for role in Role}
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.values()} == {0o600}
