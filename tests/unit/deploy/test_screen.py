"""Whatever is shown, only the console itself moves the cursor or chooses a color."""

from __future__ import annotations

import io
import re

import pytest
from rich.json import JSON
from rich.table import Table
from rich.text import Text

from deploy.console.screen import Screen

HOSTILE = ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x1bc", "\r", "\x08", "\u202e", "\u2028", "\x7f"]
COLORS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("bad", HOSTILE, ids=ascii)
def test_no_control_character_reaches_the_terminal_however_it_is_shown(bad: str) -> None:
    paper = io.StringIO()
    screen = Screen(file=paper, force_terminal=True, color_system="truecolor", width=60)
    table = Table("name", title=f"t{bad}t")
    table.add_row(f"a{bad}b")
    for shown in (f"x{bad}y", Text(f"x{bad}y", style="red"), table, JSON(f'{{"a": "{ascii(bad)[1:-1]}"}}')
                  if "\\x" not in ascii(bad) and "\\r" not in ascii(bad) else "z"):  # fmt: skip
        screen.print(shown)
    left = COLORS.sub("", paper.getvalue())
    assert re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", left) is None, ascii(left)


def test_the_consoles_own_colors_stay() -> None:
    paper = io.StringIO()
    Screen(file=paper, force_terminal=True, color_system="standard").print("[red]x[/]")
    assert "\x1b[31mx\x1b[0m" in paper.getvalue()
