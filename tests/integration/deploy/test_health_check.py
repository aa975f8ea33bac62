"""The health check of a container against something that answers, or does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.container.health import answer
from tests.support.servers.ports import free_port


@pytest.fixture(params=[200, 503])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """A process that says so at ``/readyz``: its port, and what it says."""

    class Readiness(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(b'{"status":"as asked"}')

        def log_message(self, *_words: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Readiness) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, request.param
        server.shutdown()
        thread.join()


def test_only_a_ready_process_is_healthy_and_its_words_are_kept(served: tuple[int, int]) -> None:
    port, status = served
    assert answer(port) == (status == 200, '{"status":"as asked"}')


def test_a_process_that_does_not_answer_is_not_healthy() -> None:
    well, words = answer(port := free_port())
    assert not well
    assert f"nobody answers on port {port}" in words
