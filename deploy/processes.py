"""What is known of a process by its id alone: whoever started it may be gone."""

from __future__ import annotations

import subprocess
from pathlib import Path


def command_of(pid: int) -> str:
    """The command line of a process; empty when there is none, or only its name is left (a zombie)."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout
