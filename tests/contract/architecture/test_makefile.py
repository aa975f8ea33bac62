"""What the caller's shell holds must not make the one command surface slow."""

from __future__ import annotations

import os
import subprocess


def test_bytecode_is_kept_whatever_the_shell_says() -> None:
    told = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    words = ["make", "-s", "--eval", "told: ; @env", "told"]
    said = subprocess.run(words, env=told, capture_output=True, text=True, check=True).stdout
    assert "PATH=" in said
    assert "PYTHONDONTWRITEBYTECODE" not in said
