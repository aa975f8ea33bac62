"""What a rulebook file may say, entry by entry; an unknown word is a fault, and so is a missing source."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from services.incidents.domain.conditions import Condition
from services.incidents.domain.details import DetailKind
from services.incidents.domain.rulebook import Reporting
from services.incidents.domain.values import (
    About,
    AppealType,
    Basis,
    Category,
    PreAction,
    RecommendedAction,
    Severity,
)
from services.incidents.rulebooks.when import fields_of, read_condition
from shared.deadlines.terms import duration
from shared.kernel.actor import Role

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1)]


def _checked_day(text: str) -> str:
    date.fromisoformat(f"2019-{text}")  # of no leap year: it is there every year
    return text


def _checked_duration(text: str) -> str:
    duration(text)
    return text


Duration = Annotated[str, AfterValidator(_checked_duration)]
"""ISO 8601: P7D, PT4H."""

MonthDay = Annotated[str, Field(pattern=r"^\d{2}-\d{2}$"), AfterValidator(_checked_day)]


class Entry(BaseModel):
    """Anything in a rulebook."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Sourced(Entry):
    """An entry that says where it comes from, and how surely."""

    source: Text
    basis: Basis
    inherited_from: str | None = None  # the year whose entry this is, unchanged


def _checked_condition(raw: object) -> object:
    read_condition(raw)
    return raw


When = Annotated[
    dict[str, Any], BeforeValidator(_checked_condition)
]  # JSON-like: published as it was written


class RulingEntry(Entry, Generic[T]):
    """One answer; source and basis default to those of its type."""

    value: T = Field(alias="is")
    when: When | None = None
    source: str | None = None
    basis: Basis | None = None
    text: str = ""


class DetailEntry(Entry):
    """One thing that a type asks for; ``required`` is true, false, or a condition."""

    kind: DetailKind
    meaning: Text
    required: bool | When = True
    choices: list[Text] = []

    @model_validator(mode="after")
    def _choices_belong_to_choices(self) -> DetailEntry:
        if (self.kind is DetailKind.CHOICE) != bool(self.choices):
            raise ValueError("choices belong to a detail of kind choice, and to no other")
        return self


class TypeEntry(Sourced):
    """One row of the catalog."""

    number: int
    title: Text
    description: Text
    category: Category
    about: About
    reporting: Reporting = Reporting.ORDINARY
    advice: str = ""
    see_also: list[str] = []  # types that may be meant instead
    superseded_by: str | None = None  # the type that later editions of the guide use in its place
    severity: list[RulingEntry[Severity]] = []
    pre_action: list[RulingEntry[PreAction]] = []
    appeals: list[RulingEntry[AppealType]] = []
    recommended_action: list[RulingEntry[RecommendedAction]]
    cde_copy: bool = False
    derived: list[str] = []
    details: dict[str, DetailEntry]

    @field_validator("severity", "pre_action", "appeals", "recommended_action", mode="before")
    @classmethod
    def _as_rulings(cls, raw: object) -> object:
        """Let ``severity: breach`` stand for ``severity: [{is: breach}]``."""
        several = raw if isinstance(raw, list) else [raw]
        return [one if isinstance(one, dict) else {"is": one} for one in several]

    @model_validator(mode="after")
    def _is_whole(self) -> TypeEntry:
        taken = self.reporting in (Reporting.ORDINARY, Reporting.CALTAC_ONLY)
        if taken:
            _ends_unconditionally("severity", self.severity)
        if self.reporting is not Reporting.ORDINARY and not self.advice:
            raise ValueError("a type that coordinators cannot file needs advice on what to do instead")
        _ends_unconditionally("recommended_action", self.recommended_action)
        self._check_calls()
        self._check_fields()
        return self

    def _check_calls(self) -> None:
        breach = any(ruling.value is Severity.BREACH for ruling in self.severity)
        if breach:
            _ends_unconditionally("pre_action", self.pre_action)
        elif self.pre_action:
            raise ValueError("only a breach asks for a phone call (HR-11, HR-13)")

    def _check_fields(self) -> None:
        known = {f"details.{name}" for name in self.details}
        for condition in self._conditions():
            for field in fields_of(condition):
                if field.startswith("details.") and field not in known:
                    raise ValueError(f"a condition asks about {field}, which this type does not have")
        if strangers := set(self.derived) - set(type(self).model_fields):
            raise ValueError(f"derived names no cell: {', '.join(sorted(strangers))}")

    def _conditions(self) -> list[Condition]:
        asked: list[object] = [detail.required for detail in self.details.values()]
        asked += [ruling.when for ruling in self.severity]
        asked += [ruling.when for ruling in self.pre_action]
        asked += [ruling.when for ruling in self.appeals]
        asked += [ruling.when for ruling in self.recommended_action]
        return [read_condition(raw) for raw in asked if isinstance(raw, dict)]


class SeverityEntry(Sourced):
    """What a severity means."""

    meaning: Text


class TestEntry(Sourced):
    """One test (§2.1)."""

    title: Text
    kind: Text
    grades: list[Text]


class LimitEntry(Sourced):
    """What limits an appeal type, whatever the incident."""

    when: When
    meaning: Text


class DeadlineEntry(Sourced):
    """One deadline (§8)."""

    from_: Text = Field(alias="from")
    what: Text
    hours: int | None = None
    business_days: int | None = None
    title: str = ""  # in a coordinator's words; ``what`` where there is none
    warnings: list[Duration] = []  # what each leaves; of K8, before the window's end
    published: bool = False  # whether others are told when it is at risk or missed


class PhoneEntry(Sourced):
    """A number to call (§1.1)."""

    purpose: Text
    number: Text


class BreachCallEntry(Sourced):
    """Who makes the phone call that a breach asks for, or confirms it (HR-11, §4.10)."""

    callers: Annotated[list[Role], Field(min_length=1)]
    meaning: Text


class WindowEntry(Sourced):
    """Where the testing windows of the year lie, and how long after one cases are taken (§2.2, K8)."""

    earliest: MonthDay
    latest: MonthDay
    reporting_days: Annotated[int, Field(ge=0)]
    meaning: Text


class PauseEntry(Sourced):
    """Which pauses lock answers, in which kinds of test (§2.5)."""

    over_minutes: Annotated[int, Field(ge=1)]
    test_kinds: list[Text]


class ExpirationEntry(Sourced):
    """How long a started test can be used (§2.3)."""

    days: Annotated[int, Field(ge=1)] | None = None  # calendar days; none: until the window or year ends
    submitted_on_expiry: bool = False


class NotAnIncident(Sourced):
    """What nobody files (§4.9), and what to do instead."""

    what: Text
    instead: Text


class RulebookEntry(Sourced):
    """One administration year, whole."""

    year: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    extends: str | None = None  # the year that holds wherever this one says nothing else
    title: Text
    severities: dict[Severity, SeverityEntry]
    tests: dict[str, TestEntry]
    appeal_limits: dict[AppealType, LimitEntry] = {}
    clocks: dict[str, DeadlineEntry]
    phones: dict[str, PhoneEntry]
    breach_call: BreachCallEntry
    testing_window: WindowEntry
    pause_rule: PauseEntry
    expirations: dict[str, ExpirationEntry]
    not_incidents: dict[str, NotAnIncident]
    incident_types: dict[str, TypeEntry]

    @model_validator(mode="after")
    def _names_every_severity(self) -> RulebookEntry:
        if missing := set(Severity) - set(self.severities):
            raise ValueError(f"severities lack {', '.join(sorted(missing))}")
        return self


def _ends_unconditionally(cell: str, rulings: list[RulingEntry[T]]) -> None:
    if not rulings or rulings[-1].when is not None:
        raise ValueError(f"{cell} needs an answer for every case: its last ruling has no condition")
