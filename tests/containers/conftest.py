"""One image, one system in containers, for the whole session; nothing is left of either's containers."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.container_secrets import make_secrets
from deploy.engine import image
from deploy.engine.reach import Engine
from tests.support.system.compose import PREVIOUS, Stack, free_offset, required_engine


@pytest.fixture(scope="session")
def engine() -> Engine:
    return required_engine()


@pytest.fixture(scope="session")
def revision() -> str:
    """What is built, noted before: somebody may go on working on the tree meanwhile."""
    return image.revision()


@pytest.fixture(scope="session")
def built(engine: Engine, revision: str) -> str:
    """The image of the tree as it is."""
    return image.build(engine)


@pytest.fixture(scope="session")
def previous(engine: Engine, built: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of an image tagged PREVIOUS: the commit before, or (where that has none like ours) ours."""
    tree = tmp_path_factory.mktemp("previous")
    if _commit_before(tree):
        image.build(engine, tag=PREVIOUS, tree=tree)
        return tree
    image.build(engine, tag=PREVIOUS, labels={"org.opencontainers.image.version": PREVIOUS})
    return ROOT


@pytest.fixture(scope="session")
def stack(engine: Engine, built: str) -> Iterator[Stack]:
    """The system, not started yet."""
    with tempfile.TemporaryDirectory(prefix="stairs-", dir="/tmp") as folder:
        place = StateFolder.at(Path(folder) / "var")
        make_secrets(place)
        stack = Stack(engine, place, f"stairs-test-{os.getpid()}", free_offset())
        yield stack
        stack.compose("down", "--volumes", "--timeout", "5", check=False)


def _commit_before(tree: Path) -> bool:
    """Lay out the commit before the present one, if it builds an image as this one does."""
    wanted = ["git", "cat-file", "-e", "HEAD~1:deploy/container/__main__.py"]
    if subprocess.run(wanted, cwd=ROOT, capture_output=True, check=False).returncode:
        return False
    packed = subprocess.run(["git", "archive", "HEAD~1"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tree)], input=packed, check=True)
    return True
