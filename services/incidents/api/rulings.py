"""Rulebooks and the dry run, as they are answered (contract §3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from services.incidents.api.judged import Judged, judged
from services.incidents.api.resources import IncidentTypeCode, Year
from services.incidents.application.cases import Classification
from services.incidents.domain.report import Report
from services.incidents.domain.values import Basis
from shared.http.resources import Cursor, Resource


class ForeseenDeadline(Resource):
    """A deadline that would run."""

    id: Annotated[str, Field(description="Which kind of deadline, by its identifier, such as `K3`.")]
    what: Annotated[str, Field(description="What would have to be done.")]
    due_at: Annotated[datetime | None, Field(description="Until when; null while that is not known.")]


class ClassificationResource(Judged):
    """What would become of a report if it were submitted now."""

    incident_type: IncidentTypeCode
    administration_year: Year
    clocks: Annotated[list[ForeseenDeadline], Field(description="The deadlines that would run.")]

    @classmethod
    def of(cls, report: Report, found: Classification) -> ClassificationResource:
        """What a dry run answers."""
        due = found.report_due_at
        clock = ForeseenDeadline.model_construct(id="K3", what="submission of the case", due_at=due)
        return cls.model_construct(
            incident_type=report.incident_type,
            administration_year=report.year,
            **judged(found.assessment),
            late=found.late,
            report_due_at=due,
            clocks=[clock],
        )


class RulebookSummary(Resource):
    """A year's rulebook by name."""

    year: Annotated[str, Field(description="The administration year, such as `2018-19`.")]
    title: Annotated[str, Field(description="The rulebook's title.")]
    version: Annotated[str, Field(description="The hash of its content.")]


class RulebookResource(RulebookSummary):
    """A year's rules as data, each entry with its source; the fields are those of the rulebook's file."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def of(cls, summary: RulebookSummary, document: Mapping[str, Any]) -> RulebookResource:
        """The whole rulebook."""
        return cls.model_construct(**{**vars(summary), **document})


class RulebookPage(Resource):
    """All rulebooks."""

    items: Annotated[list[RulebookSummary], Field(description="The rulebooks, oldest year first.")]
    next_cursor: Cursor


class IncidentTypeResource(Resource):
    """One row of the catalog; the fields beyond these are those of the rulebook's file."""

    model_config = ConfigDict(extra="allow")

    code: Annotated[str, Field(description="The code of the incident type.")]
    title: Annotated[str, Field(description="The incident type in words.")]
    source: Annotated[str, Field(description="Where the guides say so.")]
    basis: Annotated[
        Basis, Field(description="Whether the guides state it, it follows from them, or we decided it.")
    ]

    @classmethod
    def of(cls, code: str, row: Mapping[str, Any]) -> IncidentTypeResource:
        """A row of the catalog."""
        return cls.model_construct(**{"code": code, **row})


class IncidentTypePage(Resource):
    """A year's catalog."""

    items: Annotated[
        list[IncidentTypeResource], Field(description="The incident types, in the catalog's order.")
    ]
    next_cursor: Cursor
