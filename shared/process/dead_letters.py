"""``python -m services.<name> dead-letters …``: what could not be handled, for people to see to.

    list                    what waits, oldest first
    show NUMBER             one letter, headers and value, without anything that looks like an SSID
    replay [NUMBER …]       these again, or all; idempotent through the inbox
    discard NUMBER REASON   give one up; the row stays and says why

Each answer is a line ``dead-letter {…}``, so that ``stairs dead-letters`` can make a table of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.consumer import Inbox
from shared.messaging.letter_box import Letter, LetterBox
from shared.messaging.producer import Publisher
from shared.messaging.replaying import Reactions, Replay
from shared.observability.redaction import redact, redact_value
from shared.process.doorway import WRONG_USAGE

MARK = "dead-letter "
USAGE = "dead-letters list | show NUMBER | replay [NUMBER …] | discard NUMBER REASON"


class NoSuchLetter(Exception):  # noqa: N818 - says what is so
    """There is none of this number, or it does not wait any more."""


@dataclass(frozen=True)
class Desk:
    """What a service lends to whoever sees to its dead letters."""

    engine: AsyncEngine
    inbox: Inbox
    reactions: Mapping[str, Reactions]  # by consumer
    bootstrap: str | None  # of the Kafka cluster, if there is one


async def see_to(desk: Desk, words: Sequence[str]) -> int:
    """Do what the words say; answers the exit code.

    :raises StoreUnavailable: the database is away.
    """
    box = LetterBox(desk.engine)
    try:
        match words:
            case ["list"]:
                _tell(_summary(letter) for letter in await box.waiting())
            case ["show", number] if number.isdigit():
                _tell([_whole(await _find(box, number))])
            case ["replay", *numbers] if all(map(str.isdigit, numbers)):
                return await _replay(desk, box, numbers)
            case ["discard", number, reason] if number.isdigit() and reason.strip():
                await _discard(box, number, reason.strip())
            case _:
                sys.stderr.write(f"usage: {USAGE}\n")
                return WRONG_USAGE
    except NoSuchLetter as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


async def _find(box: LetterBox, number: str) -> Letter:
    letter = await box.numbered(int(number))
    if letter is None:
        raise NoSuchLetter(f"there is no dead letter {number}")
    return letter


async def _replay(desk: Desk, box: LetterBox, numbers: Sequence[str]) -> int:
    letters = [await _find(box, number) for number in numbers] if numbers else await box.waiting()
    seen_to = [str(letter.number) for letter in letters if not letter.waits]
    if seen_to:
        raise NoSuchLetter(f"replayed or discarded before: {', '.join(seen_to)}")
    outlet = Publisher(desk.bootstrap, "stairs-replay") if desk.bootstrap else None
    failed = 0
    try:
        async for outcome in Replay(box, desk.inbox, desk.reactions, outlet).of(letters):
            _tell([asdict(outcome)])
            failed += outcome.outcome == "failed"
    finally:
        if outlet is not None:
            await outlet.close()
    return 1 if failed else 0


async def _discard(box: LetterBox, number: str, reason: str) -> None:
    await _find(box, number)
    if not await box.discard(int(number), redact(reason)):
        raise NoSuchLetter(f"replayed or discarded before: {number}")
    _tell([{"number": int(number), "outcome": "discarded", "reason": redact(reason)}])


def _summary(letter: Letter) -> dict[str, Any]:
    return {
        "number": letter.number,
        "consumer": letter.consumer,
        "place": str(letter.place),
        "type": letter.type and redact(letter.type),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "parked_at": letter.parked_at,
    }


def _whole(letter: Letter) -> dict[str, Any]:
    return {
        **_summary(letter),
        "replayed_at": letter.replayed_at,
        "discarded_at": letter.discarded_at,
        "discard_reason": letter.discard_reason,
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
