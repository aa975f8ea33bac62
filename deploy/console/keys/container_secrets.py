"""Secret files for docker-compose.yml: made once, of the same keys as a local run, whose tokens fit too."""

from __future__ import annotations

import secrets
from pathlib import Path

from deploy.console.folders import StateFolder
from deploy.console.keys.epochs import KEK, bring_up_to_date
from deploy.console.keys.secret_files import owner_of, password_of, secret_key, write_private
from deploy.console.keys.tokens import write_tokens
from deploy.console.ports import SERVICES
from shared.http.signing_key import HOURS, JWKS, SIGNING_KEY, SigningKey

COMPOSE = "docker-compose.yml"
NAMED_BY = "STAIRS_SECRETS"


def make_secrets(state: StateFolder) -> Path:
    """The folder with every file that the compose file names; and new tokens, as files of this machine only.

    A container's user, whatever its number, must be able to read what is mounted: the files are readable by
    all, and the folder is closed to all but its owner.
    """
    folder = state.var / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)  # it may have been made by somebody else, or under another mask
    _once(folder / "postgres_password", secrets.token_urlsafe(24))
    for service in SERVICES:
        for role in (service, owner_of(service)):
            password = password_of(state, role)
            _once(folder / f"{role}_database_password", password)
            _once(folder / f"{role}_database_url", f"postgresql://{role}:{password}@postgres:5432/{service}")
    SigningKey.in_folder(state.keys)
    for name in (KEK, "incidents.ref", *(f"{service}.api" for service in SERVICES)):
        _once(folder / name, secret_key(state.keys / name).read_text())
    bring_up_to_date(state.keys / KEK, folder / KEK)
    _same(folder / JWKS, (state.keys / JWKS).read_text())
    (folder / SIGNING_KEY).unlink(missing_ok=True)  # earlier versions gave it to a container
    write_tokens(state, HOURS)
    return folder


def tell_compose(folder: Path, project: Path) -> None:
    """Name the folder in the project's ``.env``, where Compose looks; other lines of it stay."""
    if not (project / COMPOSE).is_file():
        return
    project = project.resolve()
    inside = folder.is_relative_to(project)
    line = f"{NAMED_BY}={f'./{folder.relative_to(project)}' if inside else folder}"
    env = project / ".env"
    kept = env.read_text("utf-8").splitlines() if env.exists() else []
    others = [each for each in kept if not each.startswith(f"{NAMED_BY}=")]
    env.write_text("\n".join([*others, line]) + "\n", "utf-8")


def _once(path: Path, text: str) -> None:
    """Write the file unless it exists: what is there is in use."""
    _same(path, path.read_text() if path.exists() else text)


def _same(path: Path, text: str) -> None:
    """This text, readable by all; the file is replaced as a whole."""
    if not path.exists() or path.read_text() != text:
        write_private(path, text)
    path.chmod(0o444)
