"""The sample service, asked without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import LEA_COORDINATOR, bearer


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def anonymous(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with client(sample_app(desk)) as http:
        yield http


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with client(sample_app(desk)) as asking:
        asking.headers.update(bearer(LEA_COORDINATOR))
        yield asking
