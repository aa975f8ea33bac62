"""What may be asked for, as it is answered (contract §4)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.appeals.api.resources import CaseNumber, Clock, TestName
from services.appeals.domain.offers import Offers, Withheld
from services.appeals.domain.policy import Route, WithheldReason
from services.appeals.domain.values import AppealType, Decider, KnownCase, Routing
from shared.http.resources import Resource


class ReasonResource(Resource):
    """Why something is not on offer or not advisable, and what to do instead."""

    reason_code: Annotated[str, Field(description="A stable code of the reason.")]
    text: Annotated[str, Field(description="The reason in words.")]
    source: Annotated[str, Field(description="Where the guides say so.")]

    @classmethod
    def of(cls, reason: WithheldReason) -> ReasonResource:
        """The reason, as the rules have it."""
        return cls.model_construct(reason_code=reason.reason_code, text=reason.text, source=reason.source)


class WithheldOffer(Resource):
    """An appeal type that is not on offer, and why."""

    appeal_type: Annotated[AppealType, Field(description="What is not on offer.")]
    reason_code: Annotated[str, Field(description="A stable code of the reason.")]
    text: Annotated[str, Field(description="The reason in words, and what to do instead.")]
    source: Annotated[str, Field(description="Where the guides say so.")]

    @classmethod
    def of(cls, withheld: Withheld) -> WithheldOffer:
        """What is withheld."""
        why = withheld.reason
        return cls.model_construct(
            appeal_type=withheld.appeal_type, reason_code=why.reason_code, text=why.text, source=why.source
        )


class OfferResource(Resource):
    """An appeal type on offer: who decides it, and by when."""

    appeal_type: Annotated[AppealType, Field(description="What is on offer.")]
    decider: Annotated[Decider, Field(description="Who decides it.")]
    routing: Annotated[
        Routing, Field(description="Whether it is filed at once, or when the CDE has approved it.")
    ]
    clock: Clock
    business_days: Annotated[
        int | None,
        Field(description="Within how many business days it is decided; null where nothing sets a time."),
    ]
    clock_published: Annotated[bool, Field(description="Whether the guides publish this time, or we set it.")]
    rule: Annotated[str, Field(description="The rule by which it is on offer.")]
    source: Annotated[str, Field(description="Where the guides say so.")]
    warning: Annotated[
        ReasonResource | None,
        Field(description="That the window may end before a decision and a day to test; null otherwise."),
    ]

    @classmethod
    def of(cls, route: Route, warning: WithheldReason | None) -> OfferResource:
        """What is on offer."""
        return cls.model_construct(
            appeal_type=route.appeal_type,
            decider=route.decider,
            routing=route.routing,
            clock=route.clock.id,
            business_days=route.clock.business_days,
            clock_published=route.clock.published,
            rule=route.id,
            source=route.source,
            warning=ReasonResource.of(warning) if warning else None,
        )


class OffersResource(Resource):
    """What may be asked for; where it is nothing, `reason_code` and `text` say why."""

    case_number: CaseNumber
    student_ref: Annotated[str | None, Field(description="The student asked for; null where none was named.")]
    test: TestName
    appeal_types: Annotated[list[AppealType], Field(description="What is on offer, in the catalog's order.")]
    offers: Annotated[list[OfferResource], Field(description="The same with who decides, and by when.")]
    not_offered: Annotated[list[WithheldOffer], Field(description="What is not on offer, and why.")]
    reason_code: Annotated[
        str | None, Field(description="A stable code of why nothing is on offer; null where something is.")
    ]
    text: Annotated[str | None, Field(description="The same in words, and what to do instead.")]
    source: Annotated[str | None, Field(description="Where the guides say so.")]

    @classmethod
    def of(cls, case: KnownCase, student_ref: str | None, offers: Offers) -> OffersResource:
        """The answer to a question for offers."""
        why = offers.reason
        return cls.model_construct(
            case_number=case.case_number,
            student_ref=student_ref,
            test=case.test,
            appeal_types=[route.appeal_type for route in offers.offered],
            offers=[OfferResource.of(route, offers.warnings.get(route.id)) for route in offers.offered],
            not_offered=[WithheldOffer.of(withheld) for withheld in offers.withheld],
            reason_code=why.reason_code if why else None,
            text=why.text if why else None,
            source=why.source if why else None,
        )
