"""Real processes: how they start, serve, and end."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from tests.support.http.problems import expect_problem
from tests.support.http.tokens import LEA_COORDINATOR, bearer, signing_key

ROOT = Path(__file__).parents[3]
NOTICE = {"text": "Posters were up", "happened_at": "2019-04-12T10:00:00-07:00"}

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def process(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.support.http.chassis_process", *words]
        running = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )
        started.append(running)
        return running

    yield process
    for running in started:
        running.kill()
        running.communicate(timeout=10)


@pytest.fixture
def port(unused_tcp_port_factory: Callable[[], int]) -> int:
    return unused_tcp_port_factory()


@pytest.fixture
def api(start: Start, port: int) -> subprocess.Popen[str]:
    running = start("api", str(port), signing_key().jwks_url)
    wait_for_line(running, "open")
    with client(port) as http:
        http.get("/healthz")
    return running


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for read in process.stdout:
        if read.strip() == line:
            return
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


def client(port: int) -> httpx.Client:
    transport = httpx.HTTPTransport(retries=5)
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers=bearer(LEA_COORDINATOR), transport=transport, timeout=10
    )


def test_a_filing_over_the_wire(api: subprocess.Popen[str], port: int) -> None:
    with client(port) as http:
        made = http.post("/v1/notices", json=NOTICE, headers={"Idempotency-Key": "k"})
        again = http.post("/v1/notices", json=NOTICE, headers={"Idempotency-Key": "k"})
    assert (made.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert "server" not in made.headers


def test_a_body_that_never_ends_is_cut_off_with_a_reason(api: subprocess.Popen[str], port: int) -> None:
    token = bearer(LEA_COORDINATOR)["Authorization"]
    head = (
        "POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(head.encode())
        for _ in range(11):
            wire.sendall(b"186a0\r\n" + b" " * 100_000 + b"\r\n")
        answer = HTTPResponse(wire)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["code"]) == (413, "body_too_large")


def test_what_the_server_itself_refuses_does_no_harm(api: subprocess.Popen[str], port: int) -> None:
    for junk in (
        b"\x00\xff\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            wire.sendall(junk)
            assert wire.recv(65_536).startswith(b"HTTP/1.1 4")
    with client(port) as http:
        expect_problem(http.get("/nope"), 404, "not_found")


def test_the_end_is_orderly(api: subprocess.Popen[str], port: int) -> None:
    with client(port) as http, ThreadPoolExecutor(1) as pool:
        polled = pool.submit(http.get, "/v1/poll")
        wait_for_line(api, "polling")
        api.terminate()
        assert polled.result(timeout=10).json() == {"stopping": True}
    out, err = api.communicate(timeout=10)
    assert (api.returncode, out.strip()) == (0, "drained, closed")
    assert '"event":"api_stopped"' in err


def test_a_port_that_is_taken_ends_the_process(start: Start, api: subprocess.Popen[str], port: int) -> None:
    second = start("api", str(port), signing_key().jwks_url)
    _, err = second.communicate(timeout=20)
    assert second.returncode != 0
    assert "address already in use" in err


def test_a_worker_tells_whether_it_is_well_and_ends_in_order(start: Start, port: int) -> None:
    worker = start("worker", str(port))
    wait_for_line(worker, "open")
    with client(port) as http:
        assert http.get("/healthz").json() == {"status": "alive"}
        ready = http.get("/readyz")
        assert (ready.status_code, ready.json()["reasons"]) == (503, {"broker": "not yet"})
        assert "process_cpu_seconds_total" in http.get("/metrics").text
        assert http.get("/").status_code == 404
    worker.terminate()
    out, _ = worker.communicate(timeout=10)
    assert (worker.returncode, out.strip()) == (0, "drained, closed")


def test_a_worker_with_a_bug_ends_loudly(start: Start) -> None:
    worker = start("failing")
    out, err = worker.communicate(timeout=20)
    assert worker.returncode == 1
    assert "drained, closed" in out
    assert '"event":"loop_failed"' in err
    assert '"loop":"failing"' in err


def test_a_workers_port_that_is_taken_is_named_before_any_loop_runs(
    start: Start, api: subprocess.Popen[str], port: int
) -> None:
    worker = start("worker", str(port))
    out, err = worker.communicate(timeout=20)
    assert (worker.returncode, out) == (78, "")
    assert err.startswith(f"127.0.0.1:{port} cannot be listened on (address already in use)")
    assert "set WORKER_HEALTH_PORT" in err
