"""Key-encryption keys by epoch: what opens what, and when a file is read again."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.incidents.providers.keyring import (
    BadKeyringFile,
    Keyring,
    KeyringFile,
    NotUnwrapped,
    UnknownEpoch,
    epoch_of,
    read_keyring,
)
from shared.kernel.key_epochs import line_of
from shared.observability.metrics import samples

FIRST, SECOND, KEY = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
REF = "stu_abc"


def wrapped_before_there_were_epochs(kek: bytes) -> bytes:
    """As version 0.1.0 wrote it."""
    nonce = os.urandom(12)
    return b"\x01" + nonce + AESGCM(kek).encrypt(nonce, KEY, b"key:" + REF.encode())


def test_what_was_wrapped_before_there_were_epochs_is_of_the_first() -> None:
    wrapped = wrapped_before_there_were_epochs(FIRST)
    assert epoch_of(wrapped) == 1
    assert Keyring({1: FIRST, 2: SECOND}).unwrap(REF, wrapped) == KEY


def test_with_one_key_the_form_is_that_of_before() -> None:
    wrapped = Keyring({1: FIRST}).wrap(REF, KEY)
    assert (wrapped[:1], len(wrapped)) == (b"\x01", 61)


@pytest.mark.parametrize("epoch", [2, 300, 2**31 - 1])
def test_new_keys_are_of_the_newest_epoch_and_say_so(epoch: int) -> None:
    ring = Keyring({epoch: SECOND, 1: FIRST})
    wrapped = ring.wrap(REF, KEY)
    assert (epoch_of(wrapped), len(wrapped), ring.unwrap(REF, wrapped)) == (epoch, 65, KEY)
    assert ring.epochs == [1, epoch]


def test_an_epoch_that_is_not_there_is_told_apart_from_another_key() -> None:
    wrapped = Keyring({2: SECOND}).wrap(REF, KEY)
    with pytest.raises(UnknownEpoch, match="epoch 2"):
        Keyring({1: FIRST}).unwrap(REF, wrapped)
    with pytest.raises(NotUnwrapped, match="epoch 2 does not open") as refused:
        Keyring({2: FIRST}).unwrap(REF, wrapped)
    assert not isinstance(refused.value, UnknownEpoch)


def test_a_wrapped_key_is_its_students_and_its_epochs() -> None:
    ring = Keyring({2: SECOND, 3: SECOND})
    wrapped = ring.wrap(REF, KEY)
    with pytest.raises(NotUnwrapped):
        ring.unwrap("stu_another", wrapped)
    with pytest.raises(NotUnwrapped):
        ring.unwrap(REF, wrapped[:4] + b"\x02" + wrapped[5:])


@pytest.mark.parametrize("wrapped", [b"", b"x", b"\x01", b"\x02", b"\x02\0\0\0", b"\x03" * 61, b"\x01" * 61])
def test_what_is_no_wrapped_key_does_not_open(wrapped: bytes) -> None:
    with pytest.raises(NotUnwrapped):
        Keyring({1: FIRST}).unwrap(REF, wrapped)


def bare(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_a_line_more_is_known_at_the_next_use(tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text(bare(FIRST))
    watched = KeyringFile(file)
    before = watched.current()
    assert (before.epochs, watched.current() is before) == ([1], True)
    with file.open("a") as appended:
        appended.write("\n" + line_of(2, SECOND) + "\n")
    assert list(samples("key_encryption_epoch")) == [((), 2.0)]
    assert watched.current().epochs == [1, 2]


def test_a_file_put_in_its_place_is_known_at_the_next_use(tmp_path: Path) -> None:
    file, other = tmp_path / "kek", tmp_path / "new"
    file.write_text(bare(FIRST))
    watched = KeyringFile(file)
    other.write_text(line_of(7, SECOND))
    other.replace(file)
    assert watched.current().epochs == [7]


@pytest.mark.parametrize("content", [None, "", "half a li"])
def test_while_the_file_is_gone_or_half_written_the_keys_of_before_are_good(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "kek"
    file.write_text(bare(FIRST))
    watched = KeyringFile(file)
    file.unlink()
    if content is not None:
        file.write_text(content)
    assert watched.current().epochs == [1]
    file.write_text(f"{bare(FIRST)}\n{line_of(2, SECOND)}")
    assert watched.current().epochs == [1, 2]


@pytest.mark.parametrize(
    "content", [None, "", "not base64!", bare(b"short"), f"{bare(FIRST)}\n1 {bare(SECOND)}"]
)
def test_a_file_without_keys_is_named_and_nothing_of_it_repeated(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "kek"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadKeyringFile) as refused:
        read_keyring(file)
    assert str(file) in str(refused.value)
    assert bare(SECOND) not in str(refused.value)
