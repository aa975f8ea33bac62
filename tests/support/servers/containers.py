"""PostgreSQL and Apache Kafka in containers, by testcontainers, on whatever engine this machine has.

Nothing is pulled: an image that the engine does not have is a reason, as is an engine that does not answer.
testcontainers' reaper would be one more image; what a killed run left is removed by the next one instead.
A container is labelled with the process of its run, which ``shared_servers`` notes in the run's folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from deploy.console.folders import ROOT
from deploy.console.ports import HOST
from deploy.engine import api
from deploy.engine.reach import Engine, reached
from tests.support.servers.ports import free_port

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

OWNER = "stairs.tests"  # label: the process that runs the tests
PID = "pid"  # file of a run's folder: that process
USED = "containers"  # file of a run's folder: it has started some
WITHIN = 120.0  # seconds to answer, on a busy machine


def image_of(service: str) -> str:
    """The image that docker-compose.yml names."""
    told = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return str(told["services"][service]["image"])


def reason_against(image: str) -> str | None:
    """Why this image cannot be run here, in one sentence with its remedy; or None."""
    engine = reached()
    if engine is None:
        asked = f" at DOCKER_HOST={os.environ['DOCKER_HOST']}" if os.environ.get("DOCKER_HOST") else ""
        return f"containers: no engine answers{asked}: make engine, or start Docker"
    if not engine.host.startswith("unix://"):
        return f"containers: {engine.host} is not on this machine, and tests need a Unix socket"
    if not _has(engine, image):
        return f"containers: {engine.name} at {engine.host} has no image {image}: make engine, or docker pull"
    return None


def postgres_in_container(folder: Path) -> str:
    """The owner's URL of a new server, which the end of the run removes."""
    with _told(reached()):
        from testcontainers.community.postgres import PostgresContainer

        server = PostgresContainer(image_of("postgres"), driver=None, username="postgres", dbname="postgres")
        server.with_command("postgres -c max_connections=200")
        port = _published(server, 5432, folder.parent)
        server.start()
        return f"postgresql://postgres:{server.password}@{HOST}:{port}/postgres"


def kafka_in_container(folder: Path, answers: Callable[[str], bool]) -> str:
    """The address of a new broker, which answers; the end of the run removes it."""
    with _told(reached()):
        from testcontainers.core.container import DockerContainer

        broker = DockerContainer(image_of("kafka"))
        port = _published(broker, 9092, folder.parent)
        for name, value in _kraft(port).items():
            broker.with_env(name, value)
        broker.start()
        until = time.monotonic() + WITHIN
        while not answers(f"{HOST}:{port}"):
            assert time.monotonic() < until, f"{broker.image} does not answer on port {port}"
            time.sleep(0.2)
        return f"{HOST}:{port}"


def remove_containers(run: Path) -> None:
    """Remove the containers of a run."""
    engine = reached() if (run / USED).exists() else None
    if engine is not None:
        here = (run / PID).read_text()
        _remove(engine, lambda owner: owner == here)


def _has(engine: Engine, image: str) -> bool:
    for name in (image, f"localhost/{image}"):
        try:
            api.get(_socket(engine), f"/images/{name}/json")
        except OSError:
            continue
        return True
    return False


@contextmanager
def _told(engine: Engine | None) -> Iterator[None]:
    """testcontainers' environment for as long as the block; it reads it when it is imported."""
    assert engine is not None, "asked only where an engine answers"
    _remove_what_dead_runs_left(engine)
    told = {**engine.environment, "TESTCONTAINERS_RYUK_DISABLED": "true"}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def _published(container: DockerContainer, inside: int, run: Path) -> int:
    """Publish a port on the loopback only, and say whose the container is."""
    port = free_port()
    container.with_kwargs(labels={OWNER: (run / PID).read_text()})
    (run / USED).touch()
    container.ports = {f"{inside}/tcp": (HOST, port)}  # type: ignore[dict-item]  # docker takes pairs too
    return port


def _remove_what_dead_runs_left(engine: Engine) -> None:
    _remove(engine, lambda owner: not Path(f"/proc/{owner}").exists())


def _remove(engine: Engine, those: Callable[[str], bool]) -> None:
    for container in _ours(engine):
        if those(container["Labels"][OWNER]):
            api.delete(_socket(engine), f"/containers/{container['Id']}?force=true&v=true")


def _ours(engine: Engine) -> list[Mapping[str, Any]]:
    listed: list[Mapping[str, Any]] = api.get(_socket(engine), "/containers/json?all=true")
    return [container for container in listed if OWNER in (container["Labels"] or {})]


def _socket(engine: Engine) -> Path:
    return Path(engine.host.removeprefix("unix://"))


def _kraft(port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "3",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
