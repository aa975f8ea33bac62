"""A refused upload of 20 MB gets its 413, and without a token its 401, readable by ordinary clients.

They send all before they read, or stop where the server closes; a reset connection would hide the answer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.contracts.client_tools import SOURCES, require, run
from tests.support.http.served_sample import served_sample
from tests.support.http.tokens import LEA_COORDINATOR, token
from tests.support.servers.ports import free_port

HERE = SOURCES / "refused"
UPLOAD = "/v1/notices/6f0c1d5e-0000-4000-8000-000000000000/upload"
SIZE = 20_000_000  # bytes
TIMES = 3  # whether a reset hides an answer is a matter of moments
CLIENTS = {
    "java": ("java", HERE / "Upload.java"),
    "node": ("node", HERE / "upload.mjs"),
    "httpx": (sys.executable, HERE / "upload_by_httpx.py"),
    "requests": (sys.executable, HERE / "upload_by_requests.py"),
}
CURL = {"waits": (), "does-not-wait": ("-H", "Expect:"), "chunked": ("-H", "Transfer-Encoding: chunked")}
CALLERS = {"known": (413, "upload_too_large"), "stranger": (401, "invalid_token")}

Answer = tuple[int, str]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served_sample(free_port()) as port:
        yield f"http://127.0.0.1:{port}{UPLOAD}"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upload") / "large"
    path.write_bytes(b"x" * SIZE)
    return path


def token_of(caller: str) -> str:
    return token(LEA_COORDINATOR) if caller == "known" else "nobody.believes.this"


def answered(command: Sequence[str | Path]) -> Answer:
    """What a client printed: the status, a blank, and the body."""
    status, _, body = run(*command, within=120).partition(" ")
    return int(status), json.loads(body)["code"]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_of_a_language_reads_why(client: str, caller: str, url: str, file: Path) -> None:
    program, source = CLIENTS[client]
    require("npm" if client == "node" else "java", str(program))
    for _ in range(TIMES):
        assert answered((program, source, url, token_of(caller), file)) == CALLERS[caller]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("way", CURL)
def test_curl_reads_why(way: str, caller: str, url: str, file: Path) -> None:
    require("curl", "curl")
    headers = (f"Authorization: Bearer {token_of(caller)}", "Content-Type: multipart/form-data; boundary=x")
    told = [word for header in headers for word in ("-H", header)]
    body = ("--data-binary", f"@{file}", "-o", "-", "-w", "\n%{http_code}", "-sS")
    for _ in range(TIMES):
        answer, _, status = run("curl", *told, *CURL[way], *body, url, within=120).rpartition("\n")
        assert (int(status), json.loads(answer)["code"]) == CALLERS[caller]
