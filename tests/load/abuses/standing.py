"""The service under abuse: on one processor with its database, and what may be seen of it from outside."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.load.abuses.kinds import Aim
from tests.load.filing import BODY, Target, serving
from tests.load.surroundings import RAISED, Surroundings
from tests.support.http.tokens import LEA_COORDINATOR, SITE_COORDINATOR, token
from tests.support.incidents.student_files import ssids
from tests.support.servers.ports import free_port

LISTED = 200  # drafts that a list finds
STUDENTS = 500
HOURS = 6 * 3600  # seconds; a token's life
API = [sys.executable, "-m", "services.incidents", "api"]

_OPEN = re.compile(r"^stairs_http_connections (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Standing:
    """A running API.

    :ivar pid: of the process that answers.
    """

    port: int
    pid: int

    def connections(self) -> int:
        """How many are open, this one included."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=60).text
        return int(_OPEN.findall(text)[0])


@contextmanager
def standing(around: Surroundings, *, raised: bool) -> Iterator[Standing]:
    """The API with the limits that it is shipped with, for as long as it is measured.

    :param raised: the shares (``SHARE_…``) are raised beyond anybody's use.
    """
    port = free_port()
    told = environment(around, port, raised=raised)
    with serving(Target("api", API, "/"), port, told, around.folder / "api.log") as pid:
        yield Standing(port, pid)


def environment(around: Surroundings, port: int, *, raised: bool) -> dict[str, str]:
    """Its settings; what the shell that started us raises or lowers is not passed on."""
    told = around.environment(incidents_port=port)
    return told if raised else {name: value for name, value in told.items() if name not in RAISED}


def aim(around: Surroundings) -> Aim:
    """Give the attacker what is theirs: as many drafts as a list shows, one of them with 500 students."""
    colleague = {"Authorization": f"Bearer {token(SITE_COORDINATOR, HOURS)}"}
    with standing(around, raised=True) as api:
        with httpx.Client(base_url=f"http://127.0.0.1:{api.port}", headers=colleague, timeout=60) as http:
            drafts = [_drafted(http, {**BODY, "student_count": STUDENTS}) for _ in range(LISTED)]
            listed = http.put(f"/v1/incidents/{drafts[0]}/students", json={"ssids": ssids(STUDENTS)})
            listed.raise_for_status()
        around.done_by_hand("rebuild")
    return Aim(token(LEA_COORDINATOR, HOURS), listed=drafts[0], unlisted=drafts[1])


def _drafted(http: httpx.Client, body: Mapping[str, object]) -> str:
    made = http.post("/v1/incidents", json=body)
    made.raise_for_status()
    return str(made.json()["id"])
