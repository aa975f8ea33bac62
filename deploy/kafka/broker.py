"""One Apache Kafka node on the loopback address: its storage, its process, and whether it answers.

Its state lives in one folder: ``data/`` (the logs), ``server.properties``, ``broker.pid``, ``broker.log``. A
second start on the same folder continues where the first one was. ``broker.stopped`` says that somebody
wanted its end: without it, a broker that does not run has crashed.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from string import Template

from deploy.kafka.jars import HERE, ROOT, BrokerUnavailable, fetch, jar_folder, java
from deploy.processes import command_of

PORT = 19092
START = 60.0  # seconds until the cluster must answer; 3-5 on a new folder, 12 after a crash with data
STOP = 30.0  # seconds for an orderly stop
AGAIN = 5.0  # seconds between two launches of one that does not stay
HEAP = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class Broker:
    """A node by its folder and ports; the process may or may not run, and outlives this object."""

    def __init__(
        self,
        state: Path | None = None,
        port: int = PORT,
        controller_port: int | None = None,
        *,
        advertised: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """:param advertised: ``host:port`` that clients are told to use, where something is in between.

        :param more: further properties of the server; they win over those of ``server.properties``.
        """
        self.state = state or ROOT / "var" / "kafka"
        self.port = port
        self.controller_port = controller_port or port + 1
        self.advertised = advertised or self.bootstrap
        self._more = dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None  # when it was this object that started it

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def _stopped(self) -> Path:
        return self.state / "broker.stopped"

    @property
    def _mark(self) -> str:
        return f"-Dstairs.kafka={self.state.resolve()}"

    def start(self) -> None:
        """Fetch, format and start what is not there yet; returns when the cluster answers.

        :raises BrokerUnavailable: with the reason and its remedy.
        """
        self.launch()
        self._wait_until_it_answers()

    def launch(self) -> None:
        """The same, without waiting for the cluster.

        :raises BrokerUnavailable: with the reason and its remedy.
        """
        program = java()
        fetch(jar_folder())
        self._stopped.unlink(missing_ok=True)
        if self.pid() is None:
            self._refuse_a_taken_port()
            self._prepare(program)
            self._launch(program)

    def crashed(self) -> bool:
        """Whether it ended without having been asked to, and was not launched just now."""
        mark = self.state / "broker.pid"
        if self.pid() is not None or self._stopped.exists() or not mark.exists():
            return False
        return time.time() - mark.stat().st_mtime > AGAIN

    def stop(self) -> None:
        """Stop it in order; a process that does not end in time is killed."""
        pid = self.pid()
        if pid is None:
            return
        self._stopped.touch()
        self._signal(pid, signal.SIGTERM)
        if not self._gone_within(STOP):
            self.kill()
        (self.state / "broker.pid").unlink(missing_ok=True)

    def kill(self) -> None:
        """End it as a crash would: SIGKILL, nothing flushed, nothing said."""
        pid = self.pid()
        if pid is not None:
            self._signal(pid, signal.SIGKILL)
            self._gone_within(STOP)

    def pid(self) -> int | None:
        """The id of this folder's broker process, or None when it does not run."""
        try:
            pid = int((self.state / "broker.pid").read_text())
        except (OSError, ValueError):
            return None
        if self._process is not None and self._process.pid == pid:
            return pid if self._process.poll() is None else None
        return pid if f"{self._mark} " in command_of(pid) else None

    def answers(self) -> bool:
        """Whether the cluster describes itself: readiness, not merely an open port."""
        # here: the console of a system without Kafka has a broker to stop only, and saves the client's 16 MB
        from shared.messaging.kafka.client import KafkaError, open_admin

        try:
            with open_admin(self.bootstrap) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False

    def _refuse_a_taken_port(self) -> None:
        for port in (self.port, self.controller_port):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
                raise BrokerUnavailable(
                    f"port {port} is taken by another program: stop it, or set STAIRS_KAFKA_PORT."
                )

    def _prepare(self, program: str) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        data = self.state.resolve() / "data"
        template = Template((HERE / "server.properties").read_text(encoding="utf-8"))
        words = {"port": self.port, "controller_port": self.controller_port, "logs": data}
        words["advertised"] = self.advertised
        properties = [template.substitute(words), *(f"{name}={value}" for name, value in self._more.items())]
        (self.state / "server.properties").write_text("\n".join(properties), encoding="utf-8")
        if (data / "meta.properties").exists():
            return
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "--ignore-formatted",
            "-t",
            _new_cluster_id(),
        ]
        tool += ["-c", str(self.state / "server.properties")]
        done = subprocess.run(
            self._java(program, *tool), capture_output=True, text=True, timeout=START, check=False
        )
        if done.returncode != 0:
            raise BrokerUnavailable(
                f"Kafka could not format {data}: {(done.stderr or done.stdout).strip()[-300:]}"
            )

    def _java(self, program: str, *words: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.yaml'}"
        return [program, *HEAP, self._mark, logging, "-cp", f"{jar_folder().resolve()}/*", *words]

    def _launch(self, program: str) -> None:
        with (self.state / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._java(program, "kafka.Kafka", str(self.state / "server.properties")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        (self.state / "broker.pid").write_text(str(self._process.pid))

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            if self.pid() is None:
                raise BrokerUnavailable(f"Kafka ended while it started; {self._last_words()}")
            if self.answers():
                return
            time.sleep(0.2)
        raise BrokerUnavailable(
            f"Kafka did not answer at {self.bootstrap} within {START:.0f} s; {self._last_words()}"
        )

    def _last_words(self) -> str:
        path = self.state / "broker.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        return f"{path} ends with: {lines[-1][:300] if lines else 'nothing'}"

    def _signal(self, pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.pid() is None:
                return True
            time.sleep(0.05)
        return False


def _new_cluster_id() -> str:
    """An id as Kafka makes them; one that began with a dash would be taken for an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made
