"""Where the engine keeps everything it makes, and what its clients must be told.

One folder (``STAIRS_ENGINE``, else ``/var/lib/stairs-engine``) holds images, volumes, settings and tools,
apart from any podman or Docker of this machine; what must not outlive a reboot lies under ``/run``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=4096:4096"]
log_driver = "k8s-file"
log_size_max = 10485760
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
compat_api_enforce_docker_hub = false
tmp_dir = "{fleeting}/libpod"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{fleeting}/storage"
"""
REGISTRIES_CONF = """\
# None: a name without a host means an image that is here, or nothing.
unqualified-search-registries = []
"""
USUAL = "/var/lib/stairs-engine"
MARK = "storage.conf"  # it names the folder itself


class EngineUnavailable(Exception):  # noqa: N818 - says what is so
    """Why there can be no engine here, in one sentence with its remedy."""


@dataclass(frozen=True)
class EngineFolder:
    """The engine's folders."""

    folder: Path
    fleeting: Path  # under /run: gone after a reboot, by which podman notices one

    @classmethod
    def of_this_machine(cls) -> EngineFolder:
        """That which ``STAIRS_ENGINE`` names; two of them live side by side."""
        folder = Path(os.environ.get("STAIRS_ENGINE", USUAL)).absolute()
        if folder == Path(USUAL):
            return cls(folder, Path("/run/stairs-engine"))
        # never by the folder's own name: /run/user and /run/podman are the machine's
        return cls(folder, Path(f"/run/stairs-engine-{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"))

    @property
    def socket(self) -> Path:
        """Where Docker's API is served."""
        return self.fleeting / "engine.sock"

    @property
    def log(self) -> Path:
        """What the long steps and the API said."""
        return self.folder / "log"

    @property
    def compose(self) -> Path:
        """Docker Compose, which runs by itself and as a plug-in of a docker command."""
        return self.folder / "docker" / "cli-plugins" / "docker-compose"

    def prepare(self) -> None:
        """Make the folders and write the settings; quick, and harmless to a running engine.

        :raises EngineUnavailable: not root, or the folder cannot be written, or is somebody else's.
        """
        if os.geteuid() != 0:
            raise EngineUnavailable(
                "the engine must be started as root: sudo make engine, or install Docker instead"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.made() and any(self.folder.iterdir()):
                raise EngineUnavailable(
                    f"{self.folder} holds something else: set STAIRS_ENGINE to another folder"
                )
            self.folder.chmod(0o711)
            for name, text in _settings(self).items():  # first: by them the folder is known as ours
                (self.folder / name).write_text(text)
            for folder in (self.fleeting, self.log, self.compose.parent):
                folder.mkdir(parents=True, exist_ok=True)
            clients = (
                self.folder / "docker" / "config.json"
            )  # podman wants it to be there, Docker writes into it
            if not clients.exists():
                clients.write_text("{}\n")
        except OSError as error:
            raise EngineUnavailable(
                f"cannot use {error.filename}: {error.strerror}; set STAIRS_ENGINE to another folder"
            ) from error

    def made(self) -> bool:
        """Whether the folder is an engine's; without its settings ``podman`` means the machine's own."""
        try:
            return f'graphroot = "{self.folder}/storage"' in (self.folder / MARK).read_text().splitlines()
        except OSError:
            return False

    def podman_environment(self) -> dict[str, str]:
        """The environment in which ``podman`` means this engine."""
        return {
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
            "BUILDAH_ISOLATION": "chroot",
        }

    def client_environment(self) -> dict[str, str]:
        """What docker, Compose and testcontainers need to reach it.

        testcontainers thinks that it runs in a container where ``/.dockerenv`` exists, and then asks for what
        podman does not tell: it is told how to connect. Its reaper wants the engine's socket in a container.
        """
        return {
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.folder / "docker"),
            "TESTCONTAINERS_RYUK_DISABLED": "true",
            "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
            "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
        }

    @contextmanager
    def alone(self, task: str) -> Iterator[None]:
        """Hold one task of the engine; whoever comes second waits, and finds it done.

        A lock of the kernel: one that was killed leaves nothing stale behind.
        """
        with (self.folder / f"{task}.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print(f"engine: waiting for another process that is at it ({task})", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def remove(self) -> None:
        """Everything; nothing of it may run any more.

        :raises EngineUnavailable: the folder is not ours.
        """
        if self.folder.exists() and not self.made():
            raise EngineUnavailable(f"{self.folder} is no engine's folder: nothing was removed")
        shutil.rmtree(self.fleeting, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _settings(state: EngineFolder) -> dict[str, str]:
    words = {"folder": state.folder, "fleeting": state.fleeting}
    return {
        MARK: STORAGE_CONF.format(**words),
        "containers.conf": CONTAINERS_CONF.format(**words),
        "registries.conf": REGISTRIES_CONF,
    }
