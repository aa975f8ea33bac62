"""A store of an earlier version, restored and started by this one, answers the same; rebuilt, too."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.console.folders import ROOT
from tests.support.answers import Answers, everything_answered
from tests.support.system.system import CONSOLE, RunningSystem, free_offset, short_folder, started

pytestmark = pytest.mark.timeout(600)

STORES = Path(__file__).parent / "stores"
VERSIONS = sorted(path.stem for path in STORES.glob("*.stairs"))


@dataclass(frozen=True)
class Upgraded:
    """A store of an earlier version under this one, and what that version answered."""

    system: RunningSystem
    before: Answers


@pytest.fixture(scope="module", params=VERSIONS)
def upgraded(request: pytest.FixtureRequest) -> Iterator[Upgraded]:
    told = json.loads((STORES / f"{request.param}.json").read_text())
    with short_folder() as folder:
        var = folder / "var"
        copy = shutil.copy(STORES / f"{request.param}.stairs", folder)
        restored = subprocess.run(
            [*CONSOLE, "restore", str(copy), "--dir", str(var)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert restored.returncode == 0, restored.stdout + restored.stderr
        stand_at(var, datetime.fromisoformat(told["at"]))
        with started(var, offset=free_offset()) as system:
            yield Upgraded(system, told["answers"])


def stand_at(var: Path, at: datetime) -> None:
    """Start at the instant of the recording: deadlines that have passed since would be noticed and mailed."""
    clock = var / "run" / "clock"
    clock.parent.mkdir(parents=True, exist_ok=True)
    clock.write_text(str(int((at - datetime.now(UTC)).total_seconds())))


def test_cases_histories_clocks_and_mails_are_the_same(upgraded: Upgraded) -> None:
    assert differences(upgraded.before, everything_answered(upgraded.system.client)) == {}


def test_they_are_the_same_when_every_read_model_is_rebuilt(upgraded: Upgraded) -> None:
    rebuilt = upgraded.system.stairs("rebuild", within=300)
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr

    assert differences(upgraded.before, everything_answered(upgraded.system.client)) == {}


def differences(before: Answers, after: Answers) -> dict[str, tuple[object, object]]:
    """Where the answers differ; a later version may tell more, never less and nothing else."""
    return {
        path: (held, after.get(path))
        for path, held in before.items()
        if not _still_says(comparable(held), comparable(after.get(path)))
    }


def comparable(answer: object) -> object:
    """Without looks at SSIDs (to compare is to look), and references of drafts (nobody is told them now)."""
    if not (isinstance(answer, dict) and "items" in answer):
        return answer
    items = [item for item in answer["items"] if not _is_look(item)]
    if items and items[0].get("what") == "drafted" and not any(item["what"] == "submitted" for item in items):
        items = [{**item, "data": _without_references(item["data"])} for item in items]
    return {**answer, "items": items}


def _without_references(data: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in data.items() if name != "student_refs"}


def _is_look(item: object) -> bool:
    return isinstance(item, dict) and item.get("what") == "students_read"


def _still_says(before: object, after: object) -> bool:
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            name in after and _still_says(value, after[name]) for name, value in before.items()
        )
    if isinstance(before, list):
        return (
            isinstance(after, list)
            and len(before) == len(after)
            and all(_still_says(one, other) for one, other in zip(before, after, strict=True))
        )
    return bool(before == after)
