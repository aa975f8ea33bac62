"""Epochs are added to and taken out of the files of key-encryption keys, and no key is lost on the way."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from deploy.console.backup.belonging import hashes_of, strangers
from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.container_secrets import make_secrets
from deploy.console.keys.epochs import KEK, add_epoch, drop_epoch, epochs_in, mounted
from deploy.console.keys.secret_files import secret_key, write_private
from shared.kernel.key_epochs import keys_by_epoch


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder.at(tmp_path)


def held(file: Path) -> dict[int, bytes]:
    return dict(keys_by_epoch(file.read_text()))


def test_a_new_epoch_leaves_the_keys_of_before(state: StateFolder) -> None:
    first = held(secret_key(state.keys / KEK))
    assert (add_epoch(state), add_epoch(state, above=8), epochs_in(state)) == (2, 9, [1, 2, 9])
    assert held(state.keys / KEK).items() > first.items()
    assert len(set(held(state.keys / KEK).values())) == 3
    assert stat.S_IMODE((state.keys / KEK).stat().st_mode) == 0o600


def test_what_containers_mount_grows_where_it_is(state: StateFolder) -> None:
    """A bind mount is of a file, not of its name: another file under the name is not seen inside."""
    make_secrets(state)
    before = mounted(state).stat()
    with mounted(state).open() as as_a_container_has_it:
        add_epoch(state)
        assert dict(keys_by_epoch(as_a_container_has_it.read())) == held(state.keys / KEK)
    after = mounted(state).stat()
    assert (after.st_ino, stat.S_IMODE(after.st_mode)) == (before.st_ino, 0o444)


def test_an_addition_that_was_killed_between_the_files_is_made_good(state: StateFolder) -> None:
    make_secrets(state)
    old = mounted(state).read_text()
    add_epoch(state)
    mounted(state).chmod(0o644)
    mounted(state).write_text(old)
    make_secrets(state)
    assert held(mounted(state)) == held(state.keys / KEK)
    mounted(state).chmod(0o644)
    mounted(state).write_text(old)
    assert add_epoch(state) == 3
    assert held(mounted(state)) == held(state.keys / KEK)


def test_the_newest_epoch_is_never_taken_out(state: StateFolder) -> None:
    make_secrets(state)
    add_epoch(state)
    with pytest.raises(CommandError, match="epoch 2 is the newest"):
        drop_epoch(state, 2)
    assert (drop_epoch(state, 1), drop_epoch(state, 1)) == (True, False)
    assert held(mounted(state)) == held(state.keys / KEK)
    assert epochs_in(state) == [2]
    assert stat.S_IMODE(mounted(state).stat().st_mode) == 0o444


@pytest.mark.parametrize("text", ["", "junk", "2 AAAA"])
def test_a_file_without_keys_is_left_as_it_is(state: StateFolder, text: str) -> None:
    write_private(state.keys / KEK, text)
    for act in (add_epoch, epochs_in, lambda place: drop_epoch(place, 1)):
        with pytest.raises(CommandError, match="holds no key-encryption keys"):
            act(state)
    assert (state.keys / KEK).read_text() == text


def test_two_files_with_two_keys_of_one_epoch_are_told(state: StateFolder) -> None:
    make_secrets(state)
    secret_key(state.keys / "another")
    write_private(mounted(state), (state.keys / "another").read_text())
    with pytest.raises(CommandError, match="another key of epoch 1"):
        make_secrets(state)


def backed_up(state: StateFolder) -> dict[str, str]:
    return hashes_of({KEK: state.keys / KEK})


def test_a_backup_is_opened_by_the_file_of_then_and_of_later(state: StateFolder) -> None:
    secret_key(state.keys / KEK)
    first = backed_up(state)
    of_before_epochs = {KEK: first[KEK]}
    add_epoch(state)
    both = backed_up(state)
    for hashes in (first, of_before_epochs, both):
        assert strangers(state.keys, hashes) == []
    drop_epoch(state, 1)
    assert strangers(state.keys, both) == []  # its keys may all be of the second; the database will tell
    assert strangers(state.keys, first) == strangers(state.keys, of_before_epochs) == [KEK]


def test_a_backup_is_not_opened_by_the_file_of_before_or_of_another_system(
    state: StateFolder, tmp_path: Path
) -> None:
    secret_key(state.keys / KEK)
    old = (state.keys / KEK).read_text()
    add_epoch(state)
    both = backed_up(state)
    write_private(state.keys / KEK, old)
    assert strangers(state.keys, both) == [KEK]
    add_epoch(state)  # another key of the same number
    assert strangers(state.keys, both) == [KEK]
    (state.keys / KEK).unlink()
    assert strangers(state.keys, both) == [KEK]
