"""Commands about access: token, secrets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.console.errors import reporting_errors
from deploy.console.folders import StateFolder
from deploy.console.verbs.options import HERE, Dir
from shared.kernel.actor import Role

commands = typer.Typer()


@commands.command()
def token(
    role: Annotated[Role, typer.Argument(help="The role of the bearer.")],
    *,
    lea: Annotated[str | None, typer.Option(help="7-digit CDS prefix of an LEA.")] = None,
    school: Annotated[str | None, typer.Option(help="14-digit CDS code; its LEA follows from it.")] = None,
    name: Annotated[str | None, typer.Option(help="The bearer's name.")] = None,
    email: Annotated[str | None, typer.Option(help="The bearer's address, and identity.")] = None,
    hours: Annotated[float, typer.Option(help="Hours until it expires.", min=0, max=24)] = 12,
    var: Dir = HERE,
) -> None:
    """Print a bearer token, and nothing else; on a terminal write it to a file, and print where.

    Example: curl -H "Authorization: Bearer $(stairs token cde_reviewer)" localhost:8001/v1/incidents
    """
    from deploy.console.keys.secret_files import write_private
    from deploy.console.keys.tokens import make_token, person_of

    with reporting_errors():
        state = StateFolder.at(var)
        made = make_token(state, person_of(role, lea=lea, school=school, name=name, email=email), hours)
        if on_a_terminal():
            # a screen is scrolled back, shared and recorded
            file = state.tokens / f"{role.value}.asked.jwt"
            write_private(file, made)
            made = str(file)
        sys.stdout.write(made + "\n")


@commands.command()
def secrets(*, var: Dir = HERE) -> None:
    """Make the secret files that docker-compose.yml mounts, under var/secrets; existing files stay.

    Tokens for each role are made anew, under var/run/tokens.

    Beside a docker-compose.yml it names their folder in .env, which Compose reads.
    """
    from deploy.console.keys.container_secrets import make_secrets, tell_compose

    with reporting_errors():
        state = StateFolder.at(var)
        folder = make_secrets(state)
        tell_compose(folder, Path.cwd())
        print(f"{len(list(folder.iterdir()))} files in {folder}, a token for each role in {state.tokens}")


def on_a_terminal() -> bool:
    """Whether a person reads what is printed."""
    return sys.stdout.isatty()
