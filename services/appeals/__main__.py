"""``python -m services.appeals VERB``: the verbs of every service, and ``adopt-calendar``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import typer

from services.appeals.application.adoption import Adoption
from services.appeals.bootstrap import APPEALS
from services.appeals.domain.calendar_adoption import Move
from services.appeals.read_model.appeal_list import AppealList
from services.appeals.read_model.calendar_watch import undecided
from services.appeals.rulebooks.library import read_rulebooks
from services.appeals.settings import AppealsSettings
from shared.chassis.command_line import command_line
from shared.chassis.definition import Foundation
from shared.chassis.one_off import one_off
from shared.http.instants import as_text
from shared.kernel.actor import Actor, Role
from shared.kernel.store import repeated
from shared.persistence.projector import Projector
from shared.process.verbs import done, run

OPERATOR = Actor(sub="appeals", name="STAIRS operator", email="", role=Role.SYSTEM)

app = command_line(APPEALS)


@app.command("adopt-calendar")
def adopt_calendar(*, yes: Annotated[bool, typer.Option("--yes", help="Move them.")] = False) -> None:
    """Move running decision clocks to the present calendar.

    Without --yes nothing is moved; what would be moved is listed.
    """

    async def adopt_and_say(base: Foundation[AppealsSettings]) -> None:
        moves = await adopt(base, really=yes)
        for move in moves:
            old, new = as_text(move.old_decide_by), as_text(move.new_decide_by)
            typer.echo(f"{move.appeal_number} {move.clock} {old} -> {new}")
        typer.echo(f"{len(moves)} decision clocks {'moved' if yes else 'would be moved; say --yes to do it'}")

    done(one_off(APPEALS, adopt_and_say, act="calendar_adopted" if yes else None))


async def adopt(base: Foundation[AppealsSettings], *, really: bool) -> Sequence[Move]:
    """Move running decision clocks to the present calendar; without ``really`` say what that would move.

    :raises StreamMoved: somebody changed one of the appeals again and again.
    :raises StoreUnavailable: the database is away.
    """
    await Projector(base.engine, base.tail, AppealList()).catch_up()
    ids = await undecided(base.engine)

    async def attempt() -> Sequence[Move]:
        async with base.units.begin() as unit:
            adoption = Adoption(unit.store, read_rulebooks())
            if not really:
                return await adoption.proposed(ids)
            return await adoption.adopt(ids, uuid4(), OPERATOR, base.clock.now())

    return await repeated(attempt)


if __name__ == "__main__":
    run(app)
