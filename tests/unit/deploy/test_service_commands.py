"""A service's command answers in JSON lines; the console passes them on, and says why one failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deploy.console.errors import CommandError
from deploy.console.local.service_commands import Answer, Reply, ask_program


@pytest.fixture
def heard() -> list[Answer]:
    """The answers as they came."""
    return []


def program(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "program.py"
    path.write_text(text)
    return (sys.executable, str(path))


def test_each_object_is_handed_on_in_order(tmp_path: Path, heard: list[Answer]) -> None:
    said = program(
        tmp_path, """print('{"done": 1, "of": 2}\\\\n{"done": 2, "of": 2}')""".replace("\\\\n", "\\n")
    )
    reply = ask_program(said, {}, "incidents rebuild", heard.append)
    assert heard == [{"done": 1, "of": 2}, {"done": 2, "of": 2}]
    assert reply.or_error() == heard


@pytest.mark.parametrize("line", ["a line of a log", "", "[1, 2]", "12", '{"torn": '])
def test_what_is_no_object_is_no_answer(tmp_path: Path, heard: list[Answer], line: str) -> None:
    ask_program(program(tmp_path, f"print({line!r})"), {}, "incidents rebuild", heard.append)
    assert heard == []


def test_a_command_that_fails_says_why_with_the_end_of_its_log(tmp_path: Path, heard: list[Answer]) -> None:
    log = "sys.stderr.writelines(f'line {i}\\n' for i in range(40))"
    text = "\n".join(["import sys", "print('{\"done\": 1}')", log, "sys.exit(1)"])
    reply = ask_program(program(tmp_path, text), {}, "incidents rebuild", heard.append)
    assert reply.answers == [{"done": 1}]
    with pytest.raises(CommandError) as failure:
        reply.or_error()
    assert str(failure.value).splitlines() == [
        "incidents rebuild failed",
        *(f"line {i}" for i in range(28, 40)),
    ]


def test_a_long_log_does_not_hold_up_the_answers(tmp_path: Path, heard: list[Answer]) -> None:
    text = "import sys\nsys.stderr.write('x' * 1_000_000)\nprint('{\"done\": 1}')"
    assert ask_program(program(tmp_path, text), {}, "incidents rebuild", heard.append).answers == heard
    assert len(heard) == 1


def test_a_command_that_is_done_has_no_error() -> None:
    assert Reply("incidents rebuild", 0, [], ["a warning"]).or_error() == []
