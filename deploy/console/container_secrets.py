"""Secret files for docker-compose.yml: made once, of the same keys as a local run: its tokens fit too."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.console.place import SERVICES, Place
from deploy.console.postgres import password_of
from deploy.console.secret_files import secret_key, secret_text
from shared.http.keys import JWKS, SigningKey


def make_secrets(place: Place) -> Path:
    """The folder with every file that the compose file names.

    A container's user, whatever its number, must be able to read what is mounted: the files are readable by
    all, and the folder is closed to all but its owner.
    """
    folder = place.var / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    secret_text(folder / "postgres_password")
    for service in SERVICES:
        password = password_of(place, service)
        _write(folder / f"{service}_database_password", password)
        _write(
            folder / f"{service}_database_url", f"postgresql://{service}:{password}@postgres:5432/{service}"
        )
    SigningKey.in_folder(place.keys)
    for key in (secret_key(place.keys / "incidents.kek"), secret_key(place.keys / "incidents.ref")):
        _write(folder / key.name, key.read_text())
    shutil.copyfile(place.keys / JWKS, folder / JWKS)
    for file in folder.iterdir():
        file.chmod(0o444)
    return folder


def _write(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text)
