"""The public APIs of the running system, used as the contract asks of every client."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.tokens import PEOPLE, make_token
from deploy.console.local.run_record import RunRecord
from shared.kernel.actor import Role

T = TypeVar("T")

Json = dict[str, Any]
NOT_YET = frozenset({"case_not_known_yet"})  # refusals that only ask for patience
HOUR = 1.0
SOON = 0.1  # seconds; what one service is told by another is mostly there by then


class UnexpectedAnswer(CommandError):  # noqa: N818 - it is the answer that is unexpected
    """A service answered otherwise than the story says."""


@dataclass
class PublicApi:
    """Every service by HTTP, as any of the sandbox's people."""

    record: RunRecord
    within: float  # seconds for anything that takes a moment
    http: httpx.Client
    tokens: dict[Role, str]
    busy: list[str] = field(default_factory=list)  # what was answered with 503, and then asked again

    @classmethod
    def of(cls, state: StateFolder, record: RunRecord, within: float, http: httpx.Client) -> PublicApi:
        """The running system's APIs, with new tokens."""
        return cls(record, within, http, {role: make_token(state, PEOPLE[role], HOUR) for role in PEOPLE})

    def get(self, service: str, path: str, role: Role, **query: str) -> Json:
        """What is there."""
        return self._asked(lambda: self._send("GET", service, path, role, None, query), path)

    def put(self, service: str, path: str, role: Role, body: Json) -> Json:
        """Set what is there."""
        return self._asked(lambda: self._send("PUT", service, path, role, body), path)

    def post(self, service: str, path: str, role: Role, body: Json) -> Json:
        """Create or decide, once: one key until it is answered.

        :raises UnexpectedAnswer: refused, or not answered in time.
        """
        key = str(uuid.uuid4())
        return self._asked(lambda: self._send("POST", service, path, role, body, key=key), path)

    def eventually(self, look: Callable[[], T], enough: Callable[[T], bool]) -> T:
        """Look until it is enough, or time is up; gives what was seen last."""
        until = time.monotonic() + self.within
        while not enough(seen := look()) and time.monotonic() < until:
            time.sleep(0.1)
        return seen

    def _asked(self, send: Callable[[], httpx.Response], path: str) -> Json:
        """Patience while a service is busy (503, as long as it says) or has yet to hear of a case."""
        until = time.monotonic() + self.within
        while True:
            answer = send()
            pause = _patience(answer)
            if pause is None or time.monotonic() + pause > until:
                return self._answer(answer, path)
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                self.busy.append(f"{answer.request.method} {path}")
            time.sleep(pause)

    def _send(
        self,
        method: str,
        service: str,
        path: str,
        role: Role,
        body: Json | None,
        query: dict[str, str] | None = None,
        *,
        key: str | None = None,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} | ({"Idempotency-Key": key} if key else {})
        try:
            url = f"{self.record.urls[service]}{path}"
            return self.http.request(method, url, json=body, params=query, headers=headers)
        except httpx.HTTPError as error:
            raise UnexpectedAnswer(
                f"{service} does not answer {method} {path}: {type(error).__name__}"
            ) from error

    def _answer(self, answer: httpx.Response, path: str) -> Json:
        if not answer.is_success:
            raise UnexpectedAnswer(
                f"{answer.request.method} {path} answered {answer.status_code}: {answer.text[:600]}"
            )
        parsed: Json = answer.json() if answer.content else {}
        return parsed


def _patience(answer: httpx.Response) -> float | None:
    """Seconds after which the same may be asked again; None: this is the answer."""
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return float(answer.headers.get("Retry-After", 1))
    if answer.status_code == httpx.codes.CONFLICT and answer.json().get("code") in NOT_YET:
        return SOON
    return None
