"""An issuer that publishes its keys over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.http.auth import Authenticator
from shared.http.jwks import KeysUnavailable
from tests.support.http.tokens import AUDIENCE, CDE_REVIEWER, ISSUER, signing_key, token


class Issuer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        keys = Path(urlsplit(signing_key().jwks_url).path).read_bytes()
        found = self.path == "/jwks"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(keys if found else b"{}")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def issuer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_keys_are_fetched_over_http(issuer: str) -> None:
    judge = Authenticator(ISSUER, AUDIENCE, f"{issuer}/jwks")
    assert await judge.verify(token(CDE_REVIEWER)) == CDE_REVIEWER


async def test_an_address_without_keys_leaves_nobody_judged(issuer: str) -> None:
    judge = Authenticator(ISSUER, AUDIENCE, f"{issuer}/elsewhere")
    with pytest.raises(KeysUnavailable):
        await judge.verify(token(CDE_REVIEWER))
