"""Write docs/permissions.md from the rows that the guards of the three services ask: ``make permissions``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from services.appeals.domain import permissions as appeals
from services.incidents.domain import permissions as incidents
from services.incidents.rulebooks.library import Library
from services.notifications.domain import permissions as notifications
from shared.kernel.actor import Role
from shared.kernel.permission import Permission

PAGE = Path("docs/permissions.md")

COLUMNS: Mapping[str, tuple[Role, ...]] = {
    "TA/TE": (Role.TEST_ADMINISTRATOR, Role.TEST_EXAMINER),
    "Site": (Role.SITE_COORDINATOR,),
    "LEA": (Role.LEA_COORDINATOR,),
    "CalTAC": (Role.CALTAC_AGENT,),
    "CDE": (Role.CDE_REVIEWER,),
    "Auditor": (Role.AUDITOR,),
    "System": (Role.SYSTEM,),
}

SERVICES: Mapping[str, Iterable[Permission]] = {
    "incidents": incidents.PERMISSIONS.values(),
    "appeals": appeals.PERMISSIONS.values(),
    "notifications": notifications.PERMISSIONS.values(),
}

HEAD = """\
# Who may do what

`make permissions` writes this page from `services/*/domain/permissions.py`, where the guards read
the same rows. A contract test compares the page with them, and what the services answer with §3.3
of the domain document.

**yes**: the role may; words: it may under this condition; —: it is refused with 403. What is
outside the caller's scope (own school, own LEA) is answered with 404, as if it did not exist
(HR-29). TA/TE are test administrators and test examiners; *Site* and *LEA* are coordinators;
*System* is another service, or a mailer.
"""


def page() -> str:
    """The whole page."""
    tables = [f"\n## {service}\n\n" + "\n".join(_table(rows)) + "\n" for service, rows in SERVICES.items()]
    return "".join([HEAD, *tables, _breach_callers()])


def _table(rows: Iterable[Permission]) -> Iterator[str]:
    yield f"| Act | {' | '.join(COLUMNS)} | Source |"
    yield "|---" * (len(COLUMNS) + 2) + "|"
    for row in rows:
        cells = " | ".join(_cell(row, roles) for roles in COLUMNS.values())
        yield f"| {row.act} | {cells} | {row.source} |"


def _cell(row: Permission, roles: tuple[Role, ...]) -> str:
    if row.roles.isdisjoint(roles):
        return "—"
    return row.limits.get(roles[0], "**yes**")


def _breach_callers() -> str:
    library = Library.from_folder()
    lines = ["", "## The phone call of a breach", "", "Who records it, by the rulebook of the year:", ""]
    for year in library.years():
        callers = library.for_year(year).breach_callers
        names = [name for name, roles in COLUMNS.items() if not callers.isdisjoint(roles)]
        lines.append(f"* {year}: {', '.join(names)}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE} is written\n")
