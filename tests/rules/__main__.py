"""``make rules``: the table of every rule and worked example, and the tests that show it; fails on a hole."""

from __future__ import annotations

import contextlib
import io
import sys

import pytest
from rich.console import Console
from rich.table import Table

from tests.rules.showing import Collected, elsewhere, holes, wanted

LAYERS = ("unit", "contract", "integration", "e2e")


def main() -> int:
    """Collect, print, judge; 1 where there is a hole, a stranger, or a collection that failed."""
    collected, said = Collected(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-q", "tests"], plugins=[collected])
    if code != pytest.ExitCode.OK:
        sys.stderr.write(said.getvalue())
        return 1
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    console.print(table(collected.by_id))
    return verdict(collected.by_id, console)


def table(shown: dict[str, list[str]]) -> Table:
    """Every rule and example, how many tests of each layer show it, and the first of them."""
    made = Table(title="What docs/domain asks for, and the tests that show it")
    for column in ("", "rule or example", *LAYERS, "for instance"):
        made.add_column(column, overflow="fold", justify="right" if column in LAYERS else "left")
    listed = elsewhere()
    for each, sentence in wanted().items():
        tests = shown.get(each, [])
        counts = [sum(test.startswith(f"tests/{layer}/") for test in tests) for layer in LAYERS]
        first = (
            _short(tests[0]) if tests else f"[red]no test[/] {listed[each].part if each in listed else ''}"
        )
        made.add_row(each, sentence, *(str(count or "") for count in counts), first)
    return made


def verdict(shown: dict[str, list[str]], console: Console) -> int:
    """What is missing and why; the exit code."""
    known, listed = wanted(), elsewhere()
    missing, strangers = holes(shown, known, listed), sorted({*shown, *listed} - set(known))
    outdated = sorted(set(listed) & set(shown))
    tests = {test for several in shown.values() for test in several}
    covered = len(set(known) & set(shown))
    console.print(f"{covered} of {len(known)} are shown by {len(tests)} tests")
    for each in sorted(set(listed) - set(shown)):
        console.print(f"[yellow]elsewhere[/] {each} ({listed[each].part}): {listed[each].reason}")
    for each in outdated:
        console.print(f"[red]shown by now[/] {each}: take it out of tests/rules/elsewhere.yaml")
    for each in missing:
        console.print(f"[red]hole[/] {each}: {known[each]}")
    for each in strangers:
        console.print(f"[red]stranger[/] {each}: docs/domain has no such rule or example")
    return 1 if missing or strangers or outdated else 0


def _short(test: str) -> str:
    path, _, name = test.partition("::")
    return f"{path.removeprefix('tests/')} {name}".replace("[", r"\[")


if __name__ == "__main__":
    raise SystemExit(main())
