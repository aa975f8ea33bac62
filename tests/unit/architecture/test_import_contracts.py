"""The diagram, the tree and the imports tell the same story."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
