"""The diagram, the tree and the imports tell the same story."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOMS = {
    "domain",
    "application",
    "read_model",
    "rulebooks",
    "messaging",
    "reactions",
    "providers",
    "api",
    "settings.py",
    "bootstrap.py",
    "__main__.py",
    "migrations",
    "README.md",
}


def test_the_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_service_has_the_same_rooms() -> None:
    missing = {
        service.name: sorted(
            room for room in ROOMS if not (service / room).exists() and not (service / f"{room}.py").exists()
        )
        for service in sorted(Path("services").iterdir())
        if (service / "__init__.py").exists()
    }
    assert missing == {"appeals": [], "incidents": [], "notifications": []}
