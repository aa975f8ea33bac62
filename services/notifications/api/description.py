"""What the OpenAPI document tells about this service: the words, the names of methods, the refusals."""

from __future__ import annotations

from pathlib import Path

from services.notifications.domain import errors
from shared.deadlines.routes import LIST_DEADLINES
from shared.http.app import PROBES
from shared.http.changes import LIST_CHANGES
from shared.http.openapi import Description, Operation
from shared.kernel.errors import Forbidden, NotFound

OPERATIONS = {
    "PUT /v1/directory/{cds}": Operation(
        "putDirectoryEntry",
        "Name the coordinators of an LEA or a school",
        "Names all coordinators who are mailed, in place of those named before.",
        (
            Forbidden,
            NotFound,
            errors.UnusableCds,
            errors.UnusableAddress,
            errors.UnusableName,
            errors.RepeatedContact,
            errors.TooManyContacts,
            errors.SsidInContact,
            errors.TooManyUnverified,
        ),
        etag=True,
        location=True,
    ),
    "PUT /v1/directory/{cds}/mail-domains": Operation(
        "putMailDomains",
        "Set the mail domains of an LEA or a school",
        "Sets all mail domains, in place of those set before. Addresses elsewhere are shown as unverified, "
        "and a directory entry takes only some of them.",
        (
            Forbidden,
            errors.UnusableCds,
            errors.UnusableDomain,
            errors.TooManyDomains,
            errors.SsidInContact,
        ),
        etag=True,
        location=True,
    ),
    "GET /v1/directory/{cds}/mail-domains": Operation(
        "getMailDomains",
        "Read the mail domains of an LEA or a school",
        "The mail domains that CalTAC has set for this CDS code itself. For a school, those of its LEA hold "
        "too.",
        (Forbidden, NotFound),
        etag=True,
    ),
    "GET /v1/directory/{cds}": Operation(
        "getDirectoryEntry",
        "Read the coordinators of an LEA or a school",
        "Who is mailed about the cases of an LEA or a school.",
        (Forbidden, NotFound),
        etag=True,
    ),
    "GET /v1/notifications": Operation(
        "listNotifications",
        "List messages",
        "The messages about cases in the caller's scope that match, newest first.",
        (Forbidden,),
    ),
    "GET /v1/notifications/{notification_id}": Operation(
        "getNotification",
        "Read a message",
        "One message as it is now: its text, its recipients, and what became of it.",
        (Forbidden, NotFound),
        etag=True,
    ),
    "POST /v1/notifications/{notification_id}/resend": Operation(
        "resendNotification",
        "Send a message once more",
        "Sends a message that is settled, delivered or not, to the LEA's coordinators as the directory names "
        "them today. Once in five minutes at most.",
        (
            Forbidden,
            NotFound,
            errors.AlreadyOnItsWay,
            errors.NoLongerTrue,
            errors.NobodyToSendTo,
            errors.ResendTooSoon,
            errors.TooMuchMail,
        ),
        etag=True,
    ),
    "POST /v1/notifications/{notification_id}/attempts": Operation(
        "reportAttempt",
        "Report an attempt to deliver",
        "A mailer outside of this system says what became of its attempt. Taken only where such a mailer "
        "delivers: with `NOTIFICATIONS_DELIVERY=external`.",
        (Forbidden, NotFound, errors.InTheFuture, errors.SentByOurselves, errors.NotBeingSent),
        etag=True,
    ),
}

DESCRIPTION = Description(
    name="notifications",
    port=8003,
    text="The mails about cases and appeals: who is mailed, what was sent, and what became of it. It writes "
    "and sends them from what the other two services publish.",
    tags={
        "notifications": "Messages, their delivery, and sending them once more.",
        "directory": "The coordinators who are mailed, by LEA and by school.",
        "deadlines": "The deadlines that this service watches, met, missed or running.",
        "feed": "Everything that this service publishes, in order; for systems that follow it without Kafka.",
        "process": "The state of the process: for supervisors and monitoring, without a token.",
    },
    operations={**OPERATIONS, **LIST_DEADLINES, **LIST_CHANGES, **PROBES},
    examples=Path(__file__).with_name("examples.json"),
)
