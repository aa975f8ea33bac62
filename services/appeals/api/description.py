"""What the OpenAPI document tells about this service: the words, the names of methods, the refusals."""

from __future__ import annotations

from pathlib import Path

from services.appeals.domain import errors
from shared.deadlines.routes import LIST_DEADLINES
from shared.http.app import PROBES
from shared.http.changes import LIST_CHANGES
from shared.http.openapi import Description, Operation

AN_APPEAL = (errors.NotForThisRole, errors.AppealNotFound)
AN_ACT = (*AN_APPEAL, errors.SsidInText)

OPERATIONS = {
    "GET /v1/offers": Operation(
        "listOffers",
        "List the appeals on offer for a case",
        "The appeal types that may be asked for and, where there are none, why. What is left out of the "
        "question is left to the decider.",
        (
            errors.NotForThisRole,
            errors.CaseNotSubmitted,
            errors.CaseNotKnownYet,
            errors.StudentNotInCase,
        ),
    ),
    "POST /v1/appeals": Operation(
        "requestAppeals",
        "Request appeals",
        "Opens one appeal per student, all or none; a refusal names each student that was refused.",
        (
            errors.NotForThisRole,
            errors.FilingProtocolLeaOnly,
            errors.CaseNotSubmitted,
            errors.CaseNotKnownYet,
            errors.StudentNotInCase,
            errors.StudentRepeated,
            errors.SsidInText,
            *errors.OFFER_REFUSALS.values(),
        ),
    ),
    "GET /v1/appeals": Operation(
        "listAppeals",
        "List appeals",
        "The appeals in the caller's scope that match, newest first; with `order=due` the one first whose "
        "decision is due first.",
        (errors.NotForThisRole,),
    ),
    "POST /v1/appeals/decisions": Operation(
        "decideAppeals",
        "Decide many appeals at once",
        "The same decision on up to 500 appeals, with a result for each. Those that cannot be decided are "
        "left as they are, and do not keep the others from it.",
        (errors.NotForThisRole, errors.ReasonRequired, errors.SsidInText),
    ),
    "GET /v1/appeals/{appeal_id}": Operation(
        "getAppeal", "Read an appeal", "One appeal as it is now.", AN_APPEAL, etag=True
    ),
    "GET /v1/appeals/{appeal_id}/history": Operation(
        "getAppealHistory",
        "Read the history of an appeal",
        "Every fact of the appeal, oldest first: what, who, when it happened, and when it was recorded.",
        AN_APPEAL,
    ),
    "POST /v1/appeals/{appeal_id}/approve": Operation(
        "approveAppeal",
        "Approve an appeal",
        "The decider, the CDE or CalTAC, says yes. CalTAC then executes it in the test delivery system.",
        (*AN_ACT, errors.AlreadyDecided),
        etag=True,
    ),
    "POST /v1/appeals/{appeal_id}/deny": Operation(
        "denyAppeal",
        "Deny an appeal",
        "The decider, the CDE or CalTAC, says no, with a reason that the coordinator is told.",
        (*AN_ACT, errors.AlreadyDecided, errors.ReasonRequired),
        etag=True,
    ),
    "POST /v1/appeals/{appeal_id}/withdraw": Operation(
        "withdrawAppeal",
        "Withdraw an appeal",
        "The coordinator takes a request back that nobody has decided. Not every type can be withdrawn.",
        (*AN_ACT, errors.NotWithdrawable),
        etag=True,
    ),
    "POST /v1/appeals/{appeal_id}/process": Operation(
        "processAppeal",
        "Report an appeal as executed",
        "CalTAC says that the test delivery system executed an approved appeal.",
        (*AN_ACT, errors.NotApproved),
        etag=True,
    ),
    "POST /v1/appeals/{appeal_id}/fail": Operation(
        "failAppeal",
        "Report that an appeal could not be executed",
        "CalTAC says that the test delivery system could not execute an approved appeal, and why.",
        (*AN_ACT, errors.NotApproved, errors.ReasonRequired),
        etag=True,
    ),
    "POST /v1/appeals/{appeal_id}/resubmit": Operation(
        "resubmitAppeal",
        "Have an appeal executed once more",
        "CalTAC has an appeal whose execution failed executed once more.",
        (*AN_ACT, errors.ProcessingNotFailed),
        etag=True,
    ),
}

DESCRIPTION = Description(
    name="appeals",
    port=8002,
    text="Appeals that follow a submitted case: which are on offer, requests, decisions by the CDE and "
    "CalTAC and their execution in the test delivery system. The cases are those of the incidents service.",
    tags={
        "appeals": "An appeal from its offer to its execution.",
        "deadlines": "The deadlines that this service watches, met, missed or running.",
        "feed": "Everything that this service publishes, in order; for systems that follow it without Kafka.",
        "process": "The state of the process: for supervisors and monitoring, without a token.",
    },
    operations={**OPERATIONS, **LIST_DEADLINES, **LIST_CHANGES, **PROBES},
    examples=Path(__file__).with_name("examples.json"),
)
