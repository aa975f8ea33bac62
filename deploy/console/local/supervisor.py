"""Supervisor keeps the processes: starts in order, restarts what dies, stops in reverse (ADR 0011)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict, cast
from xmlrpc.client import Fault, ServerProxy

from deploy.console.errors import CommandError, last_lines
from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.secret_files import write_private
from deploy.console.local.programs import Program, plain_environment

STOP_SECONDS = 20  # what a process gets to drain before it is killed
SOCKET_LENGTH = 100  # a Unix socket's path must be shorter than 108 bytes


class ProcessInfo(TypedDict):
    """The part of supervisor's answer that we read."""

    name: str
    statename: str
    pid: int


class Supervisor:
    """A running supervisord, spoken to over its Unix socket."""

    def __init__(self, state: StateFolder) -> None:
        from supervisor.xmlrpc import SupervisorTransport

        self._transport = SupervisorTransport(None, None, f"unix://{socket_path(state)}")
        self._proxy = ServerProxy("http://localhost", transport=self._transport)

    def processes(self) -> list[ProcessInfo]:
        """Each kept process with its state and its id."""
        try:
            return cast("list[ProcessInfo]", self._proxy.supervisor.getAllProcessInfo())
        finally:
            self._transport.close()

    def alive(self) -> bool:
        """Whether it answers; while it shuts down it answers with a fault."""
        try:
            self.processes()
        except Fault:
            return True
        except OSError:
            return False
        return True

    def all_run(self) -> bool:
        """Whether every process runs."""
        try:
            return all(info["statename"] == "RUNNING" for info in self.processes())
        except (OSError, Fault):
            return False

    def shut_down(self) -> None:
        """Ask it to stop everything, in order, and itself."""
        with suppress(OSError, Fault):
            self._proxy.supervisor.shutdown()
        self._transport.close()


def socket_path(state: StateFolder) -> Path:
    """Beside the other files of the run, unless that path is too long for a socket."""
    path = state.run / "supervisor.sock"
    if len(os.fsencode(path)) < SOCKET_LENGTH:
        return path
    return Path(tempfile.gettempdir()) / f"stairs-{hashlib.sha256(bytes(state.run)).hexdigest()[:16]}.sock"


@contextmanager
def supervised(state: StateFolder, programs: Iterable[Program]) -> Iterator[subprocess.Popen[bytes]]:
    """Keep the programs for as long as the block, then stop them in reverse order."""
    stop_leftover(state)
    conf = state.run / "supervisord.conf"
    write_private(conf, configuration(state, programs))
    with (state.log / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", conf],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=plain_environment() | {"PYTHONUNBUFFERED": "1"},
            umask=0o077,  # logs, mails and audits are their owner's alone, whatever the folder's mode
            start_new_session=True,  # Ctrl-C reaches the console only; it stops the others in order
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(4 * STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def stop_leftover(state: StateFolder) -> None:
    """Stop what a console that was killed left running, before ports are looked at.

    :raises CommandError: it does not stop.
    """
    left = Supervisor(state)
    if not left.alive():
        return
    left.shut_down()
    until = time.monotonic() + 4 * STOP_SECONDS
    while left.alive():
        if time.monotonic() > until:
            raise CommandError(
                f"processes of an earlier run do not stop: see {state.log / 'supervisord.log'}"
            )
        time.sleep(0.1)


def refuse_dead(state: StateFolder, process: subprocess.Popen[bytes]) -> None:
    """Notice what will never become ready.

    :raises CommandError: the supervisor itself, or a process for good, is dead.
    """
    if process.poll() is not None:
        raise CommandError(f"the supervisor ended\n{last_lines(state.log / 'supervisord.out')}")
    with suppress(OSError, Fault):
        for info in Supervisor(state).processes():
            if info["statename"] == "FATAL":
                log = state.log / f"{info['name']}.log"
                raise CommandError(f"{info['name']} does not start\n{last_lines(log)}")


def configuration(state: StateFolder, programs: Iterable[Program]) -> str:
    """The text of supervisord.conf."""
    lines = [
        "; Written by `stairs run` at every start.",
        "[unix_http_server]",
        f"file = {_plain(socket_path(state))}",
        "chmod = 0700",
        "[supervisord]",
        f"logfile = {_plain(state.log / 'supervisord.log')}",
        "logfile_maxbytes = 2MB",
        "logfile_backups = 1",
        f"pidfile = {_plain(state.run / 'supervisord.pid')}",
        *(["user = root"] if os.geteuid() == 0 else []),
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]",
        f"serverurl = unix://{_plain(socket_path(state))}",
    ]
    for program in programs:
        lines += _section(state, program)
    return "\n".join(lines) + "\n"


def _section(state: StateFolder, program: Program) -> list[str]:
    environment = ",".join(f"{name}={_quoted(value)}" for name, value in program.environment.items())
    return [
        f"[program:{program.name}]",
        f"command = {' '.join(_quoted(word) for word in program.argv)}",
        f"directory = {_plain(ROOT)}",
        *([f"environment = {environment}"] if environment else []),
        f"priority = {program.priority}",
        "autorestart = true",
        "startsecs = 1",
        "startretries = 5",
        f"stopwaitsecs = {STOP_SECONDS}",
        "redirect_stderr = true",
        f"stdout_logfile = {_plain(state.log / f'{program.name}.log')}",
        "stdout_logfile_maxbytes = 10MB",
        "stdout_logfile_backups = 2",
    ]


def _plain(value: object) -> str:
    return str(value).replace("%", "%%")


def _quoted(value: str) -> str:
    return '"' + _plain(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
