"""The engine's own decisions: what it keeps where, whom it asks, what a stand-in is made of."""

from __future__ import annotations

import compileall
import os
import re
import threading
import tomllib
from pathlib import Path
from typing import ClassVar

import pytest
from setuptools import find_packages
from typer.testing import CliRunner

from deploy.engine import bases, compose, images, podman, reach, ticker
from deploy.engine.__main__ import app
from deploy.engine.podman import ROOT
from deploy.engine.state import EngineFolder, EngineUnavailable
from deploy.engine.steps import do

DEB822 = "Types: deb\nURIs: mirror\nSuites: bookworm bookworm-updates\nComponents: main\n"


@pytest.fixture
def state(tmp_path: Path) -> EngineFolder:
    return EngineFolder(tmp_path / "engine", tmp_path / "run")


def test_everything_lies_in_its_own_two_folders(state: EngineFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    state.prepare()
    for name in ("containers.conf", "storage.conf", "registries.conf"):
        settings = tomllib.loads((state.folder / name).read_text())
        paths = re.findall(r"'(/[^']*)'", str(settings))
        assert all(Path(path).is_relative_to(state.folder.parent) for path in paths)


def test_another_folder_takes_nobodys_place_under_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """/run/user and /run/podman are the machine's, and a purge removes what is fleeting."""
    found = []
    for folder in ("/srv/user", "/opt/podman", "/data/a/engine", "/data/b/engine", "/data/stairs-engine"):
        monkeypatch.setenv("STAIRS_ENGINE", folder)
        found.append(EngineFolder.of_this_machine().fleeting)
    assert all(re.fullmatch(r"/run/stairs-engine-[0-9a-f]{12}", str(path)) for path in found)
    assert len(set(found)) == len(found)


def test_the_usual_folder_has_its_usual_place_under_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAIRS_ENGINE", raising=False)
    assert EngineFolder.of_this_machine().fleeting == Path("/run/stairs-engine")


def test_somebodys_folder_is_neither_used_nor_purged(
    state: EngineFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    asked: list[object] = []
    monkeypatch.setattr("subprocess.run", lambda words, **_: asked.append(words))
    state.folder.mkdir()
    (state.folder / "letters").write_text("dear …")
    with pytest.raises(EngineUnavailable, match="holds something else"):
        state.prepare()
    with pytest.raises(EngineUnavailable, match="nothing was removed"):
        podman.purge(state)
    assert [path.name for path in state.folder.iterdir()] == ["letters"]
    assert asked == []  # without our settings podman would mean the machine's own containers


def test_its_own_folder_is_prepared_again_and_purged(
    state: EngineFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: None)
    state.prepare()
    state.prepare()
    podman.purge(state)
    podman.purge(state)
    assert not state.folder.exists()


def test_no_registry_is_ever_asked(state: EngineFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    state.prepare()
    settings = tomllib.loads((state.folder / "registries.conf").read_text())
    assert settings == {"unqualified-search-registries": []}


def test_whoever_is_not_root_is_told_what_to_do(state: EngineFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(EngineUnavailable, match="sudo make engine"):
        state.prepare()


def test_a_second_caller_waits_for_the_first(state: EngineFolder, capsys: pytest.CaptureFixture[str]) -> None:
    state.folder.mkdir()
    entered = threading.Event()

    def second() -> None:
        with state.alone("up"):
            entered.set()

    caller = threading.Thread(target=second)
    with state.alone("up"):
        caller.start()
        assert not entered.wait(0.2)
    assert entered.wait(60)
    caller.join()
    assert "waiting for another process" in capsys.readouterr().out


def test_a_step_that_fails_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of an earlier step\n")
    with pytest.raises(EngineUnavailable) as caught:
        do(["sh", "-c", "echo why; exit 3"], log)
    assert str(caught.value).endswith("why")
    assert "earlier" not in str(caught.value)
    assert str(log) in str(caught.value)


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no-such-program is not installed"):
        do(["no-such-program"], tmp_path / "log")


def test_mirrors_are_those_of_the_machine_and_of_its_release_only(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("# deb mirror bookworm main\n")
    (parts / "debian.sources").write_text(DEB822)
    (parts / "other.list").write_text("deb mirror trixie main\n")
    assert bases.sources("bookworm", tmp_path) == [parts / "debian.sources"]


def test_a_stand_in_holds_our_locks_packages_with_their_hashes() -> None:
    for each in images.STAND_INS:
        for entry in images.locked(each.wheels):
            assert entry.count("--hash=sha256:") >= 1
    with pytest.raises(EngineUnavailable, match="nobody-has-this is not in"):
        images.locked(["nobody-has-this"])


def test_a_changed_source_is_another_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    each = images.StandIn("one", ("one:1.0",), "python")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "Containerfile").write_text("FROM a")
    monkeypatch.setattr(images, "HERE", tmp_path)
    before = images.digest(each)
    assert images.digest(each) == before
    (tmp_path / "one" / "Containerfile").write_text("FROM b")
    assert images.digest(each) != before


def test_what_python_compiles_beside_a_source_makes_no_other_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = images.StandIn("one", ("one:1.0",), "python")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "server.py").write_text("answer = 42")
    monkeypatch.setattr(images, "HERE", tmp_path)
    before = images.digest(each)
    assert compileall.compile_dir(tmp_path, quiet=1)
    assert images.digest(each) == before


@pytest.mark.parametrize(
    ("check", "seconds"),
    [
        (None, None),
        ({"Test": ["NONE"]}, None),
        ({"Test": ["CMD", "true"], "Interval": 5_000_000_000}, 5.0),
        ({"Test": ["CMD", "true"]}, 30.0),
    ],
)
def test_a_container_is_asked_at_its_own_interval(
    check: dict[str, object] | None, seconds: float | None
) -> None:
    assert ticker._interval_of({"Config": {"Healthcheck": check}}) == seconds


def test_an_engine_that_the_environment_names_and_that_does_not_answer_is_not_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    assert reach.reached() is None


def test_without_an_engine_a_command_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    done = CliRunner().invoke(app, ["status"])
    assert done.exit_code == 1
    assert done.stderr == "engine: no container engine answers: make engine, or start Docker\n"


def test_an_unknown_command_is_wrong_usage() -> None:
    done = CliRunner().invoke(app, ["fly"])
    assert (done.exit_code, "No such command 'fly'" in done.stderr) == (2, True)


def test_compose_gets_its_arguments_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reached:
        environment: ClassVar[dict[str, str]] = {"DOCKER_HOST": "unix:///here"}

        def compose(self) -> list[str]:
            return ["docker", "compose"]

    became: list[list[str]] = []
    monkeypatch.setattr("deploy.engine.__main__.reached", Reached)
    monkeypatch.setattr(os, "execvpe", lambda _program, words, _environment: became.append(words))
    words = ["-f", "a.yml", "exec", "-T", "api", "--", "sh", "-c", "echo --help"]
    CliRunner().invoke(app, ["compose", *words])
    CliRunner().invoke(app, ["compose", "up", "-d", "--no-build", "--help"])
    assert became == [
        ["docker", "compose", *words],
        ["docker", "compose", "up", "-d", "--no-build", "--help"],
    ]


def test_the_engine_is_in_no_wheel() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    packages = find_packages(str(ROOT), exclude=found["exclude"], include=found["include"])
    assert "deploy.console.verbs" in packages
    assert [name for name in packages if name.startswith("deploy.engine")] == []


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("2.32.4", True),
        ("v2.40.3", True),
        ("5.4.0", True),  # there was no 3 and no 4
        ("v10.0.1", True),
        ("1.29.2", False),
        ("docker-compose", False),
        ("", False),
        (None, False),
    ],
)
def test_every_compose_that_knows_the_specification_is_used(version: str | None, fits: bool) -> None:
    assert compose.knows_the_specification(version) is fits
