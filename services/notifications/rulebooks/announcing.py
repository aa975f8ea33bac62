"""The words of announcements (N6-N8, N11): rows, names and steps."""

from __future__ import annotations

from collections.abc import Iterator

from services.notifications.domain.announcements import Announcement, BreachIdentified, ConcernRecorded
from services.notifications.domain.values import Kind
from services.notifications.rulebooks.policy import Policy
from services.notifications.rulebooks.summaries import Row, pacific, person, plain, title


def announcement_words(told: Announcement, policy: Policy) -> dict[str, object]:
    """What the templates and subjects of announcements name."""
    guess = told.severity_guess if isinstance(told, ConcernRecorded) else None
    call = policy.pre_actions[told.call].title if isinstance(told, BreachIdentified) else ""
    return {
        "told": told,
        "rows": list(_rows(told, policy)),
        "guess": title(policy.severities, guess) if guess else "",
        "action": call,
    }


def announcement_steps(kind: Kind, told: Announcement, policy: Policy) -> Iterator[str]:
    """What to do next; the phone call comes first."""
    if isinstance(told, BreachIdentified):
        yield from policy.pre_actions[told.call].steps
    yield from policy.announcements[kind].steps


def _rows(told: Announcement, policy: Policy) -> Iterator[Row]:
    if told.case_number is not None:
        yield Row("Case number", told.case_number)
    if isinstance(told, BreachIdentified):
        yield Row("Incident", plain(told.incident_title))
    if isinstance(told, ConcernRecorded) and told.severity_guess is not None:
        yield Row("How severe it seemed", title(policy.severities, told.severity_guess))
    yield Row("School (CDS code)", told.school)
    yield Row("By", person(told.by, policy))
    yield Row("At", pacific(told.at))
