"""What infrastructure is missing is one readable reason: a skip, or a failure where it is required."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deploy.engine.reach import Engine
from tests.support.servers import containers
from tests.support.servers.containers import image_of, reason_against
from tests.support.servers.requirements import allowed, unavailable

NOWHERE = "unix:///nowhere/engine.sock"
COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"


def test_an_engine_that_does_not_answer_is_one_sentence_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    reason = reason_against("postgres:18")
    assert reason == (f"containers: no engine answers at DOCKER_HOST={NOWHERE}: make engine, or start Docker")


def test_an_engine_of_another_machine_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert "tcp://127.0.0.1:1 is not on this machine" in str(reason_against("postgres:18"))


def test_an_image_that_is_missing_is_named_and_not_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("Docker", NOWHERE, {})
    monkeypatch.setattr(containers, "reached", lambda: engine)
    reason = reason_against("postgres:18")
    assert reason == (
        f"containers: Docker at {NOWHERE} has no image postgres:18: make engine, or docker pull"
    )


def test_the_images_are_those_of_the_compose_file() -> None:
    told = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    assert (image_of("postgres"), image_of("kafka")) == (told["postgres"]["image"], told["kafka"]["image"])


@pytest.mark.parametrize("forced", ["env", "local", "containers"])
def test_one_way_can_be_forced(forced: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAIRS_INFRA", forced)
    assert [way for way in ("env", "local", "containers") if allowed(way)] == [forced]


@pytest.mark.parametrize(
    ("required", "forced", "outcome"),
    [
        ("", "", pytest.skip.Exception),
        ("kafka", "", pytest.skip.Exception),
        ("kafka,postgres", "", pytest.fail.Exception),
        ("containers", "", pytest.skip.Exception),
        ("containers", "containers", pytest.fail.Exception),
    ],
)
def test_what_is_missing_is_skipped_or_fails_where_it_is_required(
    required: str, forced: str, outcome: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAIRS_REQUIRE", required)
    monkeypatch.setenv("STAIRS_INFRA", forced)
    with pytest.raises(outcome, match="no postgres: this; that"):
        unavailable("postgres", ["this", "that"])
