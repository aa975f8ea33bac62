"""The selected testing window of an LEA or a school, one stream per place and year (§2.2, HR-20)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.incidents.domain.errors import ReportingClosed
from services.incidents.domain.facts import Person
from services.incidents.domain.rulebook import Rulebook
from services.incidents.domain.submission import ReadyToSubmit
from services.incidents.domain.values import Severity
from services.incidents.domain.windows import Window, WindowRule, pacific_date
from shared.kernel.actor import Actor, Role

NAMES = UUID("5d9a3c54-6f6b-5b8e-8a0e-3a1a7b1f4c02")


def id_of_window(cds: str, year: str) -> UUID:
    """The id of the stream of a place's window in a year, which follows from the two."""
    return uuid5(NAMES, f"{cds}/{year}")


class TestingWindow(Aggregate):
    """When a place tests. The window can be set again at any time; the last one counts."""

    TOPIC = "incidents.testing_window"

    # --- What can have happened. ---

    class Event(Aggregate.Event):
        """Every fact says who set the window, when, to which days, and by which rules it was accepted."""

        actor: Person
        occurred_at: datetime
        cds: str
        year: str
        opens_on: str  # a date, YYYY-MM-DD
        closes_on: str
        rulebook: str
        rulebook_version: str

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered."""

        TOPIC = "incidents.testing_window.created"

    class WindowSet(Created):
        """The window was set for the first time."""

        TOPIC = "incidents.testing_window.set"

    class WindowMoved(Event):
        """The window was set to other days."""

        TOPIC = "incidents.testing_window.moved"

    # --- What may be asked. ---

    @classmethod
    def first(cls, window: Window, year: str, rules: Rulebook, actor: Actor, at: datetime) -> TestingWindow:
        """Set a window that nobody has set before.

        :raises InvalidWindow: these cannot be its dates.
        """
        rules.testing_window.require_possible(window.opens_on, window.closes_on, year)
        body = _body(window, year, rules, actor, at)
        return cls._create(cls.WindowSet, id=id_of_window(window.cds, year), **body)

    def set(self, window: Window, rules: Rulebook, actor: Actor, at: datetime) -> None:
        """Set it to other days; to the same again changes nothing.

        :raises InvalidWindow: these cannot be its dates.
        """
        rules.testing_window.require_possible(window.opens_on, window.closes_on, self.year)
        if window != self.window:
            self.trigger_event(self.WindowMoved, **_body(window, self.year, rules, actor, at))

    # --- What changes. ---

    @event(WindowSet)
    def __init__(
        self, *, cds: str, year: str, opens_on: str, closes_on: str, actor: Person, occurred_at: datetime
    ) -> None:
        self.year = year
        self.window = Window(cds, date.fromisoformat(opens_on), date.fromisoformat(closes_on))
        self.set_by, self.set_at = Actor.from_fact(actor), occurred_at

    @event(WindowMoved)
    def _apply_window_moved(
        self, cds: str, opens_on: str, closes_on: str, actor: Person, occurred_at: datetime
    ) -> None:
        self.window = Window(cds, date.fromisoformat(opens_on), date.fromisoformat(closes_on))
        self.set_by, self.set_at = Actor.from_fact(actor), occurred_at


def reporting_closes_on(window: Window, rule: WindowRule) -> date:
    """The last day on which cases are taken from coordinators (K8, A-2)."""
    return window.closes_on + timedelta(rule.reporting_days)


def require_reporting_open(window: Window | None, ready: ReadyToSubmit) -> None:
    """Cases are taken until a week after the window, breaches and what CalTAC files always (HR-20, A-2).

    :param window: the window in force; None refuses nobody.
    :raises ReportingClosed: the time for reporting has ended.
    """
    by_caltac = ready.actor.role is Role.CALTAC_AGENT
    if window is None or ready.assessment.severity is Severity.BREACH or by_caltac:
        return
    last = reporting_closes_on(window, ready.rules.testing_window)
    if pacific_date(ready.at) > last:
        raise ReportingClosed(
            f"Cases of this testing window were taken until {last}. Breaches are taken always; for anything"
            " else the LEA coordinator calls CalTAC, who can file it."
        )


def _body(window: Window, year: str, rules: Rulebook, actor: Actor, at: datetime) -> dict[str, object]:
    return {
        "cds": window.cds,
        "year": year,
        "opens_on": window.opens_on.isoformat(),
        "closes_on": window.closes_on.isoformat(),
        "rulebook": rules.year,
        "rulebook_version": rules.version,
        "actor": actor.as_fact(),
        "occurred_at": at,
    }
