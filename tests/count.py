"""How many tests each layer has, and whether docs/testing.md says so: `make count`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "testing.md"
LAYERS = ("unit", "contract", "integration", "e2e", "fuzz", "faults", "containers", "clients")


def collected() -> dict[str, int]:
    """The number of tests of each layer."""
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", *(f"tests/{layer}" for layer in LAYERS)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found = re.findall(r"^tests/(\w+)/.*::", done.stdout, re.MULTILINE)
    return {layer: found.count(layer) for layer in LAYERS}


def told() -> dict[str, int]:
    """The number that the table of the page gives each layer (its third column)."""
    rows = re.findall(r"^\| `(\w+)` \| [\d,]+ \| ([\d,]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    return {layer: int(number.replace(",", "")) for layer, number in rows}


def main() -> int:
    """Print both; 1 where the page is wrong."""
    now, page = collected(), told()
    for layer in LAYERS:
        wrong = "" if page.get(layer) == now[layer] else f"  docs/testing.md says {page.get(layer)}"
        sys.stdout.write(f"{layer:<12} {now[layer]:>5}{wrong}\n")
    sys.stdout.write(f"{'all':<12} {sum(now.values()):>5}\n")
    return int(now != page)


if __name__ == "__main__":
    sys.exit(main())
