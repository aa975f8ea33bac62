"""The folders under ``var/`` that hold all state of one local system."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.console.errors import CommandError

ROOT = Path(__file__).parents[2]  # the source tree: processes run here, so that ``services`` is importable


@dataclass(frozen=True)
class StateFolder:
    """The folder that holds all state of one local system."""

    var: Path

    @classmethod
    def at(cls, var: Path) -> StateFolder:
        """The folder with its subfolders made; what is in these is their owner's alone."""
        state = cls(var.expanduser().resolve())
        try:
            for folder in (
                state.var,
                state.log,
                state.audit,
                state.mail,
                state.run,
                state.keys,
                state.tokens,
            ):
                folder.mkdir(parents=True, exist_ok=True)
            for private in (state.log, state.audit, state.mail, state.run, state.keys, state.tokens):
                private.chmod(0o700)
        except OSError as error:
            raise CommandError(f"cannot use {state.var}: {error.strerror}") from error
        return state

    @property
    def log(self) -> Path:
        """One log per process."""
        return self.var / "log"

    @property
    def audit(self) -> Path:
        """Who did or was refused what, a file per process."""
        return self.var / "audit"

    @property
    def mail(self) -> Path:
        """The local mailbox: one file per Message-ID."""
        return self.var / "mail"

    @property
    def run(self) -> Path:
        """What belongs to the present run only."""
        return self.var / "run"

    @property
    def keys(self) -> Path:
        """Signing key, key-encryption key, reference key, database passwords: made once, never printed."""
        return self.var / "keys"

    @property
    def tokens(self) -> Path:
        """A ready-made bearer token per role."""
        return self.run / "tokens"

    @property
    def postgres(self) -> Path:
        """The data directory of the embedded server."""
        return self.var / "postgres"

    @property
    def kafka(self) -> Path:
        """The broker's log directory."""
        return self.var / "kafka"

    @property
    def clock(self) -> Path:
        """By how many seconds the sandbox's clock is ahead."""
        return self.run / "clock"

    @property
    def run_record(self) -> Path:
        """What a running system wrote down for other commands: addresses, database, broker."""
        return self.run / "stairs.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of this folder. It is a lock of the kernel: a killed process leaves none behind.

        :raises CommandError: another ``stairs run`` holds it.
        """
        with (self.run / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise CommandError(
                    f"{self.var} is in use by another `stairs run` (process {lock.read().strip() or '?'}); "
                    "stop it, or choose another --dir"
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
