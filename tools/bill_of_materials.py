"""A bill of materials of the locked packages (CycloneDX 1.6), their licences held to ``tools/licences.yaml``.

    python -m tools.bill_of_materials FOLDER      (make sbom)

Writes ``stairs.cdx.json`` (what is deployed) and ``stairs-dev.cdx.json`` (and all tools). Names, versions and
hashes are those of the lock, licences what each installed package says of itself. 1 where one is not allowed.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
LOCKS = {"stairs.cdx.json": ROOT / "requirements.txt", "stairs-dev.cdx.json": ROOT / "requirements-dev.txt"}

_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)[^\n]*"
    r"(?P<hashes>(?:\n +--hash=sha256:[0-9a-f]{64}[^\n]*)*)",
    re.MULTILINE,
)
_OR_AND = re.compile(r"\s+(?:OR|AND|WITH)\s+|[()]")


@dataclass(frozen=True)
class Package:
    """One entry of a lock, and under which licences it is used: an SPDX expression."""

    name: str
    version: str
    hashes: tuple[str, ...]
    licence: str

    @property
    def refused(self) -> list[str]:
        """The licences of it that are not allowed: of ``A OR B`` one is enough."""
        choices = [self.licence] if "(" in self.licence else self.licence.split(" OR ")
        lacking = [sorted(_names(each) - allowed()) for each in choices]
        return min(lacking, key=len)


@cache
def rules() -> Mapping[str, Mapping[str, str]]:
    """``tools/licences.yaml``."""
    read: Mapping[str, Mapping[str, str]] = yaml.safe_load((ROOT / "tools/licences.yaml").read_text("utf-8"))
    return read


def allowed() -> set[str]:
    """The SPDX ids that a package may have."""
    return set(rules()["allowed"])


def packages(lock: str) -> list[Package]:
    """Every package of a lock, also those that are for another machine."""
    return [
        Package(
            entry["name"],
            entry["version"],
            tuple(re.findall(r"sha256:([0-9a-f]{64})", entry["hashes"])),
            licence_of(entry["name"]),
        )
        for entry in _ENTRY.finditer(lock)
    ]


def licence_of(name: str) -> str:
    """What the installed package says of itself, or what is written down of it; else ``unknown``."""
    if name in rules()["by_hand"]:
        return rules()["by_hand"][name]
    try:
        said = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
    if expression := _field(said, "License-Expression"):
        return expression
    also = rules()["also_said"]
    named = [each.rpartition(" :: ")[2] for each in said.get_all("Classifier") or () if "License ::" in each]
    known = [also[each] for each in named if each in also]
    short = _field(said, "License")
    return " OR ".join(known) or also.get(short, short) or "unknown"


def _field(said: importlib.metadata.PackageMetadata, name: str) -> str:
    return (said[name] if name in said else "").strip()  # noqa: SIM401 - it has no get


def _names(expression: str) -> set[str]:
    return {each.strip() for each in _OR_AND.split(expression) if each.strip()}


def bill(found: list[Package], version: str) -> dict[str, Any]:
    """The document: one component per package, found again by its purl."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "stairs", "version": version}},
        "components": [_component(each) for each in found],
    }


def _component(package: Package) -> dict[str, Any]:
    purl = f"pkg:pypi/{package.name}@{package.version}"
    licence = {"expression": package.licence}
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "licenses": [licence],
        # a file of the lock for each platform: a hash is of a distribution of the package, not of the package
        "externalReferences": [
            {"type": "distribution", "url": purl, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for digest in package.hashes
        ],
    }


def write(folder: Path) -> Iterator[str]:
    """Write both bills; answers what is not allowed, in words."""
    folder.mkdir(parents=True, exist_ok=True)
    version = importlib.metadata.version("stairs")
    for name, lock in LOCKS.items():
        found = packages(lock.read_text("utf-8"))
        (folder / name).write_text(json.dumps(bill(found, version), indent=2) + "\n", "utf-8")
        sys.stdout.write(f"{folder / name}: {len(found)} packages of {lock.name}\n")
        yield from (
            f"{each.name} {each.version}: {', '.join(each.refused)}" for each in found if each.refused
        )


if __name__ == "__main__":
    refused = list(write(Path(sys.argv[1])))
    sys.stdout.write("".join(f"not allowed: {each}\n" for each in refused) or "every licence is allowed\n")
    sys.exit(bool(refused))
