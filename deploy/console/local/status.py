"""What runs in a state folder: the processes, whether each service is ready, and how far each is behind."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any
from xmlrpc.client import Fault

import httpx

from deploy.console.folders import StateFolder
from deploy.console.local.run_record import RunRecord
from deploy.console.local.supervisor import Supervisor
from deploy.console.ports import HOST, SERVICES

WAITING = ("_lag", "mails_waiting")  # endings of the lags that count what is not handled yet
PATIENCE = 5.0  # seconds for an answer of ``/readyz``


@dataclass(frozen=True)
class ProcessStatus:
    """One process of the services, and what it answers."""

    name: str  # incidents-api, incidents-worker, …
    url: str
    ready: bool
    reasons: dict[str, Any]  # why it is not ready, by what is missing
    behind: float  # events and messages that it has not handled yet
    behind_seconds: float  # age of the oldest of them


@dataclass(frozen=True)
class SystemStatus:
    """The whole local system."""

    folder: str
    kafka: str | None  # bootstrap address; None if events go by the changes feeds
    mailbox: str
    mails: int
    processes: dict[str, str]  # name → state, as the supervisor has it
    services: list[ProcessStatus]

    @property
    def ready(self) -> bool:
        """Whether every process runs and every service is ready."""
        running = all(state == "RUNNING" for state in self.processes.values())
        return bool(self.processes) and running and all(each.ready for each in self.services)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"ready": self.ready, **asdict(self)}


def status_of(state: StateFolder) -> SystemStatus:
    """Ask every process of the running system.

    :raises CommandError: no system runs in this folder.
    """
    record = RunRecord.read(state)
    urls = {f"{name}-api": record.urls[name] for name in SERVICES}
    urls |= {f"{name}-worker": f"http://{HOST}:{record.ports[f'{name}_worker']}" for name in SERVICES}
    with httpx.Client(timeout=PATIENCE) as http, ThreadPoolExecutor(len(urls)) as pool:
        answers = pool.map(lambda name: process_status(http, name, urls[name]), sorted(urls))
        return SystemStatus(
            folder=str(state.var),
            kafka=record.kafka,
            mailbox=record.smtp or f"smtp://{HOST}:{record.ports['smtp']}",
            mails=sum(1 for _ in state.mail.glob("*.eml")),
            processes=_processes(state),
            services=list(answers),
        )


def process_status(http: httpx.Client, name: str, url: str) -> ProcessStatus:
    """What ``/readyz`` of one process says."""
    try:
        answer = http.get(f"{url}/readyz")
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        return ProcessStatus(
            name, url, ready=False, reasons={"answer": type(error).__name__}, behind=0, behind_seconds=0
        )
    lags: Mapping[str, float | Mapping[str, float]] = body.get("lags") or {}
    counts = [value for lag, found in lags.items() if lag.endswith(WAITING) for value in _values(found)]
    ages = [value for lag, found in lags.items() if lag.endswith("_seconds") for value in _values(found)]
    return ProcessStatus(
        name=name,
        url=url,
        ready=answer.is_success,
        reasons=body.get("reasons") or {},
        behind=sum(counts),
        behind_seconds=round(max(ages, default=0), 1),
    )


def _values(lag: float | Mapping[str, float]) -> list[float]:
    """A lag is one figure, or one for each source or consumer."""
    return list(lag.values()) if isinstance(lag, Mapping) else [lag]


def _processes(state: StateFolder) -> dict[str, str]:
    try:
        return {info["name"]: info["statename"] for info in Supervisor(state).processes()}
    except (OSError, Fault):
        return {}
