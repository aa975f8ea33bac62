"""Apache Kafka's jars, copied once by Maven into a folder outside git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

VERSION = "4.3.1"
JAVA = 17  # the least that Kafka 4 runs on

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class BrokerUnavailable(Exception):  # noqa: N818 - says what is so
    """Why there can be no broker here, in one sentence with its remedy."""


def jar_folder() -> Path:
    """Where the jars are kept: ``STAIRS_KAFKA_JARS``, so that checkouts can share them, or ``var/cache``."""
    given = os.environ.get("STAIRS_KAFKA_JARS")
    return Path(given) if given else ROOT / "var" / "cache" / f"kafka-{VERSION}"


def java() -> str:
    """The path of a Java that Kafka runs on.

    :raises BrokerUnavailable: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    remedy = "install openjdk-17-jre-headless (Debian, Ubuntu) or openjdk@17 (Homebrew)"
    if found is None:
        raise BrokerUnavailable(f"Kafka needs Java {JAVA} or newer and none is installed: {remedy}.")
    told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version.group(1)) < JAVA:
        words = told.partition("\n")[0] or "it does not start"
        raise BrokerUnavailable(f"Kafka needs Java {JAVA} or newer, and {found} says: {words}; {remedy}.")
    return found


def fetched(folder: Path) -> bool:
    """Whether the folder holds the jars of this version; they come in whole or not at all."""
    return (folder / f"kafka_2.13-{VERSION}.jar").exists()


def fetch(folder: Path) -> None:
    """Have Maven copy the jars (44 MB) into the folder, unless they are there.

    :raises BrokerUnavailable: Maven is missing or fails.
    """
    if fetched(folder):
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerUnavailable(
            f"Kafka's jars are not in {folder} and Maven, which fetches them, is not installed: "
            "install maven, or set STAIRS_KAFKA_JARS to a folder that has them."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kafka-jars-", dir=folder.parent) as work:
        _copy_dependencies(maven, Path(work) / "jars")
        shutil.rmtree(folder, ignore_errors=True)
        (Path(work) / "jars").rename(folder)


def _copy_dependencies(maven: str, into: Path) -> None:
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={into}"]
    done = subprocess.run(
        [maven, "-B", "-q", "-f", str(HERE / "pom.xml"), *goal], capture_output=True, text=True, check=False
    )
    if done.returncode != 0 or not fetched(into):
        words = next((line for line in done.stdout.splitlines() if "ERROR" in line), "it copied nothing")
        raise BrokerUnavailable(f"Maven could not fetch Kafka {VERSION}: {words.strip()[:300]}")
