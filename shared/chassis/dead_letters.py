"""``dead-letters``: the verbs by which operators see to messages that a service could not handle.

Each function does one verb, and passes each letter or outcome to its caller as a document. SSIDs are masked
in all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.chassis.definition import Foundation, S, ServiceDefinition
from shared.chassis.one_off import at_the_keyboard, one_off
from shared.messaging.consuming.consumer import Inbox
from shared.messaging.dead_letters.register import DeadLetter, DeadLetterRegister
from shared.messaging.dead_letters.replay import DeadLetterReplay, Reactions
from shared.messaging.kafka.cluster import At
from shared.messaging.kafka.producer import Publisher
from shared.observability.redaction import redact, redact_value
from shared.process.exit_codes import DONE, FAILED
from shared.process.verbs import AsJson, done, group, say, say_words

Told = Mapping[str, Any]
"""A letter, or what became of it, as a JSON object."""

Tell = Callable[[Told], None]
See = Callable[["DeadLetterOffice", Tell], Awaitable[bool | None]]
"""One verb; False if it failed: the documents passed on say why."""


def _not_blank(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise typer.BadParameter("it must not be blank")
    return text


Which = Annotated[str, typer.Argument(metavar="[discarded]", help="What was given up, instead.")]
Number = Annotated[int, typer.Argument(min=0, metavar="NUMBER", help="As the list shows it.")]
Numbers = Annotated[list[int] | None, typer.Argument(min=0, metavar="[NUMBER …]", help="None: all.")]
Reason = Annotated[str, typer.Argument(metavar="REASON", callback=_not_blank, help="Why it is given up.")]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="WHO", callback=_not_blank, help="In whose name; else this machine's user."),
]


class NoSuchLetter(Exception):  # noqa: N818 - says what is so
    """There is no dead letter of this number, or it does not wait any more."""


@dataclass(frozen=True)
class DeadLetterOffice:
    """The dead letters of one service, and what is needed to replay them."""

    engine: AsyncEngine
    inbox: Inbox
    reactions: Mapping[str, Reactions]  # by consumer
    bootstrap: At | None  # of the Kafka cluster, if there is one

    @property
    def box(self) -> DeadLetterRegister:
        """The rows in the service's database."""
        return DeadLetterRegister(self.engine)


def office_of(base: Foundation[S]) -> DeadLetterOffice:
    """The office of a service."""
    reactions = {each.consumer: each.handlers for each in base.service.subscriptions(base)}
    return DeadLetterOffice(base.engine, base.units, reactions, base.settings.kafka)


async def list_waiting(office: DeadLetterOffice, tell: Tell) -> None:
    """Tell what waits, oldest first.

    :raises StoreUnavailable: the database is away.
    """
    for letter in await office.box.waiting():
        tell(_summary(letter))


async def list_discarded(office: DeadLetterOffice, tell: Tell) -> None:
    """Tell what was given up: when, by whom and why.

    :raises StoreUnavailable: the database is away.
    """
    for letter in await office.box.discarded():
        tell(_given_up(letter))


async def show(office: DeadLetterOffice, tell: Tell, number: int) -> None:
    """Tell one letter with its headers and its value.

    :raises NoSuchLetter: there is none of this number.
    :raises StoreUnavailable: the database is away.
    """
    tell(_whole(await _find(office.box, number)))


async def replay(office: DeadLetterOffice, tell: Tell, numbers: Sequence[int]) -> bool:
    """Handle these again, or all; idempotent through the inbox. False: one of them failed again.

    :raises NoSuchLetter: one of these does not exist, or does not wait any more.
    :raises StoreUnavailable: the database is away.
    """
    box = office.box
    letters = [await _find(box, number) for number in numbers] if numbers else await box.waiting()
    seen_to = [str(letter.number) for letter in letters if not letter.waits]
    if seen_to:
        raise NoSuchLetter(f"replayed or discarded before: {', '.join(seen_to)}")
    outlet = Publisher(office.bootstrap, "stairs-replay") if office.bootstrap else None
    failed = 0
    try:
        async for outcome in DeadLetterReplay(box, office.inbox, office.reactions, outlet).of(letters):
            tell(asdict(outcome))
            failed += outcome.outcome == "failed"
    finally:
        if outlet is not None:
            await outlet.close()
    return not failed


async def discard(
    office: DeadLetterOffice, tell: Tell, number: int, reason: str, by: str | None = None
) -> None:
    """Give one up; the row stays and says when, who and why.

    :param by: in whose name; None: the user of this machine.
    :raises NoSuchLetter: there is none of this number, or it does not wait any more.
    :raises StoreUnavailable: the database is away.
    """
    box, reason, by = office.box, redact(reason.strip()), redact((by or at_the_keyboard()).strip())
    await _find(box, number)
    if not await box.discard(number, reason, by):
        raise NoSuchLetter(f"replayed or discarded before: {number}")
    tell({"number": number, "outcome": "discarded", "reason": reason, "by": by})


async def see_to(office: DeadLetterOffice, see: See, *, as_json: bool) -> int:
    """Do one verb and print what it tells; answers the exit code.

    :raises StoreUnavailable: the database is away.
    """
    tell: Tell = say if as_json else (lambda told: say_words(in_words(told)))
    try:
        return FAILED if await see(office, tell) is False else DONE
    except NoSuchLetter as problem:
        sys.stderr.write(f"{problem}\n")
        return FAILED


def verbs(service: ServiceDefinition[S]) -> typer.Typer:
    """The command line of a service's dead letters."""
    app = group("Messages that could not be handled.")

    def see_once(see: See, *, as_json: bool, act: str | None = None, **told: object) -> int:
        async def work(base: Foundation[S]) -> int:
            return await see_to(office_of(base), see, as_json=as_json)

        return one_off(service, work, act=act, told=told)

    @app.command("list")
    def list_letters(which: Which = "", *, as_json: AsJson = False) -> None:
        """What waits, oldest first."""
        if which not in ("", "discarded"):
            raise typer.BadParameter(f"{which!r} is not 'discarded'")
        done(see_once(list_discarded if which else list_waiting, as_json=as_json))

    @app.command("show")
    def show_letter(number: Number, *, as_json: AsJson = False) -> None:
        """One letter, with headers and value."""
        done(
            see_once(partial(show, number=number), as_json=as_json, act="dead_letter_shown", numbers=[number])
        )

    @app.command("replay")
    def replay_letters(numbers: Numbers = None, *, as_json: AsJson = False) -> None:
        """Handle these again, or all; nothing is handled twice."""
        see = partial(replay, numbers=numbers or [])
        done(see_once(see, as_json=as_json, act="dead_letters_replayed", numbers=numbers or "all"))

    @app.command("discard")
    def discard_letter(number: Number, reason: Reason, by: By = None, *, as_json: AsJson = False) -> None:
        """Give one up; its row stays and says when, who and why."""
        see = partial(discard, number=number, reason=reason, by=by)
        done(
            see_once(
                see, as_json=as_json, act="dead_letter_discarded", numbers=[number], by=by, reason=reason
            )
        )

    return app


def in_words(told: Told) -> str:
    """A letter or an outcome for people: a line, or of one that is shown as a whole, its JSON."""
    if "value" in told:
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
    if "outcome" in told:
        by = f" by {told['by']}" if "by" in told else ""
        return f"{told['number']} {told['outcome']}{by}" + (f": {told['reason']}" if told["reason"] else "")
    head = f"{told['number']} {told['consumer']} {told['place']} {told['type'] or '?'}: {told['reason']}"
    if told.get("discarded_at"):
        who = told["discarded_by"] or "?"
        return f"{head}; discarded {told['discarded_at']} by {who}: {told['discard_reason']}"
    return f"{head} ({told['attempts']} attempts, put aside {told['parked_at']})"


async def _find(box: DeadLetterRegister, number: int) -> DeadLetter:
    letter = await box.numbered(number)
    if letter is None:
        raise NoSuchLetter(f"there is no dead letter {number}")
    return letter


def _summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        "number": letter.number,
        "consumer": letter.consumer,
        "place": str(letter.place),
        "type": letter.type and redact(letter.type),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "parked_at": letter.parked_at,
    }


def _given_up(letter: DeadLetter) -> dict[str, Any]:
    return {
        **_summary(letter),
        "discarded_at": letter.discarded_at,
        "discarded_by": letter.discarded_by,
        "discard_reason": letter.discard_reason,
    }


def _whole(letter: DeadLetter) -> dict[str, Any]:
    return {
        **_given_up(letter),
        "replayed_at": letter.replayed_at,
        "headers": {redact(name): redact(value.decode()) for name, value in letter.headers},
        "value": _shown(letter.value),
    }


def _shown(value: bytes) -> object:
    try:
        return redact_value(orjson.loads(value))
    except orjson.JSONDecodeError:
        return redact(value.decode("utf-8", "backslashreplace"))
