"""Why a case is refused; one class per refusal code of the contract, section 3.

Invalid (422)
├── NotSummative               not_summative               HR-03: handled locally
├── NotReportable              not_reportable              §4.9, HR-28: handled locally
├── UnlistedIncident           unlisted_incident           HR-27: the LEA coordinator asks CalTAC
├── ContactCaltac              contact_caltac              HR-27: CalTAC files it
├── UnknownIncidentType        unknown_incident_type
├── InvalidReport              invalid_report              not what the rulebook asks for
├── MissingDetails             missing_details             HR-06
├── SsidsRequired              ssids_required              HR-06
├── StudentCountMismatch       student_count_mismatch      HR-06
├── InvalidSsid                invalid_ssid                HR-07
├── DuplicateSsid              duplicate_ssid              HR-07
├── TooManyStudents            too_many_students           HR-07
├── OnlySsidsAllowed           only_ssids_allowed          HR-07, A-16: the whole file
├── UploadTooSmall             upload_too_small            A-15
├── UploadUnreadable           upload_unreadable           A-16: neither .csv nor a plain .xlsx
├── UploadHiddenRows           upload_hidden_rows          A-16: rows that whoever sends the file may not see
├── SsidInText                 ssid_in_text                A-55
├── WrongCallDestination       wrong_call_destination      HR-11, HR-13
├── DiscoveredBeforeOccurred   discovered_before_occurred  A-3
├── InTheFuture                in_the_future               A-3
├── InvalidWindow              invalid_window              §2.2
├── StartedAfterWindow         started_after_window        §2.3
└── InvalidSitting             invalid_sitting             §2.5
Forbidden (403)
├── FilingProtocolLeaOnly      filing_protocol_lea_only    §3.3 note 1
└── NotAllowed                 forbidden                   HR-01, HR-11, §3.3
NotFound (404)
├── CaseNotFound               not_found                   also: not in the caller's scope (HR-29)
├── ConcernNotFound            not_found
├── RulebookNotFound           not_found
├── WindowNotFound             not_found
└── UnknownTest                not_found
Conflict (409)
├── BreachCallRequired         breach_call_required        HR-12
├── NotADraft                  not_a_draft                 §6.2
├── ReportingClosed            reporting_closed            HR-20, A-2
└── NotSubmitted               case_not_submitted          HR-02
TooLarge (413)
└── WorkbookTooLarge           upload_too_large            HR-07: a small file that grows
RateLimited (429)
├── UploadsInTurn              rate_limited                one file of a caller is read at a time
├── TooManyDrafts              rate_limited                open drafts of a caller or an LEA
└── TooManyNewStudents         rate_limited                new students of a caller in a day
"""

from __future__ import annotations

from datetime import date

from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, TooLarge


class NotSummative(Invalid):
    """Interim, practice and training tests never reach this form (HR-03, A-22)."""

    code = "not_summative"
    title = "Only summative tests are reported"

    def __init__(self) -> None:
        super().__init__(
            "Incidents in interim, practice and training tests are handled locally; nothing is filed."
        )


class NotReportable(Invalid):
    """The rulebook of the year says that this is a local matter."""

    code = "not_reportable"
    title = "Not a reportable incident"


class UnlistedIncident(Invalid):
    """It meets no criterion of the list, so there is nothing to submit."""

    code = "unlisted_incident"
    title = "The incident is on no list"


class ContactCaltac(Invalid):
    """There is no coordinator's form for this: CalTAC creates the case."""

    code = "contact_caltac"
    title = "Contact CalTAC"


class UnknownIncidentType(Invalid):
    """No such code in the rulebook of the year."""

    code = "unknown_incident_type"
    title = "No such incident type"


class InvalidReport(Invalid):
    """A field or a detail is not of the kind that the rulebook asks for."""

    code = "invalid_report"
    title = "Something on the form is not what the rulebook asks for"


class MissingDetails(Invalid):
    """Submission needs the common and the type's own details; a draft may wait for them."""

    code = "missing_details"
    title = "Details are missing"


class SsidsRequired(Invalid):
    """An appeal will be filed, or the type asks for pairs: then the students must be listed."""

    code = "ssids_required"
    title = "The students must be listed"


class StudentCountMismatch(Invalid):
    """The stated number of students and the list must agree, when there is a list."""

    code = "student_count_mismatch"
    title = "The number of students and the list disagree"


class InvalidSsid(Invalid):
    """An SSID is exactly ten digits, kept as text."""

    code = "invalid_ssid"
    title = "Not an SSID"


class DuplicateSsid(Invalid):
    """Each student is listed once."""

    code = "duplicate_ssid"
    title = "A student is listed twice"


class TooManyStudents(Invalid):
    """At most 500 in one case."""

    code = "too_many_students"
    title = "Too many students for one case"

    def __init__(self) -> None:
        super().__init__("A case holds at most 500 students; split it into several cases.")


class OnlySsidsAllowed(Invalid):
    """A file holds one column of SSIDs and nothing else; with a name in it, nothing of it is kept."""

    code = "only_ssids_allowed"
    title = "The file may hold SSIDs only"


class UploadTooSmall(Invalid):
    """Up to ten students are typed (E44)."""

    code = "upload_too_small"
    title = "Too few students for a file"


class UploadUnreadable(Invalid):
    """Not a file that we read: damaged, encrypted, with macros, or of another kind."""

    code = "upload_unreadable"
    title = "The file cannot be read"


class UploadHiddenRows(Invalid):
    """A filter or a hidden row keeps students out of sight; nobody lists whom they cannot see."""

    code = "upload_hidden_rows"
    title = "The file has hidden rows"


class WorkbookTooLarge(TooLarge):
    """A workbook that unpacks to far more than its students need."""

    code = "upload_too_large"
    title = "The file is too large"

    def __init__(self) -> None:
        super().__init__("The file takes far more to read than 500 SSIDs need.")


class SsidInText(Invalid):
    """Free text is not sealed, so ten digits that may be an SSID have no place in it (A-55)."""

    code = "ssid_in_text"
    title = "Free text may not hold an SSID"


class WrongCallDestination(Invalid):
    """CalTAC for social-media exposure, the CDE for every other breach, nobody otherwise."""

    code = "wrong_call_destination"
    title = "The wrong desk was called"


class DiscoveredBeforeOccurred(Invalid):
    """Nobody discovers what has not happened yet."""

    code = "discovered_before_occurred"
    title = "Discovered before it occurred"


class InTheFuture(Invalid):
    """What is reported has happened."""

    code = "in_the_future"
    title = "The instant lies in the future"


class InvalidWindow(Invalid):
    """A testing window ends after it begins, and lies inside its administration year."""

    code = "invalid_window"
    title = "Not the dates of a testing window"


class InvalidSitting(Invalid):
    """A student sees pages one after the other, from item 1 on."""

    code = "invalid_sitting"
    title = "Not the pages that a student can have seen"


class StartedAfterWindow(Invalid):
    """Nobody starts a test when the window is over."""

    code = "started_after_window"
    title = "The test cannot have been started then"

    def __init__(self, closes_on: date) -> None:
        super().__init__(f"The testing window ended on {closes_on}; no test is started after that.")


class NotAllowed(Forbidden):
    """The permission matrix does not give this act to the caller's role (§3.3)."""


class FilingProtocolLeaOnly(Forbidden):
    """The LEA has chosen that its own coordinators file (M p49)."""

    code = "filing_protocol_lea_only"
    title = "This LEA files for its sites"

    def __init__(self) -> None:
        super().__init__("Your LEA's coordinators file its cases: tell them by POST /v1/concerns.")


class ConcernNotFound(NotFound):
    """No such concern, or not one in the caller's scope."""

    def __init__(self) -> None:
        super().__init__("There is no such concern in your scope.")


class CaseNotFound(NotFound):
    """No such case, or not one in the caller's scope; nobody can tell which."""

    def __init__(self) -> None:
        super().__init__("There is no such case in your scope.")


class RulebookNotFound(NotFound):
    """No rulebook for that year, or no such type in it."""


class WindowNotFound(NotFound):
    """No window was set there for that year, or the place is not in the caller's scope."""

    def __init__(self) -> None:
        super().__init__("There is no such testing window in your scope.")


class UnknownTest(NotFound):
    """No such test in that year."""


class BreachCallRequired(Conflict):
    """A site coordinator submits a breach only after the LEA coordinator's call is on record."""

    code = "breach_call_required"
    title = "The LEA coordinator has to phone first"


class NotADraft(Conflict):
    """After submission nothing is edited: corrections are notes or a linked new case."""

    code = "not_a_draft"
    title = "The case is no longer a draft"

    def __init__(self) -> None:
        super().__init__("Only a draft can be changed, submitted or deleted.")


class ReportingClosed(Conflict):
    """Cases are taken until a week after the testing window; breaches, and what CalTAC files, always."""

    code = "reporting_closed"
    title = "Reporting for this testing window is closed"


class NotSubmitted(Conflict):
    """No case, no appeal: what appeals report concerns submitted cases only."""

    code = "case_not_submitted"
    title = "The case is not submitted"

    def __init__(self) -> None:
        super().__init__("A draft has no appeals and no notes; it is edited until it is submitted.")


class UploadsInTurn(RateLimited):
    """A caller's files are read one after the other, and only a few may wait."""

    def __init__(self) -> None:
        super().__init__("Your earlier files are still being read; send this one again.", retry_after=2)


class TooManyDrafts(RateLimited):
    """More drafts than one caller, or one LEA, may have open."""

    def __init__(self) -> None:
        super().__init__("Too many drafts are open; submit or delete some of them first.", retry_after=60)


class TooManyNewStudents(RateLimited):
    """More students whom nobody reported before than one caller may name in a day."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "You have named more new students today than one person may; go on tomorrow, or ask CalTAC.",
            retry_after=retry_after,
        )
