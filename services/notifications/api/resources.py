"""Resources as plain data: of an aggregate (fresh), or of a row of the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.notifications.domain.directory_entry import DirectoryEntry
from services.notifications.domain.message import Message
from services.notifications.domain.values import Contact, Recipient

_PERSON = ("role", "name", "email")


def of_entry(entry: DirectoryEntry) -> dict[str, object]:
    """The coordinators of an LEA or school."""
    return {
        "cds": entry.cds,
        "contacts": _people(entry.contacts),
        "changed_at": entry.changed_at,
        "version": entry.version,
    }


def of_message(message: Message) -> dict[str, object]:
    """A message as its facts make it: whoever asked for it to be sent again sees that at once."""
    matter, content = message.matter, message.content
    return {
        "id": message.id,
        "kind": message.kind,
        "status": message.status,
        "incident_id": matter.incident_id,
        "case_number": matter.case_number,
        "lea": matter.lea,
        "school": matter.school,
        "recipients": _people(message.recipients),
        "subject": content.subject,
        "body_text": content.body_text,
        "body_html": content.body_html,
        "template": content.template,
        "template_version": content.template_version,
        "message_id": message.message_id,
        "attempts": message.attempts,
        "resends": message.resends,
        "reason": message.reason,
        "retry_at": message.retry_at,
        "created_at": message.created_at,
        "delivered_at": message.delivered_at,
        "version": message.version,
    }


def of_row(row: Mapping[str, Any]) -> dict[str, object]:
    """A message as the list has it."""
    shown = {name: value for name, value in row.items() if name != "addresses"}
    people = [{name: person[name] for name in _PERSON} for person in row["recipients"]]
    return {**shown, "recipients": people}


def _people(people: Iterable[Recipient | Contact]) -> list[dict[str, str]]:
    return [{name: getattr(person, name) for name in _PERSON} for person in people]
