"""A worked example of the manual as data: who does what, and what must be seen afterwards.

Instants and days may be said relative to the moment of playing: ``now-3h``, ``today-12d``. An SSID is said by
the student's label, ``ssid:first``; the numbers are invented anew at each playing, so that a story can be
played again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.console.errors import CommandError
from deploy.console.local.sandbox_clock import seconds_of
from shared.kernel.actor import Role

PACIFIC = ZoneInfo("America/Los_Angeles")

_RELATIVE = re.compile(r"(?P<anchor>now|today)(?P<span>[+-][0-9dhms]+)?")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PhoneCall(_Data):
    """A phone call by the LEA coordinator before the case is submitted (HR-11)."""

    called: Literal["cde", "caltac"]
    called_at: str
    spoke_with: str
    reference: str


class Step(_Data):
    """What happens to one student's appeal next."""

    student: str
    act: Literal["approve", "deny", "withdraw", "process"]
    by: Role
    reason: str | None = None
    comments: str | None = None


class AppealRequest(_Data):
    """One request: a type, and for each student what the test's state is."""

    appeal_type: str
    comments: str | None = None
    students: dict[str, dict[str, Any]]  # label → event_state, minutes_paused, part


class ExpectedAppeal(_Data):
    """How one student's appeal must have been routed, and how it must have ended."""

    student: str
    appeal_type: str
    decider: str
    routing: str
    business_days: int | None  # until the decision is due; None: nothing is published
    status: str


class ExpectedMail(_Data):
    """One mail of this kind to exactly these."""

    kind: str
    to: tuple[str, ...]  # roles, or ``cde_desk``
    times: int = 1


class Expected(_Data):
    """What the manual says must come out."""

    severity: str
    recommended_action: str
    pre_action: str | None
    cde_copy: bool
    appeal_types: tuple[str, ...]
    late: bool
    status: str
    appeals: tuple[ExpectedAppeal, ...] = ()
    mails: tuple[ExpectedMail, ...]


class Story(_Data):
    """One worked example."""

    example: str
    title: str
    source: str
    filed_by: Role
    students: tuple[str, ...] = ()
    case: dict[str, Any]
    breach_call: PhoneCall | None = None
    appeal: AppealRequest | None = None
    steps: tuple[Step, ...] = ()
    expect: Expected = Field(description="what the manual says must come out")


def stories(folder: Path, wanted: list[str]) -> list[Story]:
    """The stories in the folder, in order; only the wanted ones if any are named.

    :raises CommandError: a name that no story has, or a file that is no story.
    """
    found = [_read(path) for path in sorted(folder.glob("*.yaml"))]
    names = {name.upper() for name in wanted}
    if strangers := names - {story.example for story in found}:
        known = ", ".join(story.example for story in found)
        raise CommandError(f"no example {', '.join(sorted(strangers))}; there are {known}")
    return [story for story in found if not names or story.example in names]


def _read(path: Path) -> Story:
    try:
        return Story.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise CommandError(f"{path} is not a story:\n{error}") from error


def filled_in(value: Any, now: datetime, ssids: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    """The value with its relative times and its students' labels replaced by what they stand for."""
    if isinstance(value, dict):
        return {name: filled_in(part, now, ssids) for name, part in value.items()}
    if isinstance(value, list):
        return [filled_in(part, now, ssids) for part in value]
    if isinstance(value, str):
        return _filled_in_text(value, now, ssids)
    return value


def _filled_in_text(text: str, now: datetime, ssids: Mapping[str, str]) -> str:
    if text.startswith("ssid:"):
        return ssids[text.removeprefix("ssid:")]
    said = _RELATIVE.fullmatch(text)
    if said is None:
        return text
    at = now + timedelta(seconds=seconds_of(said["span"]) if said["span"] else 0)
    if said["anchor"] == "today":
        return at.astimezone(PACIFIC).date().isoformat()
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
