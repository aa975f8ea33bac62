"""docker-compose.yml says nothing that the code does not know, and gives no more rights than needed."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pydantic_settings import BaseSettings
from typer.core import TyperGroup
from typer.main import get_command

from deploy.console.folders import StateFolder
from deploy.console.keys.container_secrets import NAMED_BY, make_secrets, tell_compose
from deploy.console.ports import PUBLISHED, Ports
from deploy.container.__main__ import BECOMES
from deploy.engine.images import STAND_INS

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: it for name, it in CONTAINERS.items() if it["image"].startswith("stairs:")}
OF_A_SERVICE = {name: it for name, it in OURS.items() if it["command"][0] not in BECOMES}
STAYING = {name: it for name, it in CONTAINERS.items() if it["restart"] != "no"}

TOP_LEVEL = {"name", "services", "volumes", "secrets"}
KEYS = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "logging",
    "mem_limit", "pids_limit", "ports", "read_only", "restart", "secrets", "security_opt", "shm_size",
    "stop_grace_period", "tmpfs", "user", "volumes",
}  # fmt: skip
CONDITIONS = {"service_healthy", "service_completed_successfully"}


def settings_of(service: str) -> set[str]:
    module = importlib.import_module(f"services.{service}.settings")
    kind: type[BaseSettings] = getattr(module, f"{service.capitalize()}Settings")
    return {str(field.validation_alias or name).upper() for name, field in kind.model_fields.items()}


def tag_of(container: dict[str, Any]) -> str:
    """The tag, or that which is used where none is asked for."""
    tag: str = container["image"].partition(":")[2]
    return tag.removeprefix("${STAIRS_TAG:-").removesuffix("}")


def service_of(container: dict[str, Any]) -> str:
    return str(container["command"][0])


def secret_sources(container: dict[str, Any]) -> set[str]:
    return {entry if isinstance(entry, str) else entry["source"] for entry in container.get("secrets", [])}


def secret_targets(container: dict[str, Any]) -> set[str]:
    return {entry["target"] for entry in container.get("secrets", []) if isinstance(entry, dict)}


def test_only_known_keys_are_used() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} <= TOP_LEVEL
    assert set().union(*CONTAINERS.values()) <= KEYS


def test_everything_that_is_needed_is_there() -> None:
    needed = {other for it in CONTAINERS.values() for other in it.get("depends_on", {})}
    assert needed <= set(CONTAINERS)
    conditions = {how["condition"] for it in CONTAINERS.values() for how in it.get("depends_on", {}).values()}
    assert conditions <= CONDITIONS


def test_whatever_is_waited_for_as_healthy_has_a_health_check() -> None:
    healthy = {
        other
        for it in CONTAINERS.values()
        for other, how in it.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    assert all("healthcheck" in CONTAINERS[name] for name in healthy)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_no_more_rights_than_it_needs(name: str) -> None:
    it = CONTAINERS[name]
    assert it["read_only"] is True
    assert it["cap_drop"] == ["ALL"]
    assert it["security_opt"] == ["no-new-privileges:true"]
    assert int(it["user"].split(":")[0]) > 0
    assert "privileged" not in it
    assert it["tmpfs"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_limited(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", CONTAINERS[name]["mem_limit"])
    assert CONTAINERS[name]["pids_limit"] > 0


@pytest.mark.parametrize("name", CONTAINERS)
def test_an_image_is_pinned(name: str) -> None:
    tag = tag_of(CONTAINERS[name])
    assert re.match(r"v?\d+\.\d+", tag)
    assert "latest" not in tag


def test_our_images_carry_our_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {tag_of(it) for it in OURS.values()} == {version}
    assert CONTAINERS["topics"]["build"]["args"]["VERSION"] == version


def test_a_stand_in_has_the_name_that_the_compose_file_uses() -> None:
    named = {it["image"] for name, it in CONTAINERS.items() if name not in OURS}
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    named |= set(re.findall(r"^FROM ([^ \n]+)", dockerfile, re.MULTILINE))
    assert named <= {tag for each in STAND_INS for tag in each.tags}


@pytest.mark.parametrize("name", STAYING)
def test_whatever_stays_has_a_health_check_without_a_shell(name: str) -> None:
    check = STAYING[name]["healthcheck"]["test"]
    assert check[0] == "CMD"
    assert not any(" " in word for word in check), "podman splits words at blanks"


def test_every_port_is_on_the_loopback() -> None:
    published = [port for it in CONTAINERS.values() for port in it.get("ports", [])]
    assert sorted(published) == sorted(f"127.0.0.1:{port}:{port}" for port in PUBLISHED.values())


def test_the_services_have_the_contracts_ports() -> None:
    ports = Ports().named(kafka=False)
    for service in ("incidents", "appeals", "notifications"):
        api = CONTAINERS[f"{service}-api"]
        assert api["ports"] == [f"127.0.0.1:{ports[service]}:{ports[service]}"]
        assert api["environment"][f"{service.upper()}_PORT"] == str(ports[service])


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_a_module_of_ours(name: str) -> None:
    first = OURS[name]["command"][0]
    module = BECOMES[first][0] if first in BECOMES else f"services.{first}"
    path = ROOT / module.replace(".", "/")
    assert (path / "__main__.py").is_file() or path.with_suffix(".py").is_file()


@pytest.mark.parametrize("name", sorted(set(OURS) - set(STAYING)))
def test_a_one_off_is_waited_for_until_it_has_completed_or_is_the_last(name: str) -> None:
    waited_for = [it["depends_on"][name] for it in CONTAINERS.values() if name in it.get("depends_on", {})]
    assert all(how == {"condition": "service_completed_successfully"} for how in waited_for)
    assert waited_for or set(OURS[name]["depends_on"]) == set(STAYING) & set(OURS)


@pytest.mark.parametrize("name", STAYING)
def test_whatever_stays_is_started_again(name: str) -> None:
    assert STAYING[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OF_A_SERVICE)
def test_a_verb_is_one_of_the_services_command_line(name: str) -> None:
    it = OF_A_SERVICE[name]
    command_line = importlib.import_module(f"services.{service_of(it)}.__main__").app
    assert it["command"][1] in cast("TyperGroup", get_command(command_line)).commands


@pytest.mark.parametrize("name", OF_A_SERVICE)
def test_a_service_is_told_only_what_it_knows(name: str) -> None:
    it = OF_A_SERVICE[name]
    told = set(it["environment"]) | {target for target in secret_targets(it) if target.isupper()}
    assert told <= settings_of(service_of(it))


@pytest.mark.parametrize("name", OF_A_SERVICE)
def test_a_service_sees_no_other_services_secrets(name: str) -> None:
    service = service_of(OF_A_SERVICE[name])
    others = {"incidents", "appeals", "notifications"} - {service}
    seen = secret_sources(OF_A_SERVICE[name])
    assert not [source for source in seen if source.split("_")[0] in others]


def test_no_secret_stands_in_the_file() -> None:
    told = " ".join(str(value) for it in CONTAINERS.values() for value in it.get("environment", {}).values())
    assert "postgresql://" not in told
    plain = [name for it in CONTAINERS.values() for name in it.get("environment", {})]
    assert not [
        name for name in plain if re.search("PASSWORD|TOKEN|KEY|SECRET", name) and not name.endswith("_FILE")
    ]


def test_a_secret_is_a_file_of_a_folder_that_has_to_be_named() -> None:
    for entry in COMPOSE["secrets"].values():
        assert re.fullmatch(rf"\$\{{{NAMED_BY}:\?[^}}]*make secrets\}}/[a-z_.-]+", entry["file"])


def test_the_console_names_that_folder_and_leaves_the_rest_of_the_file_alone(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").touch()
    (tmp_path / ".env").write_text(f"STAIRS_TAG=0.1.0\n{NAMED_BY}=/old\n")
    tell_compose(tmp_path / "var/secrets", tmp_path)
    assert (tmp_path / ".env").read_text() == f"STAIRS_TAG=0.1.0\n{NAMED_BY}=./var/secrets\n"


def test_the_console_names_no_folder_where_there_is_no_compose_file(tmp_path: Path) -> None:
    tell_compose(tmp_path / "var/secrets", tmp_path)
    assert not (tmp_path / ".env").exists()


def test_the_secrets_are_those_that_the_console_makes(tmp_path: Path) -> None:
    named = {Path(entry["file"]).name for entry in COMPOSE["secrets"].values()}
    assert {path.name for path in make_secrets(StateFolder.at(tmp_path)).iterdir()} == named


def test_secrets_that_are_there_are_not_touched_again_but_closed(tmp_path: Path) -> None:
    """They are read-only, for their owner too: to write into them again is an error for all but root."""
    folder = make_secrets(StateFolder.at(tmp_path))
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}
    folder.chmod(0o755)
    make_secrets(StateFolder.at(tmp_path))
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_every_named_secret_is_used() -> None:
    used = set().union(*(secret_sources(it) for it in CONTAINERS.values()))
    assert used == set(COMPOSE["secrets"])


def test_a_mounted_file_exists() -> None:
    mounted = [volume.split(":")[0] for it in CONTAINERS.values() for volume in it.get("volumes", [])]
    assert all((ROOT / path).exists() for path in mounted if path.startswith("./"))
