"""``stairs status``: what runs, and what is behind."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from rich.console import Console

from deploy.console.local.status import ProcessStatus, SystemStatus, process_status
from deploy.console.verbs.status_table import show

URL = "http://127.0.0.1:8011"


def asked(answer: httpx.Response | Exception) -> ProcessStatus:
    def handle(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        return process_status(http, "incidents-worker", URL)


def system(**changed: object) -> SystemStatus:
    services = [ProcessStatus("incidents-worker", URL, ready=True, reasons={}, behind=3, behind_seconds=1.5)]
    told: dict[str, Any] = {
        "folder": "/var",
        "kafka": None,
        "mailbox": "smtp://127.0.0.1:1025",
        "mails": 21,
        "processes": {"incidents-worker": "RUNNING", "mailbox": "RUNNING"},
        "services": services,
    }
    return SystemStatus(**{**told, **changed})


def test_a_worker_is_behind_by_the_sum_of_its_lags_and_the_age_of_the_oldest() -> None:
    lags = {
        "consumer_lag": {"incidents /appeals": 1, "incidents-mail /notifications": 4},
        "relay_lag": {"/incidents": 2},
        "relay_lag_seconds": {"/incidents": 2.54},
        "mails_waiting": 3,
        "deadlines_running": 9,
        "append_waiting_limit": 1024,
        "deadlines_unnoticed_seconds": 0,
    }
    found = asked(httpx.Response(200, json={"status": "ready", "reasons": {}, "lags": lags}))
    assert (found.ready, found.behind, found.behind_seconds) == (True, 10, 2.5)


def test_a_process_that_is_not_ready_says_why() -> None:
    found = asked(httpx.Response(503, json={"status": "not ready", "reasons": {"database": "away"}}))
    assert (found.ready, found.reasons) == (False, {"database": "away"})


@pytest.mark.parametrize("answer", [httpx.ConnectError("refused"), httpx.Response(200, text="no JSON")])
def test_a_process_that_does_not_answer_is_not_ready(answer: httpx.Response | Exception) -> None:
    assert not asked(answer).ready


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"processes": {}}, False),
        ({"processes": {"incidents-worker": "RUNNING", "mailbox": "BACKOFF"}}, False),
        ({"services": [ProcessStatus("incidents-api", URL, False, {"database": "away"}, 0, 0)]}, False),
    ],
)
def test_a_system_is_ready_when_everything_in_it_is(changed: dict[str, Any], *, ready: bool) -> None:
    assert system(**changed).ready is ready
    assert system(**changed).as_json()["ready"] is ready


def test_the_status_fits_80_columns() -> None:
    paper = io.StringIO()
    away = ProcessStatus(
        "incidents-api", URL, ready=False, reasons={"database": "away"}, behind=0, behind_seconds=0
    )
    shown = system(services=[*system().services, away])
    show(shown, Console(file=paper, width=80))
    for words in ("not ready: /var", "3, 1.5 s", "21 mails", "incidents-api: database: away"):
        assert words in paper.getvalue()
    assert max(map(len, paper.getvalue().splitlines())) <= 80
