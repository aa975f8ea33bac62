"""``stairs``: the commands of all rooms on one command line."""

from __future__ import annotations

import typer

from deploy.console.verbs import data, dead_letters, keys, system, tokens

EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong setting."

app = typer.Typer(
    name="stairs",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="STAIRS on this machine: test-security cases, appeals, and the mails about them.",
    epilog="First: [bold]stairs run[/bold]. Then, in a second terminal: [bold]stairs demo[/bold]. "
    + EXIT_CODES,
)

for commands in (system.commands, tokens.commands, data.commands):
    app.add_typer(commands)
app.add_typer(dead_letters.commands, name="dead-letters")
app.add_typer(keys.commands, name="keys")
