"""docs/metrics.md lists every metric that the code makes, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shared.observability.lags import SHOWN

ROOT = Path(__file__).parents[3]
MAKERS = {"counter": "_total", "gauge": "", "histogram": ""}
ROW = re.compile(r"\| `stairs_(\w+)`( [●○]+)? \| (\w+) \| ([\w, ]*?) ?\| (.+?) \| (.+?) \|")


class Metric(NamedTuple):
    name: str
    kind: str
    labels: tuple[str, ...]


def made() -> Iterator[tuple[Metric, str]]:
    for path in sorted([*ROOT.glob("shared/**/*.py"), *ROOT.glob("services/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
                kind = str(getattr(node.func, "id", ""))
                name, meaning, *labels = (ast.literal_eval(argument) for argument in node.args)
                yield Metric(name + MAKERS[kind], kind, tuple(labels[0]) if labels else ()), meaning


def documented() -> dict[Metric, str]:
    found = ROW.findall((ROOT / "docs" / "metrics.md").read_text("utf-8"))
    return {
        Metric(name, kind, tuple(labels.split(", ")) if labels else ()): means
        for name, _, kind, labels, means, _ in found
    }


def marked(sign: str) -> set[str]:
    found = ROW.findall((ROOT / "docs" / "metrics.md").read_text("utf-8"))
    return {name for name, marks, *_ in found if sign in marks}


def test_every_metric_is_documented_and_every_documented_metric_is_made() -> None:
    assert set(documented()) == {metric for metric, _ in made()}


def test_the_document_says_what_the_code_says() -> None:
    told = documented()
    other = {metric.name: meaning for metric, meaning in made() if not says(told[metric], meaning)}
    assert other == {}


def says(told: str, meaning: str) -> bool:
    """The code's sentence, perhaps with more in the middle or behind."""
    return told.startswith(re.split(r"[.,)]", meaning)[0])


def test_the_marked_gauges_are_those_that_readiness_shows() -> None:
    assert marked("●") == set(SHOWN)


def test_names_follow_the_conventions_of_prometheus() -> None:
    for metric, _ in made():
        assert re.fullmatch(r"[a-z][a-z_]*[a-z]", metric.name), metric
        if metric.kind == "gauge":
            assert not metric.name.endswith("_total"), metric
