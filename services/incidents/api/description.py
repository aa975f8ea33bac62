"""What the OpenAPI document tells about this service: the words, the names of methods, the refusals."""

from __future__ import annotations

from pathlib import Path

from services.incidents.domain import errors
from shared.deadlines.routes import LIST_DEADLINES
from shared.http.app import PROBES
from shared.http.changes import LIST_CHANGES
from shared.http.openapi import Description, Operation
from shared.http.paging import BadCursor

FILER = (errors.NotAllowed, errors.FilingProtocolLeaOnly)
A_CASE = (errors.CaseNotFound, errors.NotAllowed)
A_DRAFT = (errors.CaseNotFound, *FILER, errors.NotADraft)
A_SUBMITTED_CASE = (*A_CASE, errors.NotSubmitted)
SSIDS = (errors.InvalidSsid, errors.DuplicateSsid, errors.TooManyStudents)
A_REPORT = (
    errors.NotSummative,
    errors.NotReportable,
    errors.UnlistedIncident,
    errors.ContactCaltac,
    errors.UnknownIncidentType,
    errors.InvalidReport,
    errors.SsidInText,
    errors.DiscoveredBeforeOccurred,
    errors.InTheFuture,
    *SSIDS,
)
SUBMISSION = (
    *A_DRAFT,
    *A_REPORT,
    errors.MissingDetails,
    errors.SsidsRequired,
    errors.StudentCountMismatch,
    errors.BreachCallRequired,
    errors.ReportingClosed,
)

CASES = {
    "POST /v1/incidents": Operation(
        "draftCase",
        "Draft a case",
        "Begins a case as a draft, which has no case number and can still be changed. A draft may lack "
        "anything but the incident type and the school.",
        (*FILER, *A_REPORT, errors.CaseNotFound, errors.TooManyDrafts, errors.TooManyNewStudents),
        etag=True,
        location=True,
    ),
    "GET /v1/incidents": Operation(
        "listCases",
        "List cases",
        "The same search as `POST /v1/incidents/search`, asked in the address. Its `ssid` is deprecated: an "
        "address is kept in histories and logs.",
        (errors.NotAllowed,),
    ),
    "POST /v1/incidents/search": Operation(
        "searchCases",
        "Search cases",
        "The cases in the caller's scope that match, the newest first. The way to search by SSID: asked in a "
        "body, it stands in no address.",
        (errors.NotAllowed, BadCursor),
    ),
    "GET /v1/incidents/{case_id}": Operation(
        "getCase",
        "Read a case",
        "One case as it is now, with the state of the mails about it. Whoever changed it reads the change.",
        A_CASE,
        etag=True,
    ),
    "PATCH /v1/incidents/{case_id}": Operation(
        "reviseCase",
        "Change a draft",
        "Changes the fields that are sent and leaves the others. Where the incident type changes, the "
        "details start anew.",
        (*A_DRAFT, *A_REPORT, errors.TooManyNewStudents),
        etag=True,
    ),
    "DELETE /v1/incidents/{case_id}": Operation(
        "deleteDraft", "Delete a draft", "Throws a draft away. A submitted case stays for ever.", A_DRAFT
    ),
    "POST /v1/incidents/{case_id}/breach-calls": Operation(
        "recordBreachCall",
        "Record the phone call about a breach",
        "Puts on record whom the LEA coordinator phoned, and when. A site coordinator submits a breach only "
        "after that.",
        (*A_CASE, errors.SsidInText, errors.WrongCallDestination, errors.InTheFuture),
        etag=True,
    ),
    "POST /v1/incidents/{case_id}/submit": Operation(
        "submitCase",
        "Submit a case",
        "Puts a draft on record for good, under a case number. A report that is later than 24 hours after "
        "the discovery is taken, and flagged as late.",
        SUBMISSION,
        etag=True,
    ),
}
STUDENTS = {
    "PUT /v1/incidents/{case_id}/students": Operation(
        "replaceStudents",
        "Replace the list of students of a draft",
        "Puts these students in the place of those that were listed before. The answer shows SSIDs masked.",
        (*A_DRAFT, *SSIDS, errors.SsidsRequired, errors.SsidInText, errors.TooManyNewStudents),
        etag=True,
    ),
    "GET /v1/incidents/{case_id}/students": Operation(
        "readStudents",
        "Read the full SSIDs of a case",
        "The SSIDs in full. Every such read is recorded in the history of the case.",
        A_CASE,
    ),
    "POST /v1/incidents/{case_id}/students/upload": Operation(
        "uploadStudents",
        "List the students of a draft by a file",
        "Takes a `.csv` or `.xlsx` file, which is judged by its content, with one column of 11 to 500 SSIDs. "
        "A file with anything else in it, or with hidden rows, is refused as a whole, and nothing of it is "
        "kept.",
        (
            *A_DRAFT,
            *SSIDS,
            errors.SsidInText,
            errors.StudentCountMismatch,
            errors.OnlySsidsAllowed,
            errors.UploadTooSmall,
            errors.UploadUnreadable,
            errors.UploadHiddenRows,
            errors.WorkbookTooLarge,
            errors.UploadsInTurn,
            errors.TooManyNewStudents,
        ),
        etag=True,
    ),
    "GET /v1/incidents/{case_id}/history": Operation(
        "getCaseHistory",
        "Read the history of a case",
        "Every fact of the case, oldest first: what, who, when it happened, and when it was recorded.",
        A_CASE,
    ),
}
CONVERSATION = {
    "POST /v1/incidents/{case_id}/notes": Operation(
        "addNote",
        "Add a note to a submitted case",
        "Adds free text without SSIDs. A note is never changed afterwards.",
        (*A_SUBMITTED_CASE, errors.SsidInText),
    ),
    "GET /v1/incidents/{case_id}/notes": Operation(
        "listNotes", "List the notes of a case", "All notes of the case, oldest first.", A_CASE
    ),
    "POST /v1/incidents/{case_id}/additional-action": Operation(
        "requireAdditionalAction",
        "Ask the coordinators for further action",
        "Only CalTAC and the CDE ask for further action; with `required: false` they say that it is settled.",
        (*A_SUBMITTED_CASE, errors.SsidInText),
        etag=True,
    ),
    "POST /v1/concerns": Operation(
        "recordConcern",
        "Tell the coordinators about a concern",
        "For test administrators and examiners, who file no cases: free text without SSIDs or names of "
        "students.",
        (errors.NotAllowed, errors.SsidInText, errors.InTheFuture),
        etag=True,
        location=True,
    ),
    "GET /v1/concerns": Operation(
        "listConcerns",
        "List concerns",
        "The concerns in the caller's scope, newest first; to who gives tests, those that they told.",
        (errors.NotAllowed,),
    ),
    "GET /v1/concerns/{concern_id}": Operation(
        "getConcern",
        "Read a concern",
        "One concern, for whoever told it, and for coordinators, CalTAC, the CDE and auditors in scope.",
        (errors.NotAllowed, errors.ConcernNotFound),
        etag=True,
    ),
    "PUT /v1/filing-protocol/{lea}": Operation(
        "setFilingProtocol",
        "Choose who files in an LEA",
        "The coordinators of an LEA choose whether its site coordinators may file cases and appeals.",
        (errors.NotAllowed,),
        etag=True,
    ),
    "GET /v1/filing-protocol/{lea}": Operation(
        "getFilingProtocol",
        "Read who files in an LEA",
        "`site_allowed` until its coordinators choose; the version is 0 until then.",
        (errors.NotAllowed,),
        etag=True,
    ),
}
RULES = {
    "POST /v1/classify": Operation(
        "classifyReport",
        "Try a report against the rules",
        "What the rulebook would say of such a case: severity, reason, actions, appeal types, clocks. "
        "Nothing is stored.",
        A_REPORT,
    ),
    "GET /v1/rulebooks": Operation(
        "listRulebooks", "List the rulebooks", "The administration years that have a rulebook."
    ),
    "GET /v1/rulebooks/{year}": Operation(
        "getRulebook",
        "Read the rulebook of a year",
        "The rules of an administration year as data, each entry with its source.",
        (errors.RulebookNotFound,),
        etag=True,
    ),
    "GET /v1/rulebooks/{year}/incident-types": Operation(
        "listIncidentTypes",
        "List the incident types of a year",
        "All incident types of the year's rulebook, with the details that each asks for.",
        (errors.RulebookNotFound,),
    ),
    "GET /v1/rulebooks/{year}/incident-types/{code}": Operation(
        "getIncidentType",
        "Read an incident type",
        "One incident type of the year's rulebook.",
        (errors.RulebookNotFound,),
        etag=True,
    ),
    "GET /v1/tests/{test}/pause": Operation(
        "judgePause",
        "Find out what a pause locks",
        "For a test that was paused: which answers can still be changed when the student comes back, and "
        "whether a grace period extension may help.",
        (errors.UnknownTest, errors.InvalidSitting),
    ),
    "GET /v1/tests/{test}/expiry": Operation(
        "getTestExpiry",
        "Find out when a started test expires",
        "The last day on which a started test can be used, and what makes it the last.",
        (errors.UnknownTest, errors.WindowNotFound, errors.StartedAfterWindow),
    ),
    "PUT /v1/testing-windows/{cds}/{year}": Operation(
        "setTestingWindow",
        "Set a testing window",
        "Sets the first and the last day of testing of an LEA or a school; a school's own window counts more "
        "than its LEA's.",
        (errors.WindowNotFound, errors.NotAllowed, errors.InvalidWindow),
        etag=True,
        location=True,
    ),
    "GET /v1/testing-windows/{cds}/{year}": Operation(
        "getTestingWindow",
        "Read a testing window",
        "The window that was set for this very place.",
        (errors.WindowNotFound,),
        etag=True,
    ),
}

DESCRIPTION = Description(
    name="incidents",
    port=8001,
    text="Test security incidents of the CAASPP tests: drafts, students, submission, notes, testing windows "
    "and the rules that decide. A case is drafted, gets its students, and is submitted; then appeals may "
    "follow in the appeals service.",
    tags={
        "cases": "A case from its draft to its submission.",
        "students and records": "The students of a case, and everything that is on record about it.",
        "notes and further action": "What is said about a submitted case.",
        "concerns and filing protocol": "What is told to coordinators, and who files in an LEA.",
        "rules": "The rulebooks as data, and what they say of a report or of a pause.",
        "testing windows": "When is tested where, and how long a started test lasts.",
        "deadlines": "The deadlines that this service watches, met, missed or running.",
        "feed": "Everything that this service publishes, in order; for systems that follow it without Kafka.",
        "process": "The state of the process: for supervisors and monitoring, without a token.",
    },
    operations={
        **CASES,
        **STUDENTS,
        **CONVERSATION,
        **RULES,
        **LIST_DEADLINES,
        **LIST_CHANGES,
        **PROBES,
    },
    examples=Path(__file__).with_name("examples.json"),
)
