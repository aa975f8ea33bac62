"""Keys that travel: sealed in the age format, to recipients or under a passphrase; ``age -d`` opens them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.console.errors import CommandError

SHORTEST = 12  # characters of a passphrase; age makes each guess cost a second


@dataclass(frozen=True)
class Sealing:
    """For whom keys are sealed: recipients (``age1…``), or whoever knows a passphrase."""

    recipients: tuple[str, ...] = ()
    passphrase: str | None = None

    @classmethod
    def of(cls, recipients: Sequence[str], passphrase: str | None) -> Sealing:
        """What the command line says.

        :raises CommandError: neither or both, a recipient that is none, or a passphrase that is guessed soon.
        """
        import pyrage

        if bool(recipients) == (passphrase is not None):
            raise CommandError("say for whom the keys are: --recipient age1…, or --passphrase-file FILE")
        if passphrase is not None and len(passphrase) < SHORTEST:
            raise CommandError(f"the passphrase is short: give {SHORTEST} characters or more")
        for recipient in recipients:
            try:
                pyrage.x25519.Recipient.from_str(recipient)
            except pyrage.RecipientError as error:
                raise CommandError("a recipient is not of the form age1…: see age-keygen") from error
        return cls(tuple(recipients), passphrase)

    def seal(self, content: bytes) -> bytes:
        """The content, for them only."""
        import pyrage

        if self.passphrase is not None:
            return bytes(pyrage.passphrase.encrypt(content, self.passphrase))
        return bytes(
            pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(each) for each in self.recipients])
        )


def opened(content: bytes, identity: Path | None, passphrase: str | None) -> bytes:
    """What was sealed.

    :param identity: a file of ``age-keygen``.
    :raises CommandError: nothing to open it with, or the wrong thing.
    """
    import pyrage

    if identity is None and passphrase is None:
        raise CommandError(
            "the keys in it are sealed: give --identity FILE or --passphrase-file FILE, or the keys by --keys"
        )
    try:
        if passphrase is not None:
            return bytes(pyrage.passphrase.decrypt(content, passphrase))
        return bytes(pyrage.decrypt(content, _identities(identity)))
    except pyrage.DecryptError as error:
        raise CommandError("the keys cannot be opened with that: nothing was changed") from error


def first_line(path: Path) -> str:
    """The passphrase in a file.

    :raises CommandError: it cannot be read.
    """
    try:
        return path.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {path}") from error


def _identities(path: Path | None) -> list[object]:
    import pyrage

    try:
        lines = path.read_text("ascii").splitlines() if path is not None else []
        return [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in lines
            if line.strip() and not line.startswith("#")
        ]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise CommandError(f"{path} holds no identity of age") from error
