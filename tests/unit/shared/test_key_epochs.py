"""A file of keys by epoch: what it may hold, and what is refused without a word of it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.key_epochs import LAST, BadKeys, keys_by_epoch, line_of

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
BARE = base64.b64encode(OLD).decode()


@pytest.mark.parametrize("text", [BARE, f"{BARE}\n", f"  {BARE}  \r\n", f"# why\n\n1 {BARE}\n"])
def test_a_key_alone_is_of_epoch_one(text: str) -> None:
    assert keys_by_epoch(text) == {1: OLD}


@given(st.dictionaries(st.integers(2, LAST), st.binary(min_size=32, max_size=32), max_size=5))
def test_what_is_written_a_line_each_is_read_as_it_was(later: dict[int, bytes]) -> None:
    text = "\n".join([BARE, *(line_of(epoch, key) for epoch, key in later.items())])
    assert keys_by_epoch(text) == {1: OLD, **later}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("not-base64!", "base64"),
        (base64.b64encode(b"short").decode(), "32 bytes, this one has 5"),
        (f"{BARE}\n1 {BARE}", "epoch 1 stands there twice"),
        (f"{BARE}\n{BARE}", "epoch 1 stands there twice"),
        (f"0 {BARE}", "neither"),
        (f"{LAST + 1} {BARE}", "neither"),
        (f"two {BARE}", "neither"),
        (f"2 {BARE} x", "neither"),
        (f"² {BARE}", "neither"),
        (f"{BARE}\n2 {BARE[:20]}", "base64|bytes"),  # as a writer that was killed would leave it
    ],
)
def test_anything_else_is_refused_and_not_repeated(text: str, why: str) -> None:
    with pytest.raises(BadKeys, match=why) as refused:
        keys_by_epoch(text)
    assert BARE[:10] not in str(refused.value)
