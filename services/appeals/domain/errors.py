"""Why an appeal, or an act on one, is refused.

Refusal
├── Invalid                         422
│   ├── ReasonRequired                   reason_required
│   ├── SsidInText                       ssid_in_text
│   ├── StudentNotInCase                 student_not_in_case
│   └── StudentRepeated                  duplicate_student
├── Forbidden                       403
│   ├── FilingProtocolLeaOnly            filing_protocol_lea_only
│   ├── NotForThisRole                   forbidden
│   └── RestoreThroughCaltac             restore_through_caltac
├── NotFound                        404
│   └── AppealNotFound                   not_found
└── Conflict                        409
    ├── CaseNotSubmitted                 case_not_submitted
    ├── CaseNotKnownYet                  case_not_known_yet
    ├── AppealTypeNotOffered             appeal_type_not_offered
    ├── GracePeriodNotForThisPart        grace_period_not_for_this_part
    ├── NotADisruption                   not_a_disruption
    ├── EventNotClosed                   test_not_closed
    ├── AlreadyInvalidated               already_invalidated
    ├── WindowClosed                     window_closed
    ├── DuplicateAppeal                  duplicate_appeal
    ├── AlreadyDecided                   already_decided
    ├── NotWithdrawable                  not_withdrawable
    ├── NotApproved                      not_approved
    └── ProcessingNotFailed              processing_not_failed
"""

from __future__ import annotations

from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal


class ReasonRequired(Invalid):
    """A denial and a failure say why: users did not understand the ones that did not (§14)."""

    code = "reason_required"
    title = "A reason is required"


class SsidInText(Invalid):
    """Ten digits in a row look like an SSID, and free text is no place for one (A-55)."""

    code = "ssid_in_text"
    title = "The text seems to hold an SSID"


class StudentNotInCase(Invalid):
    """An appeal is for a student whom the case lists (§5.2.7)."""

    code = "student_not_in_case"
    title = "The case does not list this student"


class StudentRepeated(Invalid):
    """One appeal per student: the same student was named twice in one request."""

    code = "duplicate_student"
    title = "A student is named twice"


class NotForThisRole(Forbidden):
    """The permission matrix (§3.3) does not give this act to the caller's role."""


class FilingProtocolLeaOnly(Forbidden):
    """The LEA has chosen that its own coordinators file, appeals as well as cases (§3.3 note 1; M p49)."""

    code = "filing_protocol_lea_only"
    title = "This LEA files for its sites"


class RestoreThroughCaltac(Forbidden):
    """A restore is entered by CalTAC, whom the LEA coordinator phones (HR-18)."""

    code = "restore_through_caltac"
    title = "Only CalTAC enters a restore"


class AppealNotFound(NotFound):
    """No such appeal in the caller's scope."""


class CaseNotSubmitted(Conflict):
    """No appeal without a submitted case (HR-02)."""

    code = "case_not_submitted"
    title = "The case is not submitted"


class CaseNotKnownYet(Conflict):
    """No such case in the caller's scope, or its submission has not reached this service; nobody can tell."""

    code = "case_not_known_yet"
    title = "The case is not known here yet"


class AppealTypeNotOffered(Conflict):
    """The case, the test and its state do not lead to this appeal (HR-15); the detail says which."""

    code = "appeal_type_not_offered"
    title = "This appeal is not offered"


class GracePeriodNotForThisPart(Conflict):
    """The pause rule, and so the extension, exists in CAT portions and CAST discrete blocks only (HR-21)."""

    code = "grace_period_not_for_this_part"
    title = "No grace period extension for this part"


class NotADisruption(Conflict):
    """A grace period extension needs a disruption beyond the test administrator's control (HR-21)."""

    code = "not_a_disruption"
    title = "Not a disruption beyond control"


class EventNotClosed(Conflict):
    """A test that can still be continued cannot be re-opened (HR-22)."""

    code = "test_not_closed"
    title = "The test is not closed"


class AlreadyInvalidated(Conflict):
    """An invalidate appeal exists for this student and test in the year (HR-22)."""

    code = "already_invalidated"
    title = "The test is, or is about to be, invalidated"


class WindowClosed(Conflict):
    """Appeals are filed before the selected testing window ends (HR-20, K9)."""

    code = "window_closed"
    title = "The testing window is closed"


class DuplicateAppeal(Conflict):
    """The same appeal exists already for this student and test (§5.2.7)."""

    code = "duplicate_appeal"
    title = "This appeal exists already"


class AlreadyDecided(Conflict):
    """A decided appeal is immutable (HR-26)."""

    code = "already_decided"
    title = "The appeal is decided"


class NotWithdrawable(Conflict):
    """Only an invalidate or a grace period extension waiting for the CDE can be taken back (HR-19)."""

    code = "not_withdrawable"
    title = "The appeal cannot be withdrawn"


class NotApproved(Conflict):
    """Only an approved appeal is executed."""

    code = "not_approved"
    title = "The appeal does not wait to be executed"


class ProcessingNotFailed(Conflict):
    """Only an appeal whose execution failed is resubmitted (A-27)."""

    code = "processing_not_failed"
    title = "The execution did not fail"


OFFER_REFUSALS: dict[str, type[Refusal]] = {
    kind.code: kind
    for kind in (
        AlreadyInvalidated,
        AppealTypeNotOffered,
        DuplicateAppeal,
        GracePeriodNotForThisPart,
        NotADisruption,
        RestoreThroughCaltac,
        EventNotClosed,
        WindowClosed,
    )
}
"""What a reason of the rulebook may refuse with, by its code in the contract."""
