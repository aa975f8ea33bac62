"""Root file systems from the machine's own Debian packages: what every stand-in is built on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from deploy.engine.state import EngineFolder, EngineUnavailable
from deploy.engine.steps import do, told

PACKAGES = {
    "python": ("python3", "python3-venv", "python3-pip", "ca-certificates", "libatomic1"),
    "java": (
        "openjdk-17-jre-headless",
        "ca-certificates",
    ),  # not by apt-get in a build: its trigger wants /proc
}
SLIM = (  # as the slim images are; manuals stay where Java's packages want to name them
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)


def base(state: EngineFolder, name: str) -> Path:
    """The tarball of a root file system, made unless it is there.

    :raises EngineUnavailable: this is no Debian, or its package sources do not give what is needed.
    """
    made = state.folder / f"{name}.tar"
    if not made.exists():
        aside = state.folder / f"{name}.part.tar"
        include = f"--include={','.join(PACKAGES[name])}"
        with told(f"a root file system with {PACKAGES[name][0]}, from Debian's packages"):
            words: list[str | Path] = [
                "mmdebstrap",
                "--variant=minbase",
                *SLIM,
                *_proxy(),
                include,
                codename(),
                aside,
            ]
            do([*words, *sources(codename())], state.log / f"{name}.log")
        aside.rename(made)
    return made


def codename() -> str:
    """The machine's Debian release.

    :raises EngineUnavailable: it is another system.
    """
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        lines = []
    known = dict(line.split("=", 1) for line in lines if "=" in line)
    if known.get("ID") != "debian" or not known.get("VERSION_CODENAME"):
        raise EngineUnavailable(
            "stand-ins are made of Debian packages and this is no Debian: install Docker instead"
        )
    return known["VERSION_CODENAME"].strip('"')


def sources(release: str, folder: Path = Path("/etc/apt")) -> list[Path]:
    """The machine's own lists of package sources for this release: mirrors stay where they are set."""
    lists = [folder / "sources.list"]
    lists += sorted([*folder.glob("sources.list.d/*.list"), *folder.glob("sources.list.d/*.sources")])
    return [path for path in lists if path.is_file() and release in _said(path)]


def _said(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _proxy() -> list[str]:
    """What apt itself is told about getting through; mmdebstrap does not read the machine's settings."""
    if not shutil.which("apt-config"):
        return []
    form = '%f "%v";%n'
    said = subprocess.run(
        ["apt-config", "dump", "--format", form, "Acquire::http::Proxy", "Acquire::https::Proxy"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return [f"--aptopt={line}" for line in said.splitlines() if '""' not in line and line]
