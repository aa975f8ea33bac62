"""What schemathesis makes of the three documents, asked by every role: answered as they say, never by 5xx.

The seed is printed; ``make fuzz SEED=…`` makes the same requests again. CI has another one for each commit.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping

import pytest

from shared.kernel.actor import Role
from tests.support.authorisation.expected import EXPECTED
from tests.support.contracts.openapi_documents import path_of
from tests.support.generated.playing import Played, Player

pytestmark = pytest.mark.timeout(600)

SEED = int(os.environ.get("STAIRS_FUZZ_SEED") or 1)
WHO = {"nobody", *(role.value for role in Role)}


@pytest.fixture(scope="module")
def played() -> Iterator[Mapping[str, Played]]:
    logging.disable(logging.WARNING)  # thousands of refusals, each a line that pytest would keep
    try:
        yield {service: asyncio.run(Player(service, SEED).play()) for service in EXPECTED}
    finally:
        logging.disable(logging.NOTSET)


def test_two_thousand_requests_are_made(
    played: Mapping[str, Played], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        for service, each in played.items():
            sys.stdout.write(
                f"\n{service}, seed {SEED}: {each.requests} requests to {len(each.statuses)} operations: "
                f"{each.of_class(2)} done, {each.of_class(4)} refused, {each.of_class(5)} failed; "
                f"{len(each.failures)} not as documented"
            )
    assert sum(each.requests for each in played.values()) >= 2000


@pytest.mark.parametrize("service", EXPECTED)
def test_every_operation_is_reached_by_every_role_and_done_once_at_least(
    played: Mapping[str, Played], service: str
) -> None:
    document = json.loads(path_of(service).read_text("utf-8"))
    documented = {one["operationId"] for item in document["paths"].values() for one in item.values()}
    assert dict(played[service].callers) == dict.fromkeys(documented, WHO)
    done = {name for name, counted in played[service].statuses.items() if any(each < 300 for each in counted)}
    assert done == documented


@pytest.mark.parametrize("service", EXPECTED)
def test_every_answer_is_as_the_document_says_and_no_refusal_tells_anything(
    played: Mapping[str, Played], service: str
) -> None:
    assert played[service].failures == []
