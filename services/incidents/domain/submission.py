"""The judgement that a draft may be submitted as it is; without it a case gets no number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.incidents.domain.assessment import Assessment
from services.incidents.domain.rulebook import Rulebook
from shared.kernel.actor import Actor
from shared.kernel.judged import JudgedOn


@dataclass(frozen=True)
class ReadyToSubmit(JudgedOn):
    """A case that may be submitted as it is, by whom and when; ``Case.ready_to_submit`` hands it out."""

    assessment: Assessment
    rules: Rulebook
    actor: Actor
    at: datetime
