"""``python -m services.<name> dead-letters …``: what could not be handled, for people to see to.

    list [discarded]             what waits, or what was given up; oldest first
    show NUMBER                  one letter, headers and value, without anything that looks like an SSID
    replay [NUMBER …]            these again, or all; idempotent through the inbox
    discard NUMBER REASON [BY]   give one up; the row stays and says when, who and why

Each answer is a line ``dead-letter {…}``, so that ``stairs dead-letters`` can make a table of it.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.consuming.consumer import Inbox
from shared.messaging.dead_letters.register import DeadLetter, DeadLetterRegister
from shared.messaging.dead_letters.replay import DeadLetterReplay, Reactions
from shared.messaging.kafka.cluster import At
from shared.messaging.kafka.producer import Publisher
from shared.observability.redaction import redact, redact_value
from shared.process.doorway import WRONG_USAGE

MARK = "dead-letter "
USAGE = "dead-letters list [discarded] | show NUMBER | replay [NUMBER …] | discard NUMBER REASON [BY]"


class NoSuchLetter(Exception):  # noqa: N818 - says what is so
    """There is none of this number, or it does not wait any more."""


@dataclass(frozen=True)
class Desk:
    """What a service lends to whoever sees to its dead letters."""

    engine: AsyncEngine
    inbox: Inbox
    reactions: Mapping[str, Reactions]  # by consumer
    bootstrap: At | None  # of the Kafka cluster, if there is one


async def see_to(desk: Desk, words: Sequence[str]) -> int:
    """Do what the words say; answers the exit code.

    :raises StoreUnavailable: the database is away.
    """
    box = DeadLetterRegister(desk.engine)
    try:
        match words:
            case ["list"]:
                _tell(_summary(letter) for letter in await box.waiting())
            case ["list", "discarded"]:
                _tell(_given_up(letter) for letter in await box.discarded())
            case ["show", number] if number.isdigit():
                _tell([_whole(await _find(box, number))])
            case ["replay", *numbers] if all(map(str.isdigit, numbers)):
                return await _replay(desk, box, numbers)
            case ["discard", number, reason, *by] if _complete(number, reason, by):
                await _discard(box, number, reason.strip(), by[0].strip() if by else _at_the_keyboard())
            case _:
                sys.stderr.write(f"usage: {USAGE}\n")
                return WRONG_USAGE
    except NoSuchLetter as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


async def _find(box: DeadLetterRegister, number: str) -> DeadLetter:
    letter = await box.numbered(int(number))
    if letter is None:
        raise NoSuchLetter(f"there is no dead letter {number}")
    return letter


async def _replay(desk: Desk, box: DeadLetterRegister, numbers: Sequence[str]) -> int:
    letters = [await _find(box, number) for number in numbers] if numbers else await box.waiting()
    seen_to = [str(letter.number) for letter in letters if not letter.waits]
    if seen_to:
        raise NoSuchLetter(f"replayed or discarded before: {', '.join(seen_to)}")
    outlet = Publisher(desk.bootstrap, "stairs-replay") if desk.bootstrap else None
    failed = 0
    try:
        async for outcome in DeadLetterReplay(box, desk.inbox, desk.reactions, outlet).of(letters):
            _tell([asdict(outcome)])
            failed += outcome.outcome == "failed"
    finally:
        if outlet is not None:
            await outlet.close()
    return 1 if failed else 0


def _complete(number: str, reason: str, by: Sequence[str]) -> bool:
    return number.isdigit() and bool(reason.strip()) and len(by) <= 1 and all(name.strip() for name in by)


async def _discard(box: DeadLetterRegister, number: str, reason: str, by: str) -> None:
    await _find(box, number)
    if not await box.discard(int(number), redact(reason), redact(by)):
        raise NoSuchLetter(f"replayed or discarded before: {number}")
    _tell([{"number": int(number), "outcome": "discarded", "reason": redact(reason), "by": redact(by)}])


def _at_the_keyboard() -> str:
    """The system's user, or who called sudo; where no name is known, as in some containers, a number."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


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


def _tell(answers: Iterable[Mapping[str, object]]) -> None:
    for answer in answers:
        sys.stdout.write(MARK + orjson.dumps(answer).decode() + "\n")
    sys.stdout.flush()
